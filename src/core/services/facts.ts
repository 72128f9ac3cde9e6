// Services, their tasks and the nodes that could take them, as the shift document tells them.

/** SwarmKit's update states; empty where no update of the present spec has had a task to replace. */
export type UpdateState =
  '' | 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed';

/** Tasks of a service on a node whose desired state is running. */
export interface TaskCount {
  /** In state running: with a health check that is healthy, too. */
  readonly running: number;
  /** On their way: assigned, preparing, starting; or ended and about to be started anew. */
  readonly others: number;
}

export interface ServiceFacts {
  readonly serviceId: string;
  /** Of the object: whoever writes the service, or its update status, makes another. */
  readonly version: number;
  readonly name: string;
  readonly mode: 'replicated' | 'global' | 'replicated-job' | 'global-job';
  /** 0 for what is not replicated. */
  readonly replicas: number;
  readonly image: string;
  readonly update: UpdateState;
  readonly order: 'stop-first' | 'start-first';
  readonly restart: 'any' | 'on-failure' | 'none';
  /** `bind`, `tmpfs`, `npipe`, `cluster`, or `volume:DRIVER` (`volume:local` where none is named). */
  readonly mounts: readonly string[];
  readonly constraints: readonly string[];
  /** How many placement preferences there are. */
  readonly preferences: number;
  /** Per node; 0 for no limit. */
  readonly maxReplicas: number;
  /** `linux/amd64`; empty where nobody has resolved the image. */
  readonly platforms: readonly string[];
  /** Reserved per task: billionths of a CPU, bytes, and how many generic resources. */
  readonly cpu: number;
  readonly memory: number;
  readonly generic: number;
  /** Ports of the host that each task takes for itself (`mode=host`). */
  readonly hostPorts: readonly number[];
  /** Something in it depends on the task's slot (`.Task.` in a template). */
  readonly templated: boolean;
  /** The service has a health check of its own. Whether the image has one cannot be seen. */
  readonly health: boolean;
  /** Those that begin with `skep.`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of the spec before: whether it bears skep's mark, so that the last update was somebody else's. */
  readonly previousMark: string;
  /** What a rollback should go back to is kept in a config object, until the history is put back. */
  readonly kept: boolean;
  /** When anything about it changed last, epoch seconds. */
  readonly updatedAt: number;
  /** By node id. Tasks that have no node yet have none here: see `unassigned`. */
  readonly tasks: ReadonlyMap<string, TaskCount>;
  readonly unassigned: number;
}

export interface PlacementNode {
  readonly nodeId: string;
  readonly hostname: string;
  readonly role: 'worker' | 'manager';
  readonly status: 'ready' | 'down' | 'unknown' | 'disconnected';
  readonly availability: 'active' | 'pause' | 'drain';
  readonly labels: Readonly<Record<string, string>>;
  readonly engineLabels: Readonly<Record<string, string>>;
  /** `linux/x86_64`, as the engine says it; SwarmKit takes x86_64 and amd64, aarch64 and arm64 for the same. */
  readonly platform: string;
  readonly cpu: number;
  readonly memory: number;
}

/** What a service's label `skep.shift` says. */
export type Mark =
  /** One replica more than `replicas`, the number before. */
  | { readonly kind: 'more'; readonly until: number; readonly replicas: number }
  /** Constraints that keep it off these nodes. */
  | { readonly kind: 'exclude'; readonly until: number; readonly nodes: readonly string[] };

/**
 * As documents/verbs/shift.sh has it: ids as the engine makes them, and numbers that are no octal ones and fit into a shell's arithmetic.
 * The label is the service's own, so whoever creates a service may write anything there.
 */
const MARKS = /^(?:more@(\d{10,11})@(0|[1-9]\d{0,8})|exclude@(\d{10,11})@([0-9a-z]{25}(?:\+[0-9a-z]{25}){0,99}))$/;

/** `more@UNTIL@REPLICAS` or `exclude@UNTIL@NODE+NODE`; undefined for no mark and for what is none. */
export function readMark(text: string | undefined): Mark | undefined {
  const [, more, replicas, exclude, nodes] = MARKS.exec(text ?? '') ?? [];
  if (more !== undefined) {
    return { kind: 'more', until: Number(more), replicas: Number(replicas) };
  }
  return exclude === undefined
    ? undefined
    : { kind: 'exclude', until: Number(exclude), nodes: (nodes ?? '').split('+') };
}

/** What is to be done to a service, if it still is the version that was seen. */
export type Change =
  /** One replica more, with the mark. */
  | { readonly kind: 'more'; readonly serviceId: string; readonly version: number; readonly until: number }
  /** One less than the mark's, if nobody else has set the number since; takes the mark away. */
  | { readonly kind: 'fewer'; readonly serviceId: string; readonly version: number }
  | {
      readonly kind: 'exclude';
      readonly serviceId: string;
      readonly version: number;
      readonly until: number;
      readonly nodes: readonly string[];
    }
  /** Takes the mark and its constraints away. */
  | { readonly kind: 'include'; readonly serviceId: string; readonly version: number }
  /** Puts the history back, so that a rollback goes where its owner expects. Version 0: that of the change before it. */
  | { readonly kind: 'settle'; readonly serviceId: string; readonly version: number }
  /** Goes back to the spec that was kept, where the history could not be put back. */
  | { readonly kind: 'rollback'; readonly serviceId: string; readonly version: number };

/** As the shift document takes it: `SERVICE@VERSION@VERB[@UNTIL[@NODE+NODE]]`. */
export function toText(change: Change): string {
  const { serviceId, version, kind } = change;
  const until = 'until' in change ? [String(change.until)] : [];
  const nodes = 'nodes' in change ? [change.nodes.join('+')] : [];
  return [serviceId, String(version), kind, ...until, ...nodes].join('@');
}

/** No update is under way or stuck, so that another one hurts nobody's rollout. */
export const isIdle = ({ update }: ServiceFacts): boolean => ['', 'completed', 'rollback_completed'].includes(update);
