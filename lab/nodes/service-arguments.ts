// What an operator types to create a service of a scenario: the same words for machines of both kinds.
import type { ServiceSpec } from './machines.ts';

export const IMAGE = 'skep/idle:1';
/** The overlay network of services that serve HTTP, and of those who ask them. */
export const NETWORK = 'web';
/** How long a slow request takes, seconds. */
export const SLOW_SECONDS = 5;
/** What the engine gives a task to stop beyond what the task takes by itself, and a slow request with it. */
const SPARE_SECONDS = 10;

/** The arguments of `docker service create`. */
export function createArguments(service: ServiceSpec): string[] {
  const { name, mode, replicas, image = IMAGE } = service;
  return [
    ...['--detach', '--quiet', '--no-resolve-image', '--name', name],
    ...(mode === 'global' ? ['--mode', 'global'] : ['--replicas', String(replicas)]),
    ...placing(service),
    ...updating(service),
    ...running(service),
    ...(service.http === true ? ['--network', NETWORK, '--endpoint-mode', 'dnsrr'] : []),
    image,
    ...program(service),
  ];
}

const option = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)];

const seconds = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${value}s`);

const pairs = (name: string, values: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(values).flatMap(([key, value]) => [name, `${key}=${value}`]);

const placing = ({ constraints, maxReplicas, labels, hostPort }: ServiceSpec): string[] => [
  ...constraints.flatMap((constraint) => ['--constraint', constraint]),
  ...option('--replicas-max-per-node', maxReplicas),
  ...pairs('--label', labels),
  ...(hostPort === undefined ? [] : ['--publish', `mode=host,published=${hostPort},target=80`]),
];

const updating = ({ order, update = {} }: ServiceSpec): string[] => [
  ...option('--update-order', order),
  ...option('--update-parallelism', update.parallelism),
  ...option('--update-delay', seconds(update.delay)),
  ...option('--update-failure-action', update.failureAction),
  ...option('--update-monitor', seconds(update.monitor)),
];

const MOUNTS = {
  volume: (name: string) => `type=volume,source=${name},target=/data`,
  bind: () => 'type=bind,source=/run,target=/host',
  tmpfs: () => 'type=tmpfs,target=/scratch',
};

function running({ name, http, stopGrace, startsAfter = 0, ...service }: ServiceSpec): string[] {
  const check = http === true ? 'wget -q -O /dev/null http://127.0.0.1/' : 'cat /healthy';
  const patience = `${startsAfter + 30}s`;
  // Each check is a process that the engine starts: a dozen tasks that are checked every second take a whole processor.
  const health = ['--health-cmd', check, '--health-interval', '2s', '--health-start-period', patience];
  return [
    // The engine's own patience must outlast the task's, or it kills the task before.
    ...['--stop-grace-period', `${stopGrace + SPARE_SECONDS}s`],
    ...option('--restart-condition', service.restart),
    ...pairs('--env', service.env),
    ...(service.mounts ?? []).flatMap((mount) => ['--mount', MOUNTS[mount](name)]),
    ...(service.health === 'check' ? health : []),
  ];
}

function program({ http, stopGrace, startsAfter = 0 }: ServiceSpec): string[] {
  if (http === true) {
    return ['serve', String(startsAfter), String(stopGrace)];
  }
  // As PID 1 a shell gets no default signal handlers, and it handles a signal only between commands: hence `wait`.
  const start = startsAfter === 0 ? '' : `sleep ${startsAfter} & wait $!; `;
  const forever = 'while :; do sleep 3600 & wait $!; done';
  return ['sh', '-c', `trap 'sleep ${stopGrace}; exit 0' TERM; ${start}: >/healthy; ${forever}`];
}
