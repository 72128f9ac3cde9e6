// A simulated machine: its engine, and what lies on its disk and in its /run.
import type { Clock } from '../../time/clock.ts';
import type { MachineSpec } from '../../nodes/machines.ts';
import { Engine } from './engine.ts';
import type { Chassis, EngineWorld } from './engine.ts';
import type { SwarmFolder } from './swarm-folder.ts';
import { NodeLock } from '../../nodes/simulated/node-lock.ts';

export interface Memory {
  readonly epoch: number | 'fenced';
  /** The epoch of a recovery that has begun here, or 0. */
  readonly recovering: number;
}

export class SimulatedMachine implements Chassis {
  readonly instanceId: string;
  readonly privateIp: string;
  readonly clockAhead: number;
  /** When cloud-init ends, epoch milliseconds. */
  userDataDoneAt: number;
  engine: Engine;
  readonly lock: NodeLock;
  /** /run/skep/leaving: the `notAfter` of the last leave. A join that was sent before it is refused. */
  fence: number | undefined;
  /** /var/lib/skep: what it remembers of recoveries. */
  memory: Memory = { epoch: 0, recovering: 0 };
  /** Resolves when its power goes. */
  died: Promise<void>;
  readonly #clock: Clock;
  #dockerInstalledAt: number;
  readonly #spec: MachineSpec;
  readonly #world: EngineWorld;
  #alive = true;
  #cut = false;
  #die: () => void = () => undefined;
  #rebooted = Promise.withResolvers<undefined>();

  /** @param folder a swarm folder that was copied into its image */
  constructor(
    spec: MachineSpec,
    { privateIp, seenAt = privateIp }: { readonly privateIp: string; readonly seenAt?: string },
    world: EngineWorld,
    folder: SwarmFolder | undefined,
  ) {
    this.instanceId = spec.instanceId;
    this.privateIp = privateIp;
    this.clockAhead = spec.clockAhead ?? 0;
    [this.#clock, this.#spec, this.#world] = [world.clock, spec, world];
    const now = world.clock.now();
    this.userDataDoneAt = now + (Number.isFinite(spec.dockerAfter) ? spec.dockerAfter : 0);
    this.#dockerInstalledAt = now + spec.dockerAfter;
    this.lock = new NodeLock(world.clock);
    this.died = this.#powered();
    const { hostname } = spec;
    const startsAt = this.#dockerInstalledAt;
    this.engine = new Engine(world, this, { address: privateIp, seenAt, hostname, startsAt, folder });
  }

  get alive(): boolean {
    return this.#alive;
  }

  get cut(): boolean {
    return this.#cut;
  }

  /** There is a docker command. */
  get dockerInstalled(): boolean {
    return this.#clock.now() >= this.#dockerInstalledAt;
  }

  remember(change: Partial<Memory>): void {
    this.memory = { ...this.memory, ...change };
  }

  #powered(): Promise<void> {
    return new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  /** Power on again: its disk is as it was, its /run is empty. */
  boot(): void {
    if (!this.#alive) {
      this.#alive = true;
      this.died = this.#powered();
      this.reboot();
    }
  }

  /** Power off, without a word to anybody. */
  die(): void {
    if (this.#alive) {
      this.#alive = false;
      this.engine.powerOff();
      this.#die();
    }
  }

  /** Resolves when it is started anew the next time. */
  get rebooted(): Promise<undefined> {
    return this.#rebooted.promise;
  }

  /** Every process is gone, and what is in /run. Its engine comes up again, unless a recovery has shut it out. */
  reboot(): void {
    this.#rebooted.resolve(undefined);
    this.#rebooted = Promise.withResolvers();
    this.fence = undefined;
    if (this.dockerInstalled) {
      this.engine.reboot(this.memory.epoch !== 'fenced');
    }
  }

  /** It boots from a new root volume: cloud-init runs as at its first boot, and nothing of before is there. */
  replaceRoot(): void {
    const { engine } = this;
    const { address, seenAt, hostname, folder } = engine;
    engine.kill();
    folder?.swarm.containersEnded(folder.nodeId, engine);
    folder?.swarm.detach(folder.nodeId, engine);
    this.memory = { epoch: 0, recovering: 0 };
    this.fence = undefined;
    this.#rebooted.resolve(undefined);
    this.#rebooted = Promise.withResolvers();
    const { dockerAfter } = this.#spec;
    this.#dockerInstalledAt = this.#clock.now() + dockerAfter;
    this.userDataDoneAt = this.#clock.now() + (Number.isFinite(dockerAfter) ? dockerAfter : 0);
    this.engine = new Engine(this.#world, this, {
      address,
      seenAt,
      hostname,
      startsAt: this.#dockerInstalledAt,
      folder: undefined,
    });
  }

  /** Pulls its cable, or puts it back. */
  connect(connected: boolean): void {
    if (this.#cut === connected) {
      this.#cut = !connected;
      this.engine.connectionChanged();
    }
  }
}
