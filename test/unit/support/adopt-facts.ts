// A swarm of three managers and two workers that somebody made by hand, as an adoption sees it; tests change what they are about.
import type {
  AdoptFacts,
  AdoptSurvey,
  FoundGroup,
  FoundInstance,
  FoundRole,
  Ingress,
  VpcFacts,
} from '../../../src/core/adopt/facts.ts';
import type { NodeRole } from '../../../src/core/names.ts';
import type { SwarmNode } from '../../../src/core/tidy/facts.ts';

export const SWARM = 's'.repeat(25);
export const FOUNDED = { subnetSize: 24, dataPathPort: 4789, autolock: false, pools: ['172.30.0.0/16'] };

export const instanceOf = (number: number): string => `i-0000000000000000${number}`;
export const nodeOf = (number: number): string => `node${number}`.padEnd(25, 'x');
export const addressOf = (number: number): string => `10.0.1.${number}`;
const PROFILE = 'arn:aws:iam::123456789012:instance-profile/nodes';
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
  profile: PROFILE,
  vpc: 'vpc-1',
  subnet: 'subnet-a',
  hasPublicAddress: false,
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
  subnets: ['subnet-a'],
  instances: numbers.map((number) => ({ instance: instanceOf(number), lifecycle: 'InService', zone: 'eu-west-1a' })),
  ...changes,
});

type Role = FoundRole | { readonly unseen: string };

/** All that its group needs. */
export const foundRole = (role: NodeRole, changes: Partial<FoundRole> = {}): FoundRole => ({
  ...{ name: 'nodes', cluster: 'demo', roleTag: role, lacks: [], unclear: [] },
  ...changes,
});

const rolesOf = (role: Role): AdoptFacts['groups'][number]['roles'] => [
  { profile: PROFILE, found: 'unseen' in role ? role : { seen: role } },
];

type Table = VpcFacts['tables'][number];
export const OUT: Table['routes'][number] = { network: '0.0.0.0/0', gateway: 'other' };
export const tableOf = (changes: Partial<Table> = {}): Table => ({
  ...{ vpc: 'vpc-1', isMain: true, subnets: [], routes: [] },
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
  readonly userData?: string | { readonly unseen: string };
  readonly roles?: Readonly<Partial<Record<'managers' | 'workers', Role>>>;
}

export function adoptFacts({ of = {}, userData = '', roles = {}, ...changes }: Changes = {}): AdoptFacts {
  return {
    stage: 'dev',
    cluster: 'demo',
    groups: [
      {
        ...{ name: 'managers', role: 'manager', found: foundGroup(MANAGERS, of.managers) },
        userData: typeof userData === 'string' ? { seen: userData } : userData,
        roles: rolesOf(roles.managers ?? foundRole('manager')),
      },
      {
        ...{ name: 'workers', role: 'worker', found: foundGroup(WORKERS, of.workers), userData: { seen: '' } },
        roles: rolesOf(roles.workers ?? foundRole('worker')),
      },
    ],
    instances: mapOf((number) => foundInstance(number)),
    ingress: { seen: new Map([['sg-nodes', [ingressOf({ groups: ['sg-nodes'] })]]]) },
    network: { seen: { tables: [tableOf({ routes: [OUT] })], endpoints: [] } },
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

const BASE = adoptFacts();
/** What one of the engines says of itself. */
export const said = (number: number, changes: Partial<AdoptSurvey>): Changes => ({
  surveys: changed(BASE.surveys, number, surveyOf(number, changes)),
});
/** What EC2 shows of one of the instances. */
export const shown = (number: number, changes: Partial<FoundInstance>): Changes => ({
  instances: changed(BASE.instances, number, foundInstance(number, changes)),
});
/** What the managers see of one of the nodes. */
export const seen = (number: number, changes: Partial<SwarmNode>): Changes => ({
  nodes: (BASE.nodes ?? []).map((node) => (node.nodeId === nodeOf(number) ? swarmNode(number, changes) : node)),
});

export const hook = (name: string, metadata?: string) => ({
  ...{ name, metadata, timeout: 1800, defaultResult: 'CONTINUE' },
  transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
});
