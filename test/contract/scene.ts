// A scene for the contract of machines: machines of either kind, a tiny AWS, and short ways to run documents and look at the swarm.
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

import { z } from 'zod';

import type { DocumentOutcome, Machines, MachineSurroundings, SwarmView } from '../../lab/nodes/machines.ts';
import { exitCode } from '../../src/core/exit-codes.ts';
import { render } from '../docker/support/documents.ts';
import type { Verb } from '../docker/support/documents.ts';
import { TinyAws } from '../docker/support/tiny-aws.ts';
import { OUTPUTS } from './outputs.ts';
import type { Output } from './outputs.ts';

/** Machines, and the time that they live in. */
export interface World {
  readonly machines: Machines;
  /** Epoch milliseconds. */
  now(): number;
  /** Lets time pass until the work is done. */
  during<T>(work: Promise<T>): Promise<T>;
  pass(ms: number): Promise<void>;
}

export type OpenWorld = (surroundings: MachineSurroundings) => World;

/** The world of machines that live in the wall's time. */
export const inWallTime = (machines: Machines): World => ({
  machines,
  now: () => Date.now(),
  during: (work) => work,
  pass: async (ms) => {
    await sleep(ms);
  },
});

export const TOKEN_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4444-8888-0123456789ab';
const POOL = '172.30.0.0/16';

/** A full instance id from a short number. */
export const instance = (number: number): string => `i-${String(number).padStart(17, '0')}`;

export const FOUNDER = instance(1);

interface RunOptions {
  readonly notAfter?: number;
  readonly executionTimeout?: number;
}

export class Scene {
  readonly aws = new TinyAws();
  readonly world: World;
  /** Node ids by instance id, as init and join told them. */
  readonly nodes = new Map<string, string>();
  #swarm: Output<'init'> | undefined;
  readonly #managers = new Set<string>();

  constructor(open: OpenWorld) {
    this.world = open(this.aws);
  }

  get machines(): Machines {
    return this.world.machines;
  }

  get swarm(): Output<'init'> {
    if (this.#swarm === undefined) {
      throw new Error('the scene has no swarm yet');
    }
    return this.#swarm;
  }

  /** Epoch seconds. */
  seconds(): number {
    return Math.floor(this.world.now() / 1000);
  }

  /** @param swarmFolderOf whose swarm folder the image brings along */
  async launch(number: number, dockerAfter = 0, swarmFolderOf?: string): Promise<string> {
    const instanceId = instance(number);
    const image = swarmFolderOf === undefined ? {} : { swarmFolderOf };
    const launching = this.machines.launch({ instanceId, zone: 'eu-west-1a', dockerAfter, ...image });
    const { privateIp } = await this.world.during(launching);
    this.aws.addresses.set(instanceId, privateIp);
    return instanceId;
  }

  /** Launches the founder and as many workers (instances 2, 3, ...), and makes a swarm of them. */
  async found(workers = 0): Promise<void> {
    const numbers = Array.from({ length: workers }, (_, index) => index + 2);
    await this.launch(1);
    for (const number of numbers) {
      await this.launch(number);
    }
    await this.init();
    for (const number of numbers) {
      await this.join(instance(number));
    }
  }

  async run(
    on: string,
    verb: Verb,
    parameters: Readonly<Record<string, string>>,
    options: RunOptions = {},
  ): Promise<DocumentOutcome> {
    const values = {
      cluster: 'prod',
      notAfter: String(options.notAfter ?? this.seconds() + 600),
      executionTimeout: String(options.executionTimeout ?? 60),
      ...parameters,
    };
    return this.world.during(this.machines.run(on, render(verb, values)));
  }

  /** What a run that must succeed tells; its fields are those of the table, no more and no less. */
  async ok<V extends Verb>(
    on: string,
    verb: V,
    parameters: Readonly<Record<string, string>>,
    options?: RunOptions,
  ): Promise<Output<V>> {
    const outcome = await this.run(on, verb, parameters, options);
    if (outcome.exitCode !== 0) {
      throw new Error(`${verb} on ${on}: ${JSON.stringify(outcome)}`);
    }
    return OUTPUTS[verb].parse(oneLine(outcome)) as Output<V>;
  }

  /** The name of a run that must fail. Name and exit code are a pair of the product's table. */
  async failure(
    on: string,
    verb: Verb,
    parameters: Readonly<Record<string, string>>,
    options?: RunOptions,
  ): Promise<string> {
    const outcome = await this.run(on, verb, parameters, options);
    const { error } = OUTPUTS.failure.parse(oneLine(outcome));
    if (exitCode(outcome.exitCode)?.error !== error) {
      throw new Error(`${verb} on ${on}: ${JSON.stringify(outcome)}`);
    }
    return error;
  }

  // --- Parameters of the verbs, as skep sends them

  nodeOf(instanceId: string): string {
    return this.nodes.get(instanceId) ?? 'none';
  }

  forInit(instanceId: string, addressPool = POOL): Record<string, string> {
    return {
      stage: 'dev',
      instanceId,
      tokenKey: TOKEN_KEY,
      addressPool,
      subnetSize: '24',
      dataPathPort: '4789',
      swarmId: 'none',
    };
  }

  forJoin(instanceId: string, role = 'worker'): Record<string, string> {
    const { address: managers, swarmId, caDigest } = this.swarm;
    return { stage: 'dev', role, instanceId, managers, swarmId, caDigest };
  }

  /** In the role that it joined in: a worker is never confirmed as a member of the raft. */
  forConfirm(instanceId: string, more = ''): Record<string, string> {
    const role = this.#managers.has(instanceId) ? 'manager' : 'worker';
    const labels = `skep.instance=${instanceId},skep.role=${role}${more}`;
    return { instanceId, nodeId: this.nodeOf(instanceId), labels, availability: 'active' };
  }

  about(instanceId: string): Record<string, string> {
    return { instanceId, nodeId: this.nodeOf(instanceId) };
  }

  /** @param least how many managers must be left */
  forDemote(instanceId: string, address = 'none', least = 0): Record<string, string> {
    return { ...this.about(instanceId), address, least: String(least) };
  }

  /** @param patience seconds that the leave waits for tasks */
  forLeave(instanceId: string, depart: 'yes' | 'no', patience: number): Record<string, string> {
    return { instanceId, depart, swarmId: this.swarm.swarmId, waitUntil: String(this.seconds() + patience) };
  }

  /** @param epoch the one that the recovery begins */
  forRecover(instanceId: string, epoch = 1): Record<string, string> {
    const { swarmId } = this.swarm;
    const founding = { stage: 'dev', instanceId, tokenKey: TOKEN_KEY, dataPathPort: '4789' };
    return { ...founding, swarmId, newEpoch: String(epoch), epoch: String(epoch - 1) };
  }

  // --- What most stories begin with

  async init(instanceId = FOUNDER): Promise<Output<'init'>> {
    const output = await this.ok(instanceId, 'init', this.forInit(instanceId));
    this.#swarm = output;
    this.#managers.add(instanceId);
    this.nodes.set(instanceId, output.nodeId);
    return output;
  }

  async join(instanceId: string, role = 'worker'): Promise<Output<'join'>> {
    const output = await this.ok(instanceId, 'join', this.forJoin(instanceId, role));
    if (role === 'manager') {
      this.#managers.add(instanceId);
    }
    this.nodes.set(instanceId, output.nodeId);
    return output;
  }

  async confirm(instanceId: string, more?: string): Promise<void> {
    await this.ok(FOUNDER, 'confirm', this.forConfirm(instanceId, more));
  }

  /** @param stopGrace seconds that a task runs on after it was told to stop */
  async service(
    name: string,
    spec: { replicas?: number; constraints?: readonly string[]; stopGrace?: number } = {},
  ): Promise<void> {
    const { replicas, constraints = [], stopGrace = 0 } = spec;
    const mode = replicas === undefined ? 'global' : 'replicated';
    const creating = this.machines.createService(FOUNDER, {
      name,
      mode,
      replicas: replicas ?? 0,
      constraints,
      stopGrace,
    });
    await this.world.during(creating);
  }

  // --- Looking

  view(): Promise<SwarmView> {
    return this.world.during(this.machines.view(FOUNDER));
  }

  async node(instanceId: string): Promise<SwarmView['nodes'][number] | undefined> {
    return (await this.view()).nodes.find(({ nodeId }) => nodeId === this.nodeOf(instanceId));
  }

  /** Tasks of a service as `instance number: state (desired state)`, sorted; - is no node. */
  async tasks(service: string): Promise<string[]> {
    const numbers = new Map([...this.nodes].map(([id, nodeId]) => [nodeId, String(Number(id.slice(2)))]));
    return (await this.view()).tasks
      .filter((task) => task.service === service)
      .map(({ nodeId, state, desiredState }) => `${numbers.get(nodeId) ?? '-'}: ${state} (${desiredState})`)
      .toSorted();
  }

  /** Looks until it holds. Rejects after the timeout with what it saw last. */
  async until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, timeoutMs = 15_000): Promise<T> {
    const deadline = this.world.now() + timeoutMs;
    for (;;) {
      const seen = await look();
      if (holds(seen)) {
        return seen;
      }
      if (this.world.now() > deadline) {
        throw new Error(`still not so after ${timeoutMs} ms: ${JSON.stringify(seen)}`);
      }
      await this.world.pass(250);
    }
  }

  untilTasks(service: string, wanted: readonly string[], timeoutMs?: number): Promise<string[]> {
    return this.until(
      () => this.tasks(service),
      (seen) => seen.join() === wanted.join(),
      timeoutMs,
    );
  }
}

/** Documents print exactly one line. */
function oneLine({ stdout }: DocumentOutcome): unknown {
  const [line = '', ...rest] = stdout.trimEnd().split('\n');
  if (rest.length > 0) {
    throw new Error(`more than one line: ${stdout}`);
  }
  return z.record(z.string(), z.unknown()).parse(JSON.parse(line));
}

/** The lines of a page that inspect told, sorted by node id as they come. */
export function lines(page: string): string[] {
  const text = gunzipSync(Buffer.from(page, 'base64')).toString('utf8');
  return text.trimEnd().split('\n');
}
