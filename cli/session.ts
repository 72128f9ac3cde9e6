// A session of Session Manager with an instance, under the person's own credentials: AWS's plugin carries it, as it does for the aws command.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

import { StartSessionCommand, TerminateSessionCommand } from '@aws-sdk/client-ssm';
import type { SSMClient, StartSessionCommandInput } from '@aws-sdk/client-ssm';

import { errorName } from '../src/aws/errors.ts';
import { Failed, UsageError } from './errors.ts';
import { passOn } from './interruption.ts';

const PLUGIN = 'session-manager-plugin';
const HELP =
  'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html';

/** @throws {UsageError} for a program that is not there, before anything is begun that needs it */
export function needProgram(program: string, where: string): void {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  if (!folders.some((folder) => isProgram(path.join(folder, program)))) {
    throw new UsageError(`${program} is not installed, and this needs it: ${where}`);
  }
}

export function needPlugin(): void {
  needProgram(PLUGIN, HELP);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends when the session does. What is typed, Ctrl-C too, is for the other end.
 *
 * @returns the exit code of the plugin
 */
export async function carrySession(ssm: SSMClient, request: StartSessionCommandInput): Promise<number> {
  const { SessionId, TokenValue, StreamUrl } = await started(ssm, request);
  const { region, endpoint } = await placeOf(ssm);
  const args = [
    JSON.stringify({ SessionId, TokenValue, StreamUrl }),
    region,
    'StartSession',
    process.env['AWS_PROFILE'] ?? '',
    JSON.stringify(request),
    endpoint,
  ];
  const takeBack = passOn();
  try {
    return await new Promise<number>((resolve, reject) => {
      // The token of the session is in its arguments, as AWS's own command gives it: it is good for this one session.
      const child = spawn(PLUGIN, args, { stdio: 'inherit' });
      child.once('error', reject);
      child.once('close', (code) => {
        resolve(code ?? 2);
      });
    });
  } catch (error) {
    await ssm.send(new TerminateSessionCommand({ SessionId })).catch(() => undefined);
    throw new Failed(`${PLUGIN} did not start: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    takeBack();
  }
}

async function started(ssm: SSMClient, request: StartSessionCommandInput): Promise<Required<Started>> {
  const { Target: target = '' } = request;
  try {
    const { SessionId = '', TokenValue = '', StreamUrl = '' } = await ssm.send(new StartSessionCommand(request));
    return { SessionId, TokenValue, StreamUrl };
  } catch (error) {
    if (errorName(error) === 'TargetNotConnected') {
      throw new Failed(`the SSM agent of ${target} does not answer: skep why ${target} says more`);
    }
    if (errorName(error) === 'UnknownOperationException') {
      throw new Failed('there is no Session Manager at this endpoint: a lab has none');
    }
    throw error;
  }
}

interface Started {
  readonly SessionId?: string;
  readonly TokenValue?: string;
  readonly StreamUrl?: string;
}

async function placeOf(ssm: SSMClient): Promise<{ readonly region: string; readonly endpoint: string }> {
  const region = await ssm.config.region();
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { region, endpoint: process.env['AWS_ENDPOINT_URL'] ?? `https://ssm.${region}.${domain}` };
}
