// A bench for documents: docker machines, a tiny AWS, and short ways to run a verb on them.
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { DockerMachines } from '../../../lab/nodes/docker/docker-machines.ts';
import type { DocumentOutcome } from '../../../lab/nodes/machines.ts';
import { exitCode } from '../../../src/core/exit-codes.ts';
import { render } from './documents.ts';
import type { Agent, Verb } from './documents.ts';
import { TinyAws } from './tiny-aws.ts';

export const CLUSTER = 'prod';
export const TOKEN_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4444-8888-0123456789ab';

/** A full instance id from a short number. */
export const instance = (number: number): string => `i-${String(number).padStart(17, '0')}`;

export const seconds = (): number => Math.floor(Date.now() / 1000);

export interface RunOptions {
  readonly agent?: Agent;
  readonly executionTimeout?: number;
  readonly notAfter?: number;
}

export class Bench {
  readonly aws = new TinyAws();
  readonly machines = new DockerMachines(this.aws);
  /** Everything that a document has printed: to look for secrets in. */
  readonly printed: string[] = [];

  /** @param swarmFolderOf whose swarm folder the image brings along */
  async launch(instanceId: string, dockerAfter = 0, swarmFolderOf?: string): Promise<void> {
    const image = swarmFolderOf === undefined ? {} : { swarmFolderOf };
    const { privateIp } = await this.machines.launch({ instanceId, zone: 'eu-west-1a', dockerAfter, ...image });
    this.aws.addresses.set(instanceId, privateIp);
  }

  async run(
    on: string,
    verb: Verb,
    parameters: Record<string, string>,
    options: RunOptions = {},
  ): Promise<DocumentOutcome> {
    const values = {
      cluster: CLUSTER,
      notAfter: String(options.notAfter ?? seconds() + 600),
      executionTimeout: String(options.executionTimeout ?? 60),
      ...parameters,
    };
    const outcome = await this.machines.run(on, render(verb, values, options.agent));
    this.printed.push(outcome.stdout, outcome.stderr);
    return outcome;
  }

  /** The JSON of a run that must succeed. */
  async ok(
    on: string,
    verb: Verb,
    parameters: Record<string, string>,
    options?: RunOptions,
  ): Promise<Record<string, unknown>> {
    const outcome = await this.run(on, verb, parameters, options);
    if (outcome.exitCode !== 0) throw new Error(`${verb} on ${on}: ${JSON.stringify(outcome)}`);
    return oneLine(outcome);
  }

  /**
   * The name of a run that must fail.
   * @throws when name, exit code and table do not agree
   */
  async failure(on: string, verb: Verb, parameters: Record<string, string>, options?: RunOptions): Promise<string> {
    const outcome = await this.run(on, verb, parameters, options);
    const { error } = failureSchema.parse(oneLine(outcome));
    if (exitCode(outcome.exitCode)?.error !== error) throw new Error(`${verb} on ${on}: ${JSON.stringify(outcome)}`);
    return error;
  }
}

const failureSchema = z.strictObject({ error: z.string(), message: z.string().min(1).max(400) });

export const nodeSchema = z.object({ nodeId: z.string().regex(/^[0-9a-z]{25}$/), address: z.string() }).loose();
export const swarmSchema = nodeSchema.extend({
  swarmId: z.string().regex(/^[0-9a-z]{25}$/),
  caDigest: z.string().regex(/^[0-9a-z]{50}$/),
});
export type Swarm = z.infer<typeof swarmSchema>;

export const initParameters = (instanceId: string, addressPool = '172.30.0.0/16'): Record<string, string> => ({
  stage: 'dev',
  instanceId,
  tokenKey: TOKEN_KEY,
  addressPool,
  subnetSize: '24',
  dataPathPort: '4789',
  swarmId: 'none',
});

export const joinParameters = (instanceId: string, swarm: Swarm, role = 'worker'): Record<string, string> => ({
  stage: 'dev',
  role,
  instanceId,
  managers: swarm.address,
  swarmId: swarm.swarmId,
  caDigest: swarm.caDigest,
});

export const recoverParameters = (instanceId: string, { swarmId }: Swarm): Record<string, string> => ({
  stage: 'dev',
  instanceId,
  tokenKey: TOKEN_KEY,
  swarmId,
  dataPathPort: '4789',
  newEpoch: '1',
});

/** Documents print exactly one line. */
function oneLine({ stdout }: DocumentOutcome): Record<string, unknown> {
  const [line = '', ...rest] = stdout.trimEnd().split('\n');
  if (rest.length > 0) throw new Error(`more than one line: ${stdout}`);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(line));
}

/** Waits until it holds. Rejects after the timeout with what it looked like last. */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still not so after ${timeoutMs} ms: ${JSON.stringify(seen)}`);
    await sleep(100);
  }
}
