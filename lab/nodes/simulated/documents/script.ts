// What all documents of skep begin with, on a simulated machine: parameters, time, the fence, the lock. As documents/lib/common.sh has it.
import { EXIT_CODES } from '../../../../src/core/exit-codes.ts';
import { UNITS } from '../../../../src/core/steps/verbs/all.ts';
import { COMMON } from '../../../../src/core/steps/verbs/parameters.ts';
import type { Parameter } from '../../../../src/core/steps/verbs/verb.ts';
import type { Clock } from '../../../time/clock.ts';
import type { DocumentRun } from '../../machines.ts';
import { DockerError } from '../../../swarm/docker-cli/error.ts';
import { messageOf } from '../../../swarm/engine/engine.ts';
import type { Engine, SwarmInfo } from '../../../swarm/engine/engine.ts';
import type { LockMode } from '../node-lock.ts';
import type { SimulatedMachine } from '../../../swarm/engine/machine.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';

/** A script that ends with one of its exit codes. */
export class DocumentExit extends Error {
  readonly code: number;

  constructor(error: string, message: string) {
    super(message);
    this.name = error;
    this.code = EXIT_CODES.find((row) => row.error === error)?.code ?? 1;
  }
}

/** The machine died under the script, or the agent ended it: it does nothing any more. */
export class ScriptEnded extends Error {
  override readonly name = 'ScriptEnded';
}

/** What scripts can reach beyond their own machine. */
export interface World {
  readonly clock: Clock;
  readonly surroundings: Surroundings;
}

/** Work is given up this long before the agent ends the script. */
const MARGIN = 20_000;

function presetOf(verb: string, name: string): string | undefined {
  const [, unit] = Object.entries(UNITS).find(([known]) => known === verb) ?? [];
  const parameters: Readonly<Record<string, Parameter>> = { ...COMMON, ...unit?.parameters };
  return parameters[name]?.preset;
}

export class Script {
  readonly world: World;
  readonly machine: SimulatedMachine;
  readonly #run: DocumentRun;
  readonly #deadline: number;
  #release: (() => void) | undefined;
  #ended = false;

  constructor(world: World, machine: SimulatedMachine, run: DocumentRun) {
    this.world = world;
    this.machine = machine;
    this.#run = run;
    this.#deadline = world.clock.now() + run.timeoutSeconds * 1000 - MARGIN;
  }

  /** A document of an older release may lack one: what is played is the present one, as it does without being told. */
  param(name: string): string {
    const value = this.#run.parameters[name] ?? presetOf(this.#run.verb, name);
    if (value === undefined) {
      throw new Error(`the document was sent without its parameter ${name}`);
    }
    return value;
  }

  fail(error: string, message: string): never {
    throw new DocumentExit(error, message);
  }

  // --- Time

  /** Epoch seconds, as `date +%s` tells them there. */
  seconds(): number {
    return Math.floor((this.world.clock.now() + this.machine.clockAhead) / 1000);
  }

  hasTime(): boolean {
    return this.world.clock.now() < this.#deadline;
  }

  async sleep(ms: number): Promise<void> {
    await this.world.clock.sleep(ms);
    this.checkEnd();
  }

  /** To be asked after each wait: what is over must not change the swarm any more. */
  checkEnd(): void {
    if (this.#ended || !this.machine.alive) {
      throw new ScriptEnded();
    }
  }

  checkExpiry(): void {
    const notAfter = this.param('notAfter');
    if (this.seconds() > Number(notAfter)) {
      this.fail('Expired', `this command was to start before ${notAfter}`);
    }
  }

  // --- The lock

  async lock(mode: LockMode, patience: number): Promise<void> {
    const release = await this.machine.lock.acquire(mode, patience);
    if (release === undefined) {
      this.fail('Busy', `another command held the lock of this node for ${patience / 1000} seconds`);
    }
    this.#release = release;
    if (this.#ended) {
      this.end();
    }
    this.checkEnd();
    // A command that waited for the lock may be out of date by now.
    this.checkExpiry();
  }

  /** The script is over, whether it knows or not: it holds nothing any more. */
  end(): void {
    this.#ended = true;
    this.#release?.();
    this.#release = undefined;
  }

  // --- Docker

  get engine(): Engine {
    return this.machine.engine;
  }

  /** One call of docker, with a timeout of its own. Undefined when there was no answer in time. */
  async ask<T>(seconds: number, call: Promise<T>): Promise<T | undefined> {
    let cancel = (): void => undefined;
    const timeout = new Promise<undefined>((resolve) => {
      cancel = this.world.clock.schedule(seconds * 1000, () => {
        resolve(undefined);
      });
    });
    try {
      return await Promise.race([call, timeout]);
    } finally {
      cancel();
      this.checkEnd();
    }
  }

  /** What the engine knows of its own membership; undefined when it does not say. */
  async readSwarm(seconds: number): Promise<SwarmInfo | undefined> {
    return this.ask(
      seconds,
      this.engine.info().catch(() => undefined),
    );
  }

  /** Asked first by every document that runs on a manager. */
  async needManager(): Promise<SwarmInfo> {
    if (!this.machine.dockerInstalled) {
      this.fail('DockerMissing', 'there is no docker command');
    }
    const info = await this.readSwarm(5);
    if (info === undefined) {
      // A manager that has just lost its leader answers to nothing that concerns the swarm, for up to 20 s.
      this.fail(this.engine.online ? 'NoLeader' : 'DockerDown', 'docker did not answer');
    }
    if (info.state !== 'active' || !info.controlAvailable) {
      this.fail('NotManager', `this node is no manager (state ${info.state}) ${info.error}`);
    }
    const { epoch } = this.machine.memory;
    if (epoch !== this.epoch) {
      this.fail('OtherEpoch', `this manager is of epoch ${epoch}, the command of epoch ${this.epoch}`);
    }
    if (info.error !== '' || info.swarmId === '') {
      this.fail('NoLeader', info.error);
    }
    return info;
  }

  /** As the document has it where nobody gave it: 0. */
  get epoch(): number {
    return Number(this.#run.parameters['epoch'] ?? '0');
  }

  /** No way into the swarm for a manager of another epoch. */
  checkOwnEpoch({ state, controlAvailable }: SwarmInfo): void {
    const stuck = state !== 'inactive' && state !== 'active' && this.engine.folder?.raft === true;
    const { epoch } = this.machine.memory;
    if ((controlAvailable || stuck) && epoch !== this.epoch) {
      this.fail('FormerManager', `this engine is a manager of epoch ${epoch}, the cluster is in epoch ${this.epoch}`);
    }
  }

  /** The swarm, as a manager answers for it. A manager without a leader hangs, or says so, and that is no broken command. */
  async cluster(access: 'read' | 'write', seconds: number): Promise<Swarm> {
    const answer = this.engine.cluster(access).catch((error: unknown) => this.dockerFailed(messageOf(error)));
    return (await this.ask(seconds, answer)) ?? this.fail('NoLeader', 'docker did not answer in time');
  }

  /** An autolocked manager is out of the raft after each restart, until somebody types a key that skep does not have. */
  async refuseAutolock(): Promise<void> {
    const { autolock, swarmId } = await this.cluster('read', 10);
    if (autolock) {
      this.fail('Autolocked', `the swarm ${swarmId} locks its managers, and skep has no key`);
    }
  }

  dockerFailed(message: string): never {
    this.fail(/not have a leader|DeadlineExceeded|lost leader/.test(message) ? 'NoLeader' : 'DockerFailed', message);
  }

  /** Fails as docker does, unless the message is one that the document has an answer to. */
  tryDocker(change: () => void, expected: RegExp): boolean {
    try {
      change();
      return true;
    } catch (error) {
      if (!(error instanceof DockerError)) {
        throw error;
      }
      return expected.test(error.message) ? false : this.dockerFailed(error.message);
    }
  }
}
