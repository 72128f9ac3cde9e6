// A swarm of three managers and two workers that somebody made by hand, as an adoption sees it; tests change what they are about.
import type { AdoptFacts, AdoptSurvey, FoundGroup, FoundInstance, Ingress } from '../../../src/core/adopt/facts.ts';
import type { NodeRole } from '../../../src/core/names.ts';
import type { SwarmNode } from '../../../src/core/tidy/facts.ts';

export const SWARM = 's'.repeat(25);
export const FOUNDED = { subnetSize: 24, dataPathPort: 4789, autolock: false, pools: ['172.30.0.0/16'] };

export const instanceOf = (number: number): string => `i-0000000000000000${number}`;
export const nodeOf = (number: number): string => `node${number}`.padEnd(25, 'x');
export const addressOf = (number: number): string => `10.0.1.${number}`;
const roleOf = (number: number): NodeRole => (number <= 3 ? 'manager' : 'worker');

export const surveyOf = (number: number, changes: Partial<AdoptSurvey> = {}): AdoptSurvey => ({
  state: 'active',
  manager: roleOf(number) === 'manager',
  leader: roleOf(number) === 'manager',
  nodeId: nodeOf(number),
  swarmId: roleOf(number) === 'manager' ? SWARM : '',
  epoch: '0',
  engine: '28.2.2',
  address: addressOf(number),
  curl: '8.5',
  certificate: { swarmId: SWARM, nodeId: nodeOf(number), role: roleOf(number) },
  ...(roleOf(number) === 'manager' ? { founded: FOUNDED } : {}),
  ...changes,
});

export const swarmNode = (number: number, changes: Partial<SwarmNode> = {}): SwarmNode => ({
  nodeId: nodeOf(number),
  role: roleOf(number),
  status: 'ready',
  availability: 'active',
  instance: undefined,
  isManager: roleOf(number) === 'manager',
  isReachable: roleOf(number) === 'manager',
  isLeaving: false,
  version: undefined,
  age: undefined,
  address: undefined,
  neverUp: false,
  ...changes,
});

export const foundInstance = (number: number, changes: Partial<FoundInstance> = {}): FoundInstance => ({
  state: 'running',
  privateIp: addressOf(number),
  hopLimit: 1,
  hasProfile: true,
  securityGroups: ['sg-nodes'],
  cluster: undefined,
  roleTag: undefined,
  ...changes,
});

/** All ports, and nobody. */
export const ingressOf = (changes: Partial<Ingress> = {}): Ingress => ({
  protocol: '-1',
  from: 0,
  to: 65_535,
  groups: [],
  networks: [],
  others: false,
  ...changes,
});

const foundGroup = (numbers: readonly number[], changes: Partial<FoundGroup> = {}): FoundGroup => ({
  cluster: undefined,
  roleTag: undefined,
  healthCheckType: 'EC2',
  suspended: [],
  retains: false,
  launchesFirst: true,
  hooks: [],
  instances: numbers.map((number) => ({ instance: instanceOf(number), lifecycle: 'InService', zone: 'eu-west-1a' })),
  ...changes,
});

const MANAGERS = [1, 2, 3];
const WORKERS = [4, 5];
const ALL = [...MANAGERS, ...WORKERS];

const mapOf = <T>(make: (number: number) => T): Map<string, T> =>
  new Map(ALL.map((number) => [instanceOf(number), make(number)]));

type Groups = Readonly<Partial<Record<'managers' | 'workers', Partial<FoundGroup>>>>;

export interface Changes extends Partial<Omit<AdoptFacts, 'groups'>> {
  readonly of?: Groups;
  readonly userData?: string;
}

export function adoptFacts({ of = {}, userData = '', ...changes }: Changes = {}): AdoptFacts {
  return {
    stage: 'dev',
    cluster: 'demo',
    groups: [
      { name: 'managers', role: 'manager', found: foundGroup(MANAGERS, of.managers), userData },
      { name: 'workers', role: 'worker', found: foundGroup(WORKERS, of.workers), userData: '' },
    ],
    instances: mapOf((number) => foundInstance(number)),
    ingress: new Map([['sg-nodes', [ingressOf({ groups: ['sg-nodes'] })]]]),
    agents: mapOf(() => 'online' as const),
    surveys: mapOf((number) => surveyOf(number)),
    nodes: ALL.map((number) => swarmNode(number)),
    state: undefined,
    founder: undefined,
    known: [],
    ...changes,
  };
}

/** The same map with one of its values changed. */
export const changed = <T>(map: ReadonlyMap<string, T>, number: number, value: T): Map<string, T> =>
  new Map([...map, [instanceOf(number), value]]);
