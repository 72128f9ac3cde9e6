// A simulated machine: its engine, and what lies on its disk and in its /run.
import type { Clock } from '../../clock.ts';
import type { MachineSpec } from '../machines.ts';
import { NodeLock } from './node-lock.ts';
import type { SimulatedNode, Swarm } from './swarm.ts';

/** From the start of dockerd until it answers. */
const DOCKER_START = 2000;

export interface Membership {
  readonly swarm: Swarm;
  readonly node: SimulatedNode;
}

export class SimulatedMachine {
  readonly instanceId: string;
  readonly privateIp: string;
  /** When cloud-init ends, epoch milliseconds. */
  readonly userDataDoneAt: number;
  /** When there is a docker command; Infinity for one that nothing installs. */
  readonly dockerInstalledAt: number;
  readonly dockerUpAt: number;
  readonly lock: NodeLock;
  membership: Membership | undefined;
  /** /run/skep/leaving: the `notAfter` of the last leave. A join that was sent before it is refused. */
  fence: number | undefined;
  readonly died: Promise<void>;
  #alive = true;
  #die: () => void = () => undefined;

  constructor({ instanceId, dockerAfter }: MachineSpec, privateIp: string, clock: Clock) {
    this.instanceId = instanceId;
    this.privateIp = privateIp;
    this.userDataDoneAt = clock.now() + (Number.isFinite(dockerAfter) ? dockerAfter : 0);
    this.dockerInstalledAt = clock.now() + dockerAfter;
    this.dockerUpAt = this.dockerInstalledAt + DOCKER_START;
    this.lock = new NodeLock(clock);
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Power off, without a word to anybody. */
  die(): void {
    if (this.#alive) {
      this.#alive = false;
      this.membership?.swarm.lose(this.membership.node.nodeId);
      this.#die();
    }
  }
}
