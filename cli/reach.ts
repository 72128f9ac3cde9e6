// Where a command reaches: the stage, and the account, region and endpoint as the person's usual variables or these options say.
import { Option } from 'commander';
import type { Command } from 'commander';

import { UsageError } from './errors.ts';

export interface Reach {
  readonly stage: string;
}

interface ReachOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly lab?: true | string;
}

const LAB_PORT = '4566';
/** What AWS allows in the names of a table, a machine, a function and a document at once. */
const STAGE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

/** Adds the options that every command of a stage has. */
export function reaching(command: Command): Command {
  return reachingAws(command.option('--stage <stage>', 'the stage that skep was deployed as', 'dev')).hook(
    'preAction',
    (_, action) => {
      checkStage(action.opts<Reach>().stage);
    },
  );
}

/** Adds those that say where AWS is. They are carried out before the action. */
export function reachingAws(command: Command): Command {
  return command
    .option('--region <region>', 'the AWS region (default: AWS_REGION, or that of the profile)')
    .option('--profile <name>', 'the profile of ~/.aws/config (default: AWS_PROFILE)')
    .option('--endpoint-url <url>', 'where AWS answers (default: AWS_ENDPOINT_URL, or AWS itself)')
    .addOption(new Option('--lab [port]', 'ask the lab that runs on this machine, in place of AWS').preset(LAB_PORT))
    .hook('preAction', (_, action) => {
      apply(action.opts<ReachOptions>(), process.env);
    });
}

function checkStage(stage: string): void {
  if (!STAGE.test(stage)) {
    throw new UsageError(`--stage ${stage}: a stage is 1 to 32 letters, digits, - and _`);
  }
}

/** The SDK reads variables of the environment, and so does what this command starts: options become those. */
function apply({ region, profile, endpointUrl, lab }: ReachOptions, env: NodeJS.ProcessEnv): void {
  if (lab !== undefined) {
    reachLab(labPort(String(lab)), env);
  }
  if (profile !== undefined) {
    env['AWS_PROFILE'] = profile;
    // Keys in the environment would be used in its place, in silence.
    delete env['AWS_ACCESS_KEY_ID'];
    delete env['AWS_SECRET_ACCESS_KEY'];
    delete env['AWS_SESSION_TOKEN'];
  }
  if (region !== undefined) {
    env['AWS_REGION'] = region;
  }
  if (endpointUrl !== undefined) {
    env['AWS_ENDPOINT_URL'] = endpointUrl;
  }
  checkEndpoint(env['AWS_ENDPOINT_URL'], endpointUrl === undefined ? 'AWS_ENDPOINT_URL=' : '--endpoint-url ');
  // The aws command reads this variable, the SDK for JavaScript does not: one set of variables is to serve both.
  const { AWS_REGION, AWS_DEFAULT_REGION } = env;
  if (AWS_REGION === undefined && AWS_DEFAULT_REGION !== undefined) {
    env['AWS_REGION'] = AWS_DEFAULT_REGION;
  }
}

/** From here on AWS is the lab. */
export function reachLab(port: string, env: NodeJS.ProcessEnv): void {
  env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${port}`;
  env['AWS_ACCESS_KEY_ID'] = 'lab';
  env['AWS_SECRET_ACCESS_KEY'] = 'lab';
  env['AWS_REGION'] ??= 'eu-west-1';
  delete env['AWS_PROFILE'];
  delete env['AWS_SESSION_TOKEN'];
}

function labPort(text: string): string {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`--lab ${text}: a port from 1 to 65535 is wanted`);
  }
  return text;
}

function checkEndpoint(url: string | undefined, said: string): void {
  if (url !== undefined && url !== '' && !/^https?:\/\/[^/\s]+/.test(url)) {
    throw new UsageError(`${said}${url}: an address like http://127.0.0.1:4566 is wanted`);
  }
}

/** @param arn any of the stage, which names the account: nothing else of AWS has to be asked, or allowed */
export const placeBeside = (arn: string, stage: string): string =>
  `account ${arn.split(':')[4] ?? 'unknown'}, ${whereText(stage, process.env)}`;

/** What is changed, for the person to see before it is; without the account, which AWS has to be asked for. */
export function whereText(stage: string, env: NodeJS.ProcessEnv): string {
  const endpoint = env['AWS_ENDPOINT_URL'];
  const region = env['AWS_REGION'];
  return [
    `stage ${stage}`,
    ...(region === undefined ? [] : [`region ${region}`]),
    ...(env['AWS_PROFILE'] === undefined ? [] : [`profile ${env['AWS_PROFILE']}`]),
    ...(endpoint === undefined || endpoint === '' ? [] : [`endpoint ${endpoint}`]),
  ].join(', ');
}
