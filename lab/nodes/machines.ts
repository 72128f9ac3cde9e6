// What the lab's EC2 and SSM need of a kind of machine. Two kinds: simulated (in memory) and docker (a real dockerd each).

export const SPEAKS_FROM = ['second-interface', 'nat'] as const;
export type SpeaksFrom = (typeof SPEAKS_FROM)[number];

/** The machine that EC2 starts. Its agent's registration is the lab's SSM service's affair, not the machine's. */
export interface MachineSpec {
  readonly instanceId: string;
  readonly zone: string;
  /** dockerd starts this long after the machine (user data that installs Docker), ms. */
  readonly dockerAfter: number;
  /** How far its clock is ahead of AWS's, ms; below 0 it is behind. Docker nodes have the clock of their host. */
  readonly clockAhead?: number | undefined;
  /** An image with a copied swarm folder in it: that of this other machine, as it is at the launch. */
  readonly swarmFolderOf?: string | undefined;
  /** Where others see it, if not at its address: at that of a second interface of its own, or at a NAT's. Simulated nodes only. */
  readonly speaksFrom?: SpeaksFrom | undefined;
  /** What it calls itself, where that is not made from its address. */
  readonly hostname?: string | undefined;
}

/** One run of a document's script on a machine, as the SSM agent does it. */
export interface DocumentRun {
  /** The verb: the document's name without `skep-<stage>-`. */
  readonly verb: string;
  /** The runCommand entries as deployed, joined with newlines; parameters that are not ENV_VAR are spliced in. */
  readonly script: string;
  /** Set as `SSM_<name>` in the environment of the script. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The agent ends the script after this many seconds. */
  readonly timeoutSeconds: number;
  /** Aborted where it is to be ended before its time, as by a time-out. */
  readonly cancelled?: AbortSignal;
}

export interface DocumentOutcome {
  /** -1 when the agent ended it (timed out), or the machine died under it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** It was ended since `cancelled` was aborted. */
  readonly cancelled?: boolean;
}

/** A service for the swarm of a scenario: what an operator would `docker service create`. */
export interface ServiceSpec {
  readonly name: string;
  readonly mode: 'replicated' | 'global';
  readonly replicas: number;
  readonly constraints: readonly string[];
  /** How long a task runs on after it was told to stop, seconds. */
  readonly stopGrace: number;
  /** It answers HTTP on port 80, by its name, to whoever is on the network of such services. */
  readonly http?: boolean;
  /** How long after its start a task serves, and is healthy where there is a check, seconds. */
  readonly startsAfter?: number;
  readonly health?: 'none' | 'check';
  readonly order?: 'start-first' | 'stop-first';
  readonly update?: {
    readonly parallelism?: number;
    /** Seconds. */
    readonly delay?: number;
    readonly failureAction?: 'pause' | 'continue' | 'rollback';
    /** Seconds. */
    readonly monitor?: number;
  };
  readonly restart?: 'any' | 'on-failure' | 'none';
  readonly mounts?: readonly ('volume' | 'bind' | 'tmpfs')[];
  readonly hostPort?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Another one than the lab's own is nowhere to be had. */
  readonly image?: string;
  readonly maxReplicas?: number;
}

/** Requests to a service that answers HTTP: so many quick ones per second, and one slow one after the other. */
export interface LoadSpec {
  readonly service: string;
  readonly perSecond: number;
}

/** One request that has been answered, or not. Nobody has tried it again. */
export interface RequestSeen {
  /** How long ago it was sent, ms. */
  readonly ago: number;
  readonly slow: boolean;
  /** Why it failed; empty where it was answered as it should be. */
  readonly failure: string;
}

/** The swarm as its managers see it, read from a reachable manager. */
export interface SwarmView {
  readonly nodes: readonly NodeView[];
  readonly tasks: readonly TaskView[];
}

export interface NodeView {
  readonly nodeId: string;
  readonly hostname: string;
  readonly role: 'worker' | 'manager';
  readonly status: 'ready' | 'down' | 'unknown' | 'disconnected';
  readonly availability: 'active' | 'pause' | 'drain';
  readonly reachability: 'leader' | 'reachable' | 'unreachable' | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
}

export interface TaskView {
  readonly taskId: string;
  readonly service: string;
  /** Empty while no node is assigned. */
  readonly nodeId: string;
  readonly desiredState: string;
  /** SwarmKit's state in lower case: new, pending, assigned, ..., running, complete, shutdown, failed, rejected, orphaned, remove. */
  readonly state: string;
  readonly error: string;
  /** The container that it runs in; empty before there is one. */
  readonly container: string;
}

/** A swarm as it really is, whoever knows of it. */
export interface SwarmTruth {
  readonly swarmId: string;
  /** It has a leader, and a majority behind it. */
  readonly isLed: boolean;
  readonly nodes: readonly NodeTruth[];
  readonly services: readonly {
    readonly name: string;
    readonly replicas: number;
    readonly constraints: readonly string[];
    /** Its whole spec, as JSON. */
    readonly text: () => string;
  }[];
}

export interface NodeTruth {
  readonly nodeId: string;
  readonly role: NodeView['role'];
  readonly status: NodeView['status'];
  readonly availability: NodeView['availability'];
  readonly labels: NodeView['labels'];
  /** Of raft. */
  readonly isMember: boolean;
  /** A member that the others can talk to. */
  readonly isReachable: boolean;
  /** Running machines that are this node, as their own folders have it. */
  readonly machines: readonly string[];
  /** Tasks that managers count as assigned to it, and not as over. */
  readonly tasksAtWork: number;
}

/** A node is about to be removed, or a manager to be demoted: the swarm as it is just before. */
export interface NodeLeaving {
  readonly what: 'removed' | 'demoted';
  readonly nodeId: string;
  readonly swarm: SwarmTruth;
}

/** What a machine can reach: instance metadata and AWS, both played by the lab. */
export interface MachineSurroundings {
  /** Instance metadata, as seen from this instance (IMDSv2 included). */
  metadata(instanceId: string, request: Request): Promise<Response>;
  /** The AWS endpoint. Requests are signed by the machine with credentials of its own. */
  aws(request: Request): Promise<Response>;
}

/** SSM agents that are programs, and run on the machines. */
export interface NodeAgents {
  start(instanceId: string): Promise<void>;
  /** It asks for nothing and tells nothing; scripts go on. */
  away(instanceId: string): Promise<void>;
  back(instanceId: string): Promise<void>;
}

export interface Machines {
  readonly kind: 'simulated' | 'docker';
  /** Undefined where the lab plays the agents, and hands documents to `run`. */
  readonly agents?: NodeAgents | undefined;
  /** Prepares what all machines share (a bridge, an image). Fails with `MachinesUnavailable` where this host cannot. */
  open(): Promise<void>;
  /** Starts a machine; resolves with its private address when it is up (dockerd and agent may be later). */
  launch(spec: MachineSpec): Promise<{ readonly privateIp: string; readonly secondIp?: string | undefined }>;
  /** Power off, without a word to anybody. Idempotent. */
  terminate(instanceId: string): Promise<void>;
  /** Power off, and the disk stays. Simulated machines only. */
  stop(instanceId: string): Promise<void>;
  /** One that was stopped boots again: the same disk, the same address, an empty /run. */
  start(instanceId: string): Promise<void>;
  /** Runs a document. Resolves with exitCode -1 if the machine dies meanwhile. */
  run(instanceId: string, run: DocumentRun): Promise<DocumentOutcome>;
  /**
   * The machine is started anew: every process ends at once, its disk and its address stay, what is in /run and /tmp is gone, and dockerd
   * comes up again. Documents that run there end with exitCode -1. Resolves when the machine is on its way up.
   */
  reboot(instanceId: string): Promise<void>;
  /** It boots from a blank disk, with the same address. Documents that run there end with exitCode -1. Simulated machines only. */
  replaceRoot?(instanceId: string): Promise<void>;
  /** `docker service create` on a manager of the swarm that the instance belongs to. */
  createService(managerInstanceId: string, service: ServiceSpec): Promise<void>;
  /** Asks a service from a container on that machine, until the machines are closed. `seen` is called for every request. */
  load(instanceId: string, load: LoadSpec, seen: (request: RequestSeen) => void): Promise<void>;
  /**
   * A task of the service stays on record as at work, on a node that is not in the swarm (moby#37320). Only where it can be made: engines
   * since 18.09.5 call the tasks of a node orphaned in the very transaction that removes it.
   */
  leaveGhost?(managerInstanceId: string, service: string): Promise<void>;
  /** All swarms that a running machine is in, for rules that a run is held against. Simulated machines only. */
  truth?(): readonly SwarmTruth[];
  /** From now on `told` hears of every node that leaves a swarm, before it does. Simulated machines only. */
  watchNodes?(told: (leaving: NodeLeaving) => void): void;
  view(managerInstanceId: string): Promise<SwarmView>;
  /** `docker node ls` on this very manager. Fails where it has no leader to ask, or none within `seconds`. */
  nodes(managerInstanceId: string, seconds: number): Promise<readonly NodeView[]>;
  /** `docker ARGUMENTS` on the machine, as an operator would run it there. Exit code 124 where it hung for `seconds` (default 20). */
  docker(instanceId: string, args: readonly string[], seconds?: number): Promise<DocumentOutcome>;
  /** What the machine remembers in /var/lib/skep/epoch: the epoch that it was let into the managers in; empty where there is none. */
  epoch(instanceId: string): Promise<string>;
  /** dockerd dies by SIGKILL, and stays down until it is started. */
  killEngine(instanceId: string): Promise<void>;
  startEngine(instanceId: string): Promise<void>;
  /** The cable is out: other machines, instance metadata and AWS are all behind it. */
  cut(instanceId: string): Promise<void>;
  heal(instanceId: string): Promise<void>;
  /** Leaves nothing behind: no process, namespace, mount, bridge, folder. Idempotent. */
  close(): Promise<void>;
}

/** What a scenario asks of a machine is not to be had: it is dead, or simulated and without that command of docker. */
export class NotToBeHad extends Error {
  override readonly name = 'NotToBeHad';
}

/** This host cannot run machines of this kind; the message says what is missing. */
export class MachinesUnavailable extends Error {
  override readonly name = 'MachinesUnavailable';
}
