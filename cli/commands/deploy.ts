// `skep deploy`: puts a stack up on a swarm, by this machine's docker and the person's own way to a manager, and follows it until it converges.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { Command } from 'commander';

import { statesClient } from '../../src/aws/clients.ts';
import { oneLine } from '../../src/core/clean-text.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { leaves } from '../interruption.ts';
import { wholeNumber } from '../numbers.ts';
import { placeText } from '../place.ts';
import { needProgram } from '../session.ts';
import { checkStack, convergenceOf, deployed } from '../stack.ts';
import type { Convergence } from '../stack.ts';
import { NEEDS, connecting, needWay, tunnelTo } from './connect.ts';
import type { Connecting } from './connect.ts';

interface Options extends Connecting {
  readonly wait: number;
  readonly yes: boolean;
}

const LOOK_EVERY_SECONDS = 3;

export function defineDeploy(command: Command): Command {
  const about = command
    .argument('<file>', 'a stack file, as docker stack deploy takes it')
    .argument('<name>', 'of the stack');
  return connecting(aboutCluster(about))
    .option('--wait <seconds>', 'how long to follow it, 0 to 7200', wholeNumber(0, 7200), 600)
    .option(...YES)
    .addHelpText(
      'after',
      `\nExample: skep deploy compose.yaml app blue${NEEDS} And here: docker.` +
        '\nExit codes: 0 all its services run as wanted, 1 wrong use or not confirmed, 2 they do not, or Docker refused it.',
    )
    .action(deploy);
}

async function deploy(file: string, name: string, argument: string | undefined, options: Options): Promise<void> {
  checkStack(file, read(file), name);
  needProgram('docker', 'https://docs.docker.com/engine/install/');
  needWay();
  const cluster = await whichCluster(argument, options);
  const place = await placeText(statesClient(), options.stage);
  process.stderr.write(`stack ${name} of ${file} would be put up on ${cluster}: ${place}\n`);
  await confirm('', { cluster, yes: options.yes });
  const tunnel = await tunnelTo(cluster, options);
  leaves(
    `docker may have begun with stack ${name}, and the swarm goes on with it: skep services ${cluster} shows how far`,
  );
  try {
    await run(['--host', tunnel.host, 'stack', 'deploy', '--compose-file', file, name]);
    await follow(tunnel.host, name, options.wait);
  } finally {
    await tunnel.close();
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file}: cannot be read (${code})`);
  }
}

/** With the person's own logins at registries, and what docker says of the file. */
function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const drop = (): void => {
      child.kill('SIGTERM');
    };
    // It does not outlive this process, without which it has no way to the swarm.
    process.once('exit', drop);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', drop);
      if (code === 0) {
        resolve();
      } else {
        reject(new Failed('docker did not take the stack: it has said why'));
      }
    });
  });
}

async function follow(host: string, name: string, wait: number): Promise<void> {
  let told = '';
  for (let waited = 0; ; waited += LOOK_EVERY_SECONDS) {
    const { state, open } = await readConvergence(host, name);
    const text = open.map((line) => oneLine(line)).join('\n');
    if (state === 'converged') {
      process.stdout.write(`stack ${name} runs as wanted\n`);
      return;
    }
    if (state === 'failed') {
      throw new Failed(`stack ${name} does not converge:\n${text}`);
    }
    if (waited >= wait) {
      throw new Failed(`stack ${name} has not converged after ${wait} s:\n${text}\nit goes on without skep`);
    }
    if (text !== told) {
      process.stderr.write(`${text}\n`);
      told = text;
    }
    await sleep(LOOK_EVERY_SECONDS * 1000);
  }
}

const docker = promisify(execFile);
const LISTED = '{{.ID}} {{.Name}} {{.Replicas}}';
const INSPECTED = '{{.ID}} {{with .UpdateStatus}}{{.State}}{{end}}';

async function readConvergence(host: string, name: string): Promise<Convergence> {
  const { stdout } = await docker('docker', ['--host', host, 'stack', 'services', '--format', LISTED, name]);
  const listed = linesOf(stdout);
  const ids = listed.map(([id = '']) => id);
  const inspect = ['--host', host, 'service', 'inspect', '--format', INSPECTED, ...ids];
  const inspected = ids.length === 0 ? '' : (await docker('docker', inspect)).stdout;
  const states = linesOf(inspected);
  return convergenceOf(
    listed.map(([id = '', service = '', ...replicas]) =>
      deployed.parse({
        name: service,
        replicas: replicas.join(' '),
        // A list has short ids, an inspection long ones.
        update: states.find(([one = '']) => one.startsWith(id))?.[1] ?? '',
      }),
    ),
  );
}

const linesOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
