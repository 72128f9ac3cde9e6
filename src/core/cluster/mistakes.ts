// What is wrong with a cluster's file, with the place of each mistake as a path into it.
import type * as z from 'zod';

import {
  dataPathPortProblem,
  DOCKER_BRIDGE,
  networkText,
  overlap,
  parseNetwork,
  poolProblem,
} from '../managers/networks.ts';
import { clusterFile, secondsOf } from './file.ts';
import type { ClusterFile, FileGroup } from './file.ts';

type Path = readonly (string | number)[];

export interface Mistake {
  readonly path: Path;
  /** Of something that stands there, or of its key. */
  readonly at: 'value' | 'key';
  readonly message: string;
  /** A warning keeps nobody from going on. */
  readonly severity: 'error' | 'warning';
}

export interface Checked {
  /** Undefined where there is an error. */
  readonly file: ClusterFile | undefined;
  readonly mistakes: readonly Mistake[];
}

export function checkFile(raw: unknown): Checked {
  const parsed = clusterFile.safeParse(raw, { reportInput: true });
  if (!parsed.success) {
    return { file: undefined, mistakes: parsed.error.issues.flatMap(mistakesOf) };
  }
  const mistakes = CHECKS.flatMap((check) => check(parsed.data));
  const isSound = mistakes.every(({ severity }) => severity === 'warning');
  return { file: isSound ? parsed.data : undefined, mistakes };
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => error([...path, key], 'there is no such key', 'key'));
  }
  if (issue.code === 'invalid_key') {
    return [error(path, issue.issues.map(({ message }) => message).join(', '), 'key')];
  }
  if (issue.input === undefined && path.length > 0 && ['invalid_type', 'invalid_value'].includes(issue.code)) {
    return [error(path, 'is missing')];
  }
  return [error(path, issue.message)];
}

const error = (path: Path, message: string, at: Mistake['at'] = 'value'): Mistake => ({
  path,
  at,
  message,
  severity: 'error',
});
const warning = (path: Path, message: string): Mistake => ({ path, at: 'value', message, severity: 'warning' });

type Check = (file: ClusterFile) => readonly Mistake[];

const CHECKS: readonly Check[] = [
  oneNetwork,
  networksAreSound,
  zonesAreSound,
  poolIsFree,
  portIsFree,
  managersAreEnough,
  groupsAreSound,
  loadBalancerIsWhole,
];

function oneNetwork({ network }: ClusterFile): Mistake[] {
  const count = [network.new, network.given].filter((one) => one !== undefined).length;
  return count === 1 ? [] : [error(['network'], 'either new or given is wanted, and not both')];
}

/** The VPC's own, with where each stands. */
function networksOf({ network }: ClusterFile): (readonly [Path, string])[] {
  return [
    ...(network.new === undefined ? [] : [[['network', 'new', 'cidr'], network.new.cidr] as const]),
    ...(network.given?.cidrs ?? []).map((one, index) => [['network', 'given', 'cidrs', index], one] as const),
  ];
}

function networksAreSound(file: ClusterFile): Mistake[] {
  const own = networksOf(file).flatMap(([path, text]) => {
    const problem = networkProblem(text);
    return problem === undefined ? [] : [error(path, problem)];
  });
  const bits = parseNetwork(file.network.new?.cidr ?? '')?.bits;
  return bits === undefined || (bits >= 16 && bits <= 24)
    ? own
    : [...own, error(['network', 'new', 'cidr'], `a network of /16 to /24 is wanted, not of /${bits}`)];
}

function networkProblem(text: string): string | undefined {
  const network = parseNetwork(text);
  if (network === undefined) {
    return `${text} is no network`;
  }
  if (networkText(network) !== text) {
    return `the network is ${networkText(network)}`;
  }
  return overlap(network, DOCKER_BRIDGE)
    ? `overlaps ${networkText(DOCKER_BRIDGE)}, which is every Docker's own`
    : undefined;
}

function zonesAreSound({ network, groups }: ClusterFile): Mistake[] {
  const zones = network.new?.zones ?? [];
  const path = ['network', 'new', 'zones'];
  const regions = new Set(zones.map((zone) => zone.slice(0, -1)));
  const managers = managersOf(groups);
  return [
    ...zones.flatMap((zone, index) =>
      zones.indexOf(zone) === index ? [] : [error([...path, index], `${zone} stands twice`)],
    ),
    ...(regions.size > 1 ? [error(path, `zones of one region are wanted, not of ${[...regions].join(' and ')}`)] : []),
    ...(zones.length === 2 && managers > 1
      ? [warning(path, `with ${managers} managers in two zones, the loss of one zone may take the quorum`)]
      : []),
  ];
}

function poolIsFree(file: ClusterFile): Mistake[] {
  const { addressPool, subnetSize } = file.swarm;
  if (addressPool === undefined) {
    return [];
  }
  const pool = parseNetwork(addressPool);
  const path = ['swarm', 'addressPool'];
  if (pool === undefined || networkText(pool) !== addressPool) {
    return [error(path, pool === undefined ? `${addressPool} is no network` : `the network is ${networkText(pool)}`)];
  }
  const taken = networksOf(file).flatMap(([, text]) => parseNetwork(text) ?? []);
  const problem = poolProblem(pool, subnetSize, taken);
  return problem === undefined ? [] : [error(path, problem)];
}

function portIsFree({ swarm }: ClusterFile): Mistake[] {
  const taken = dataPathPortProblem(swarm.dataPathPort);
  return taken === undefined ? [] : [error(['swarm', 'dataPathPort'], taken)];
}

const managersOf = (groups: ClusterFile['groups']): number =>
  Object.values(groups)
    .filter(({ role }) => role === 'manager')
    .reduce((total, { size }) => total + size, 0);

function managersAreEnough({ groups }: ClusterFile): Mistake[] {
  const managers = managersOf(groups);
  if (managers === 0) {
    return [error(['groups'], 'a cluster needs a group of managers')];
  }
  if (managers > 5) {
    return [error(['groups'], `${managers} managers are more than 5: each write waits for most of them`)];
  }
  if (managers === 2) {
    return [warning(['groups'], '2 managers are worse than 1: the loss of either one stops the swarm. Take 1 or 3')];
  }
  return managers === 4
    ? [warning(['groups'], '4 managers survive the loss of no more than 3 do: one. Take 3 or 5')]
    : [];
}

function groupsAreSound({ groups }: ClusterFile): Mistake[] {
  return Object.entries(groups).flatMap(([name, group]) =>
    [...commonMistakes(group), ...(group.role === 'manager' ? managerMistakes(group) : workerMistakes(group))].map(
      ([key, message]) => error(['groups', name, key], message),
    ),
  );
}

type GroupMistakes = readonly (readonly [key: keyof FileGroup, message: string])[];

function commonMistakes({ hookTimeout, types }: FileGroup): GroupMistakes {
  const seconds = secondsOf(hookTimeout);
  return [
    ...(seconds < 120 ? [['hookTimeout', 'under 2m a hook may end between two looks'] as const] : []),
    ...(seconds > 7200
      ? [['hookTimeout', 'AWS takes no more than 2h; skep keeps a hook alive for longer'] as const]
      : []),
    ...(new Set(types).size < types.length ? [['types', 'a type stands twice'] as const] : []),
  ];
}

function managerMistakes({ size, max, spotPercent }: FileGroup): GroupMistakes {
  return [
    ...(size === 0 ? [['size', 'a group of managers has at least one'] as const] : []),
    ...(max !== undefined && max !== size ? [['max', 'the number of managers is fixed: leave max out'] as const] : []),
    ...(spotPercent > 0
      ? [['spotPercent', 'managers are never spot: all may go within two minutes, and the quorum with them'] as const]
      : []),
  ];
}

function workerMistakes({ size, max, availability }: FileGroup): GroupMistakes {
  return [
    ...(max !== undefined && max < size ? [['max', `is less than the size, ${size}`] as const] : []),
    ...(availability === 'drain' ? [['availability', 'workers are always active'] as const] : []),
  ];
}

function loadBalancerIsWhole({ groups, loadBalancer, network }: ClusterFile): Mistake[] {
  if (loadBalancer === undefined) {
    return Object.entries(groups)
      .filter(([, group]) => group.loadBalancer)
      .map(([name]) => error(['groups', name, 'loadBalancer'], 'the file has no loadBalancer'));
  }
  const served = Object.values(groups).some((group) => group.loadBalancer);
  const clients = parseNetwork(loadBalancer.clients);
  return [
    ...(served ? [] : [warning(['loadBalancer'], 'no group has loadBalancer: true, so it has nowhere to send to')]),
    ...(clients !== undefined && networkText(clients) === loadBalancer.clients
      ? []
      : [
          error(
            ['loadBalancer', 'clients'],
            clients === undefined ? 'is no network' : `the network is ${networkText(clients)}`,
          ),
        ]),
    ...(loadBalancer.scheme === 'internet-facing' && loadBalancer.subnets === undefined
      ? [
          error(
            ['loadBalancer', 'subnets'],
            `is missing: ${network.new === undefined ? 'name' : 'the new network has no'} public subnets`,
          ),
        ]
      : []),
  ];
}
