// What all documents of skep begin with, on a simulated machine: parameters, time, the fence, the lock. As documents/common.sh has it.
import { EXIT_CODES } from '../../../src/core/exit-codes.ts';
import type { Clock } from '../../clock.ts';
import type { DocumentRun } from '../machines.ts';
import type { LockMode } from './node-lock.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Surroundings } from './surroundings.ts';
import type { Swarm } from './swarm.ts';

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
  readonly found: () => Swarm;
  /** The swarm that answers at `ip:2377`. */
  readonly swarmAt: (address: string) => Swarm | undefined;
}

/** Work is given up this long before the agent ends the script. */
const MARGIN = 20_000;

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

  param(name: string): string {
    const value = this.#run.parameters[name];
    if (value === undefined) {
      throw new Error(`the document was sent without its parameter ${name}`);
    }
    return value;
  }

  fail(error: string, message: string): never {
    throw new DocumentExit(error, message);
  }

  // --- Time

  /** Epoch seconds, as `date +%s` tells them. */
  seconds(): number {
    return Math.floor(this.world.clock.now() / 1000);
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

  get dockerInstalled(): boolean {
    return this.world.clock.now() >= this.machine.dockerInstalledAt;
  }

  get dockerAnswers(): boolean {
    return this.world.clock.now() >= this.machine.dockerUpAt;
  }

  /** The swarm, as a manager with a leader sees it: asked first by every document that runs on a manager. */
  manager(): Swarm {
    if (!this.dockerInstalled) {
      this.fail('DockerMissing', 'there is no docker command');
    }
    if (!this.dockerAnswers) {
      this.fail('DockerDown', 'docker did not answer');
    }
    const { membership } = this.machine;
    if (membership?.node.role !== 'manager') {
      this.fail('NotManager', 'this node is no manager');
    }
    if (membership.swarm.leader === undefined) {
      this.fail('NoLeader', 'The swarm does not have a leader');
    }
    return membership.swarm;
  }
}
