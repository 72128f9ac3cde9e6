// What a service is to be, as SwarmKit keeps it: immutable, a new one for each update.

export interface UpdateConfig {
  /** 0: all at once. */
  readonly parallelism: number;
  /** Between two tasks of one worker, ms. */
  readonly delay: number;
  readonly failureAction: 'pause' | 'continue' | 'rollback';
  /** How long a task that runs may still count as a failure of the update, ms. */
  readonly monitor: number;
  readonly maxFailureRatio: number;
  readonly order: 'stop-first' | 'start-first';
}

interface Placement {
  readonly constraints: readonly string[];
  /** 0: no limit. */
  readonly maxReplicas: number;
}

export interface HealthCheck {
  readonly command: string;
  /** All in ms. */
  readonly interval: number;
  readonly startPeriod: number;
  readonly retries: number;
}

export interface TaskSpec {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly health: HealthCheck | undefined;
  /** How long a container may take to stop before it is killed, ms. */
  readonly stopGrace: number;
  readonly restart: { readonly condition: 'any' | 'on-failure' | 'none'; readonly delay: number };
  readonly placement: Placement;
  /** Ports of the host that a task takes for itself (`mode=host`). */
  readonly hostPorts: readonly number[];
  /** `volume:local`, `bind` or `tmpfs`, one for each mount. What is mounted where makes no difference to the simulation. */
  readonly mounts: readonly string[];
  /** Local volumes, by their names. */
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly forceUpdate: number;
}

export interface ServiceSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mode: 'replicated' | 'global';
  readonly replicas: number;
  /** `vip` is Docker's own choice. Of requests only those by `dnsrr` are simulated. */
  readonly endpointMode: 'vip' | 'dnsrr';
  readonly task: TaskSpec;
  readonly update: UpdateConfig;
  readonly rollback: UpdateConfig;
}

const UPDATE_CONFIG: UpdateConfig = {
  parallelism: 1,
  delay: 0,
  failureAction: 'pause',
  monitor: 5000,
  maxFailureRatio: 0,
  order: 'stop-first',
};

/** What `docker service create` asks for without options. */
export const serviceSpec = (name: string, image: string, args: readonly string[]): ServiceSpec => ({
  name,
  labels: {},
  mode: 'replicated',
  replicas: 1,
  endpointMode: 'vip',
  task: {
    image,
    args,
    env: [],
    health: undefined,
    stopGrace: 10_000,
    restart: { condition: 'any', delay: 5000 },
    placement: { constraints: [], maxReplicas: 0 },
    hostPorts: [],
    mounts: [],
    volumes: [],
    networks: [],
    forceUpdate: 0,
  },
  update: UPDATE_CONFIG,
  rollback: UPDATE_CONFIG,
});

const texts = new WeakMap<TaskSpec, { readonly whole: string; readonly unplaced: string }>();

/** Specs are compared for every task of a service that changes: each is written out once. */
function textsOf(spec: TaskSpec): { readonly whole: string; readonly unplaced: string } {
  let known = texts.get(spec);
  if (known === undefined) {
    known = { whole: JSON.stringify(spec), unplaced: JSON.stringify({ ...spec, placement: undefined }) };
    texts.set(spec, known);
  }
  return known;
}

export const isSameTask = (a: TaskSpec, b: TaskSpec): boolean => textsOf(a).whole === textsOf(b).whole;

export const isSameButPlacement = (a: TaskSpec, b: TaskSpec): boolean => textsOf(a).unplaced === textsOf(b).unplaced;
