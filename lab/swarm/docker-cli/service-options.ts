// The options of `docker service create` and `update`, and what they make of a spec.
import { parseArguments } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import { DockerError } from './error.ts';
import { readDuration } from './output-format.ts';
import { serviceSpec } from '../services/service-spec.ts';
import type { HealthCheck, ServiceSpec, TaskSpec, UpdateConfig } from '../services/service-spec.ts';

type Change = (spec: ServiceSpec, values: readonly string[]) => ServiceSpec;
type Options = Readonly<Record<string, Change>>;

const task = (spec: ServiceSpec, part: Partial<TaskSpec>): ServiceSpec => ({
  ...spec,
  task: { ...spec.task, ...part },
});

const last = (values: readonly string[]): string => values.at(-1) ?? '';

function count(values: readonly string[]): number {
  if (!/^\d+$/.test(last(values))) {
    throw new Error(`not a number: ${last(values)}`);
  }
  return Number(last(values));
}

function oneOf<T extends string>(
  known: readonly T[],
  values: readonly string[],
  refusal: (value: string) => string,
): T {
  const found = known.find((value) => value === last(values));
  if (found === undefined) {
    throw new DockerError(refusal(last(values)));
  }
  return found;
}

const placement = (spec: ServiceSpec, part: Partial<TaskSpec['placement']>): ServiceSpec =>
  task(spec, { placement: { ...spec.task.placement, ...part } });

function withoutConstraint(spec: ServiceSpec, values: readonly string[]): ServiceSpec {
  return placement(spec, { constraints: spec.task.placement.constraints.filter((one) => !values.includes(one)) });
}

function health(spec: ServiceSpec, part: Partial<HealthCheck>): ServiceSpec {
  const none: HealthCheck = { command: '', interval: 30_000, startPeriod: 0, retries: 3 };
  return task(spec, { health: { ...none, ...spec.task.health, ...part } });
}

/** `mode=host,published=8080,target=80`: other ports make no difference to where a task may run. */
function hostPort(text: string): number[] {
  const port = /^mode=host,published=(\d+),target=\d+$/.exec(text)?.[1];
  if (port === undefined) {
    throw new Error(`simulated services publish no ${text}`);
  }
  return [Number(port)];
}

/** `type=volume,source=data,target=/data`: other drivers than local would be plugins, which simulated engines have none of. */
function mount(text: string): string {
  const parts = new Map(text.split(',').map((part): [string, string] => splitPair(part)));
  const type = parts.get('type') ?? 'volume';
  const known: Readonly<Record<string, readonly string[]>> = {
    volume: ['type', 'source', 'target'],
    bind: ['type', 'source', 'target'],
    tmpfs: ['type', 'target'],
  };
  if (!parts.has('target') || [...parts.keys()].some((part) => known[type]?.includes(part) !== true)) {
    throw new Error(`simulated services mount no ${text}`);
  }
  return type === 'volume' ? 'volume:local' : type;
}

function volume(text: string): string[] {
  const parts = new Map(text.split(',').map((part): [string, string] => splitPair(part)));
  return (parts.get('type') ?? 'volume') === 'volume' ? [parts.get('source') ?? ''] : [];
}

function splitPair(pair: string): [string, string] {
  const [key = '', ...value] = pair.split('=');
  return [key, value.join('=')];
}

function labels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => splitPair(pair)));
}

/** Of an update and of its rollback, the same options under two names. */
function configOptions(prefix: 'update' | 'rollback'): Options {
  const set = (spec: ServiceSpec, part: Partial<UpdateConfig>): ServiceSpec => ({
    ...spec,
    [prefix]: { ...spec[prefix], ...part },
  });
  const actions = prefix === 'update' ? (['pause', 'continue', 'rollback'] as const) : (['pause', 'continue'] as const);
  return {
    [`--${prefix}-parallelism`]: (spec, values) => set(spec, { parallelism: count(values) }),
    [`--${prefix}-delay`]: (spec, values) => set(spec, { delay: readDuration(last(values)) }),
    [`--${prefix}-monitor`]: (spec, values) => set(spec, { monitor: readDuration(last(values)) }),
    [`--${prefix}-max-failure-ratio`]: (spec, values) => set(spec, { maxFailureRatio: Number(last(values)) }),
    [`--${prefix}-order`]: (spec, values) => {
      const order = oneOf(['stop-first', 'start-first'], values, (value) => `unrecognized ${prefix} order ${value}`);
      return set(spec, { order });
    },
    [`--${prefix}-failure-action`]: (spec, values) => {
      const refusal = (value: string): string => `unrecognized ${prefix} failure action ${value}`;
      return set(spec, { failureAction: oneOf(actions, values, refusal) });
    },
  };
}

const COMMON: Options = {
  ...configOptions('update'),
  ...configOptions('rollback'),
  '--replicas-max-per-node': (spec, values) => placement(spec, { maxReplicas: count(values) }),
  '--stop-grace-period': (spec, values) => task(spec, { stopGrace: readDuration(last(values)) }),
  '--restart-delay': (spec, values) =>
    task(spec, { restart: { ...spec.task.restart, delay: readDuration(last(values)) } }),
  '--restart-condition': (spec, values) => {
    const known = ['any', 'on-failure', 'none'] as const;
    const condition = oneOf(known, values, (value) => `invalid RestartCondition: "${value}"`);
    return task(spec, { restart: { ...spec.task.restart, condition } });
  },
  '--health-cmd': (spec, values) => health(spec, { command: last(values) }),
  '--health-interval': (spec, values) => health(spec, { interval: readDuration(last(values)) }),
  '--health-start-period': (spec, values) => health(spec, { startPeriod: readDuration(last(values)) }),
  '--health-retries': (spec, values) => health(spec, { retries: count(values) }),
  '--replicas': (spec, values) => ({ ...spec, replicas: count(values) }),
};

const CREATE: Options = {
  ...COMMON,
  '--name': (spec, values) => ({ ...spec, name: last(values) }),
  '--label': (spec, values) => ({ ...spec, labels: labels(values) }),
  '--env': (spec, values) => task(spec, { env: values }),
  '--constraint': (spec, values) => placement(spec, { constraints: values }),
  '--publish': (spec, values) => task(spec, { hostPorts: values.flatMap(hostPort) }),
  '--mount': (spec, values) => task(spec, { mounts: values.map(mount), volumes: values.flatMap(volume) }),
  '--network': (spec, values) => task(spec, { networks: values }),
  '--endpoint-mode': (spec, values) => {
    const endpointMode = oneOf(['vip', 'dnsrr'], values, (value) => `invalid endpoint mode: ${value}`);
    return { ...spec, endpointMode };
  },
  '--mode': (spec, values) => {
    const [mode] = values;
    if (mode !== 'replicated' && mode !== 'global') {
      throw new Error(`simulated services have no mode ${last(values)}`);
    }
    return { ...spec, mode };
  },
};

const UPDATE: Options = {
  ...COMMON,
  '--image': (spec, values) => task(spec, { image: last(values) }),
  '--args': (spec, values) => task(spec, { args: words(last(values)) }),
  '--env-rm': (spec, values) =>
    task(spec, { env: spec.task.env.filter((one) => !values.includes(one.split('=')[0] ?? '')) }),
  '--env-add': (spec, values) => {
    const names = values.map((value) => `${value.split('=')[0] ?? ''}=`);
    const others = spec.task.env.filter((one) => !names.some((name) => one.startsWith(name)));
    return task(spec, { env: [...others, ...values].toSorted() });
  },
  '--label-rm': (spec, values) => {
    const kept = Object.entries(spec.labels).filter(([key]) => !values.includes(key));
    return { ...spec, labels: Object.fromEntries(kept) };
  },
  '--label-add': (spec, values) => ({ ...spec, labels: { ...spec.labels, ...labels(values) } }),
  '--constraint-rm': withoutConstraint,
  '--constraint-add': (spec, values) =>
    placement(spec, { constraints: [...new Set([...spec.task.placement.constraints, ...values])].toSorted() }),
};

const QUIET = ['--quiet', '-q', '--no-resolve-image'];
const DETACH = ['--detach', '-d'];

/** Commands that wait until a service has converged are not simulated. */
export function needDetach({ flags }: Arguments, command: string): void {
  if (!DETACH.some((flag) => flags.has(flag))) {
    throw new Error(`simulated docker service ${command} wants --detach`);
  }
}

export const DETACH_ONLY = { flags: [...DETACH, ...QUIET] };

/** After the image all words are the container's. */
export function createdSpec(args: readonly string[], newName: () => string): ServiceSpec {
  const flags = [...DETACH, ...QUIET];
  const names = Object.keys(CREATE);
  let at = 0;
  for (let word = args[at]; word?.startsWith('-') === true; word = args[at]) {
    at += names.includes(word) ? 2 : 1;
  }
  const given = parseArguments(args.slice(0, at), { flags, options: names });
  needDetach(given, 'create');
  const [image = '', ...command] = args.slice(at);
  const spec = apply(CREATE, given, serviceSpec(newName(), image, command));
  if (spec.mode === 'global' && given.options.has('--replicas')) {
    throw new DockerError('replicas can only be used with replicated or replicated-job mode');
  }
  return spec;
}

export interface ServiceUpdate {
  readonly name: string;
  readonly isRollback: boolean;
  readonly next: (spec: ServiceSpec) => ServiceSpec;
}

export function readUpdate(args: readonly string[]): ServiceUpdate {
  const flags = [...DETACH, ...QUIET, '--force', '--rollback'];
  const given = parseArguments(args, { flags, options: Object.keys(UPDATE) });
  needDetach(given, 'update');
  return {
    name: given.operands.join(' '),
    isRollback: given.flags.has('--rollback'),
    next: (spec) => {
      const changed = apply(UPDATE, given, spec);
      const { forceUpdate } = changed.task;
      return given.flags.has('--force') ? task(changed, { forceUpdate: forceUpdate + 1 }) : changed;
    },
  };
}

/** In the order of the table: what is taken away goes before what is added. */
function apply(options: Options, given: Arguments, spec: ServiceSpec): ServiceSpec {
  return Object.entries(options).reduce((before, [name, change]) => {
    const values = given.options.get(name);
    return values === undefined ? before : change(before, values);
  }, spec);
}

/** As a shell would: words, and what stands in double or single quotes is one. */
const words = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');
