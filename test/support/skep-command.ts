// Starts the skep command as a person's terminal would, with nothing of the developer's own AWS: what people install, and for `skep lab`, which
// is in clones only, the sources.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

import { compiledCommand } from './compiled-command.ts';

/** The launcher of the clone. */
const SKEP = fileURLToPath(new URL('../../cli/skep.js', import.meta.url));

/** Node's own cache of what it compiles. */
const COMPILED_BEFORE = fileURLToPath(new URL('../../.build/compile-cache', import.meta.url));

export type Environment = Readonly<Record<string, string>>;

/** A frame of a stack, or what Node.js prints of an error that nobody took: no person is to see it. */
export const STACK = /\n\s+at .*\(|node:(events|internal)|UnhandledPromise|Node\.js v\d/;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** What is in it besides the command's path comes from the test. */
export const environment = (more: Environment): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  NODE_COMPILE_CACHE: COMPILED_BEFORE,
  ...more,
});

/** The environment of a person who is at work on a lab. */
export const onLab = (url: string): Environment => ({
  AWS_ACCESS_KEY_ID: 'lab',
  AWS_SECRET_ACCESS_KEY: 'lab',
  AWS_REGION: 'eu-west-1',
  AWS_ENDPOINT_URL: url,
});

let compiled: string | undefined;
const launcherOf = ([verb]: readonly string[]): string => (verb === 'lab' ? SKEP : (compiled ??= compiledCommand()));

/**
 * @param place another launcher, and where it is started
 * @returns the process, what it has printed so far, and how it ends
 */
export function startSkep(
  args: readonly string[],
  env: Environment,
  { launcher = launcherOf(args), cwd }: { readonly launcher?: string; readonly cwd?: string } = {},
): Started {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, ...said });
    });
  });
  return { child, ended, stdout: () => said.stdout, stderr: () => said.stderr };
}
