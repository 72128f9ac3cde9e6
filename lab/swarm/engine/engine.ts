// A simulated dockerd: what it knows of its own membership, and what it answers.
//
// What it knows is in its swarm folder, and may be wrong: a node that was removed, a folder that was copied.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { ClientError, DockerError, unlessItIsDown } from '../docker-cli/error.ts';
import type { ClusterApi } from '../docker-cli/command.ts';
import { enterSwarm, outlasts } from './engine-join.ts';
import type { EngineSpec } from './engine-spec.ts';
import type { Attempt, JoinRequest } from './engine-join.ts';
import * as says from './engine-texts.ts';
import type { Network } from './network.ts';
import type { NodeRecord, NodeSpec } from '../raft/node-record.ts';
import { refusalToLeave } from './refusal-to-leave.ts';
import type { SwarmFolder } from './swarm-folder.ts';
import type { Participant, Swarm, SwarmOptions } from '../raft/swarm.ts';

/** Until dockerd answers after its start. */
const START_TIME = 2000;
/** From the end of a machine's processes until it starts dockerd, ms. */
const REBOOT_TIME = 10_000;
const RESTART_TIME = 1000;
/** How long an engine waits for its node to come up, and answers nothing about it, before it calls it pending. */
const BOOT_PATIENCE = 20_000;
const LEAVE_TIME = 500;
/** How long a leader that has demoted itself answers as neither manager nor worker. */
const STEP_DOWN_TIME = 5000;
/** Docker's own patience with a join; the attempt goes on behind it. */
const JOIN_PATIENCE = 20_000;

export interface SwarmInfo {
  readonly nodeId: string;
  readonly nodeAddress: string;
  readonly state: 'inactive' | 'pending' | 'active' | 'error';
  readonly controlAvailable: boolean;
  readonly error: string;
  /** Empty where the engine is no manager, or has no leader. */
  readonly swarmId: string;
  readonly nodes: number;
  readonly managers: number;
}

/** The machine that the engine runs on. */
export interface Chassis {
  readonly alive: boolean;
  readonly cut: boolean;
}

export interface EngineWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<Engine>;
  /** A swarm that this engine founds, or a copy of one where its folder is a copy of a manager's. */
  readonly newSwarm: (origin?: Swarm) => Swarm;
}

export class Engine implements Participant, ClusterApi {
  readonly hostname: string;
  readonly address: string;
  readonly seenAt: string;
  readonly #around: EngineWorld;
  readonly #chassis: Chassis;
  #folder: SwarmFolder | undefined;
  #attempt: Attempt | undefined;
  #error = '';
  #upAt: number;
  /** Under way after a restart: until then nothing is answered. */
  #booting: Promise<unknown> = Promise.resolve();
  /** Its node did not come up after a restart: it was removed, or its managers have no leader. */
  #isStuck = false;
  #steppingDownUntil = 0;
  #cancelBoot: () => void = () => undefined;

  constructor(around: EngineWorld, chassis: Chassis, spec: EngineSpec) {
    this.#around = around;
    this.#chassis = chassis;
    this.address = spec.address;
    this.seenAt = spec.seenAt ?? spec.address;
    this.hostname = spec.hostname ?? `ip-${spec.address.replaceAll('.', '-')}`;
    this.#upAt = spec.startsAt + START_TIME;
    this.#folder = spec.folder;
    if (spec.folder !== undefined) {
      this.#boot();
    }
  }

  get online(): boolean {
    return this.#chassis.alive && this.#around.clock.now() >= this.#upAt;
  }

  get silent(): boolean {
    return !this.#chassis.alive || this.#chassis.cut;
  }

  // --- What happens to it

  kill(): void {
    this.#upAt = Infinity;
    this.#cancelBoot();
    this.#abandon();
    this.connectionChanged();
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    if (!this.online) {
      const time = RESTART_TIME + (this.#folder?.swarm.tasks.restartTime(this.#folder.nodeId) ?? 0);
      this.#upAt = this.#around.clock.now() + time;
      this.#boot();
      await this.#around.clock.sleep(time);
    }
    await this.#answers();
  }

  /** Its machine is started anew: nothing that ran on it does any more. @param comesUp whether dockerd is started then */
  reboot(comesUp: boolean): void {
    this.kill();
    this.#folder?.swarm.containersEnded(this.#folder.nodeId, this);
    if (comesUp) {
      void this.#around.clock.sleep(REBOOT_TIME).then(() => this.start().catch(unlessItIsDown));
    }
  }

  /** Its machine has died, with all that ran on it. */
  powerOff(): void {
    this.#abandon();
    this.connectionChanged();
    this.#folder?.swarm.containersEnded(this.#folder.nodeId, this);
  }

  /** Its cable was pulled or put back. */
  connectionChanged(): void {
    const { swarm, nodeId } = this.#folder ?? {};
    if (nodeId !== undefined) {
      swarm?.connectionChanged(nodeId);
    }
  }

  demoted(led: boolean): void {
    this.#folder = this.#folder && { ...this.#folder, role: 'worker' };
    this.#steppingDownUntil = led ? this.#around.clock.now() + STEP_DOWN_TIME : 0;
  }

  promoted(): void {
    if (this.online && this.#folder !== undefined) {
      this.#folder = { ...this.#folder, role: 'manager', raft: true };
      this.#folder.swarm.raft.add(this.#folder.nodeId, this);
    }
  }

  promotedInVain(): void {
    if (this.#folder !== undefined) {
      this.#error = says.LOST_IN_PROMOTION;
      this.#folder.swarm.detach(this.#folder.nodeId, this);
    }
  }

  /** The swarm folder, as an image of the machine would have it. */
  get folder(): SwarmFolder | undefined {
    return this.#folder;
  }

  /** Containers of its node: what `docker ps` shows. */
  get containers(): number {
    return this.#folder === undefined ? 0 : this.#folder.swarm.tasks.containersOn(this.#folder.nodeId);
  }

  // --- What it is asked

  async info(): Promise<SwarmInfo> {
    await this.#answers();
    const manager = this.#isManager || this.#isSteppingDown;
    let error = this.#error;
    let cluster = { swarmId: '', nodes: 0, managers: 0 };
    if (manager) {
      try {
        const { swarmId, nodes, raft } = await this.cluster('read');
        cluster = { swarmId, nodes: nodes.size, managers: raft.size };
      } catch (problem) {
        error = messageOf(problem);
      }
    }
    return {
      ...cluster,
      nodeId: this.#folder?.nodeId ?? '',
      nodeAddress: this.#folder?.address ?? this.#attempt?.address ?? '',
      state: this.#state,
      controlAvailable: manager,
      error,
    };
  }

  async cluster(access: 'read' | 'write'): Promise<Swarm> {
    await this.#answers();
    if (this.#isSteppingDown) {
      throw new DockerError(says.STEPPING_DOWN);
    }
    const folder = this.#folder;
    if (folder !== undefined && this.#isManager) {
      await folder.swarm.raft.access(this, access);
      return folder.swarm;
    }
    throw new DockerError(this.#state === 'active' || this.#isStuck ? says.NOT_A_MANAGER : says.NOT_IN_SWARM);
  }

  /** The swarm, at once, where it is a manager that would not have to wait for the answer. */
  clusterNow(): Swarm | undefined {
    const { swarm } = this.#folder ?? {};
    return this.online && this.#isManager && swarm?.raft.canRead(this) === true ? swarm : undefined;
  }

  async init(spec: {
    readonly address: string;
    readonly availability: NodeSpec['availability'];
    readonly options?: SwarmOptions;
  }): Promise<void> {
    await this.#answers();
    this.#mustBeInactive();
    const swarm = this.#around.newSwarm();
    swarm.options = spec.options ?? swarm.options;
    const node = swarm.enroll({ role: 'manager', availability: spec.availability, labels: {} });
    this.#enter({ swarm, nodeId: node.nodeId, role: 'manager', address: spec.address, raft: true });
  }

  /** Makes this engine the only manager of its swarm. Beside a majority that lives it would make a second swarm. */
  async forceNewCluster(): Promise<void> {
    await this.#answers();
    const folder = this.#folder;
    if (folder === undefined || !this.#isManager) {
      throw new DockerError(folder === undefined ? says.NOT_IN_SWARM : says.NOT_A_MANAGER);
    }
    if (folder.swarm.raft.leaderId !== undefined) {
      throw new Error('a second swarm beside one that has a leader is not simulated');
    }
    folder.swarm.forceNewCluster(folder.nodeId, this);
  }

  /**
   * @returns the role that the join token gave
   * @throws DockerError; after the time-out of docker's own the attempt goes on
   */
  async join(request: JoinRequest): Promise<'worker' | 'manager'> {
    await this.#answers();
    this.#mustBeInactive();
    const attempt: Attempt = { address: request.address, over: false, enrolled: undefined };
    this.#attempt = attempt;
    const enrolled = (swarm: Swarm, node: NodeRecord): void => {
      attempt.enrolled = { swarm, nodeId: node.nodeId };
      swarm.attach(node, this);
    };
    const { clock, random, network } = this.#around;
    const isOver = (): boolean => attempt.over;
    const entering = enterSwarm({ clock, random, network, engine: this, request, isOver, enrolled }).then((folder) => {
      this.#attempt = undefined;
      this.#enter(folder);
      return folder.role;
    });
    if (await outlasts(entering, clock, JOIN_PATIENCE)) {
      // One that fails while somebody waits for it leaves nothing; later there is only the state to tell of it.
      entering.catch((error: unknown) => {
        this.#error = attempt.over ? this.#error : messageOf(error);
      });
      throw new DockerError(says.JOIN_TIMEOUT);
    }
    this.#giveUp(this.#attempt === attempt ? attempt : undefined);
    return entering;
  }

  async leave(force: boolean): Promise<void> {
    await this.#answers();
    if (this.#state === 'inactive') {
      throw new DockerError(says.NO_MEMBER);
    }
    const folder = this.#folder;
    if (folder !== undefined && this.#isManager && !force) {
      throw new DockerError(refusalToLeave(folder.swarm, this));
    }
    this.#abandon();
    this.#folder = undefined;
    this.#isStuck = false;
    folder?.swarm.containersEnded(folder.nodeId, this);
    folder?.swarm.detach(folder.nodeId, this);
    await this.#around.clock.sleep(LEAVE_TIME);
  }

  // --- Inside

  get #state(): SwarmInfo['state'] {
    if (this.#error !== '') {
      return 'error';
    }
    if (this.#attempt !== undefined || this.#stuck()) {
      return 'pending';
    }
    return this.#folder === undefined ? 'inactive' : 'active';
  }

  /** A manager goes on by itself when it finds a leader. */
  #stuck(): boolean {
    const { role, swarm } = this.#folder ?? {};
    this.#isStuck &&= !(role === 'manager' && swarm?.raft.reachesLeader(this) === true);
    return this.#isStuck;
  }

  get #isManager(): boolean {
    return this.#folder?.role === 'manager' && this.#error === '';
  }

  get #isSteppingDown(): boolean {
    return this.#steppingDownUntil > this.#around.clock.now();
  }

  /** @throws DockerError where dockerd does not run */
  async #answers(): Promise<void> {
    if (!this.online) {
      throw new ClientError(says.ENGINE_DOWN);
    }
    await this.#booting;
  }

  #mustBeInactive(): void {
    if (this.#state !== 'inactive') {
      throw new DockerError(says.ALREADY);
    }
  }

  #enter(folder: SwarmFolder): void {
    this.#folder = folder;
    if (folder.role === 'manager') {
      folder.swarm.raft.add(folder.nodeId, this);
    }
    const node = folder.swarm.nodes.get(folder.nodeId);
    if (node !== undefined) {
      folder.swarm.attach(node, this);
    }
  }

  /** An attempt to join ends with the process, or with a leave. */
  #abandon(): void {
    this.#giveUp(this.#attempt);
    this.#error = '';
  }

  /** The managers keep the record of a node that was half-way in. */
  #giveUp(attempt: Attempt | undefined): void {
    if (attempt !== undefined) {
      attempt.over = true;
      this.#attempt = undefined;
      attempt.enrolled?.swarm.detach(attempt.enrolled.nodeId, this);
    }
  }

  /** When dockerd is up it takes up what it finds in its swarm folder. */
  #boot(): void {
    this.#cancelBoot();
    this.#cancelBoot = this.#around.clock.schedule(this.#upAt - this.#around.clock.now(), () => {
      if (this.online && this.#folder !== undefined) {
        this.#resume(this.#folder);
      }
    });
  }

  #resume(folder: SwarmFolder): void {
    if (folder.role === 'manager' && folder.address !== this.address) {
      this.#resumeCopy(folder);
      return;
    }
    const { swarm, nodeId } = folder;
    const node = swarm.nodes.get(nodeId);
    if (node === undefined) {
      this.#isStuck = true;
      this.#booting = this.#around.clock.sleep(BOOT_PATIENCE);
      return;
    }
    if (swarm.raft.has(nodeId)) {
      swarm.raft.bind(nodeId, this);
      this.#isStuck = true;
      this.#booting = swarm.raft.findsLeader(this, BOOT_PATIENCE);
    } else {
      // It may have been demoted while it was down.
      this.#folder = { ...folder, role: 'worker' };
    }
    swarm.attach(node, this);
    swarm.connectionChanged(nodeId);
    swarm.tasks.engineRestarted(nodeId);
  }

  /** The copied state of a manager runs a swarm of its own, which nobody of the other's takes part in. */
  #resumeCopy(folder: SwarmFolder): void {
    const swarm = this.#around.newSwarm(folder.swarm);
    this.#folder = { ...folder, swarm };
    swarm.raft.bind(folder.nodeId, this);
    const node = swarm.nodes.get(folder.nodeId);
    if (node !== undefined) {
      swarm.attach(node, this);
    }
  }
}

export const messageOf = (problem: unknown): string => (problem instanceof Error ? problem.message : String(problem));
