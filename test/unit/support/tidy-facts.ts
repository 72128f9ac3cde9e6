// What a tidy sees, for tests: a cluster of one worker that is as it should be, and what differs.
import type { HookFacts } from '../../../src/core/lifecycle/hooks.ts';
import type {
  GroupInstance,
  KnownNode,
  Repair,
  SwarmNode,
  TidyFacts,
  TidyGroup,
} from '../../../src/core/tidy/facts.ts';
import { planTidy } from '../../../src/core/tidy/repairs.ts';
import { isWarm } from '../../../src/core/tidy/warm-pool.ts';
import { INSTANCE, NODE_ID, NOW } from './examples.ts';

export const OTHER_NODE = 'otherlvvzfzci6j9ohzl1v6cw';
export const ARN = 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-scale-out:one';

export const node = (changes: Partial<SwarmNode> = {}): SwarmNode => ({
  nodeId: NODE_ID,
  role: 'worker',
  status: 'ready',
  availability: 'active',
  instance: INSTANCE,
  isManager: false,
  isReachable: false,
  isLeaving: false,
  version: undefined,
  age: undefined,
  address: undefined,
  neverUp: false,
  ...changes,
});
export const down = (changes: Partial<SwarmNode> = {}): SwarmNode => node({ status: 'down', age: 60, ...changes });
export const manager = (changes: Partial<SwarmNode> = {}): SwarmNode =>
  node({ role: 'manager', isManager: true, isReachable: true, ...changes });

export const item = (changes: Partial<KnownNode> = {}): KnownNode => ({
  instance: INSTANCE,
  phase: 'ready',
  role: 'worker',
  nodeId: NODE_ID,
  group: 'workers',
  owner: 'me',
  ownerArn: ARN,
  leaseUntil: 0,
  ...changes,
});

function hooksOf(role: 'worker' | 'manager'): HookFacts[] {
  const metadata = JSON.stringify({ cluster: 'prod', role, timeout: 1800 });
  return [
    {
      name: 'skep-dev-launch',
      transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      metadata,
      timeout: 1800,
      defaultResult: 'CONTINUE',
    },
    {
      name: 'skep-dev-terminate',
      transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      metadata,
      timeout: 1800,
      defaultResult: role === 'manager' ? 'ABANDON' : 'CONTINUE',
    },
  ];
}

type Members = readonly { readonly instance: string; readonly lifecycle: string; readonly healthy?: boolean }[];

const inPool = (members: Members, wanted: boolean): GroupInstance[] =>
  members.flatMap((one) => (isWarm(one.lifecycle) === wanted ? [{ healthy: true, ...one }] : []));

export const group = (
  members: Members = [{ instance: INSTANCE, lifecycle: 'InService' }],
  changes: Partial<TidyGroup> = {},
): TidyGroup => ({
  name: 'workers',
  role: 'worker',
  desired: members.length,
  replaceDown: false,
  instances: inPool(members, false),
  ...(inPool(members, true).length === 0 ? {} : { warm: inPool(members, true) }),
  hooks: hooksOf('worker'),
  ...changes,
});
export const managerGroup = (members: Members, changes: Partial<TidyGroup> = {}): TidyGroup =>
  group(members, { name: 'managers', role: 'manager', hooks: hooksOf('manager'), ...changes });

export const factsOf = (changes: Partial<TidyFacts> = {}): TidyFacts => ({
  cluster: 'prod',
  stage: 'dev',
  nodes: [node()],
  whole: true,
  groups: [group()],
  known: [item()],
  states: new Map(),
  notFound: new Set(),
  owners: new Map(),
  ended: new Set(),
  lock: undefined,
  tokens: { held: undefined, published: undefined },
  downAfter: 900,
  repairHooks: false,
  now: NOW,
  ...changes,
});

const plan = (changes: Partial<TidyFacts>): ReturnType<typeof planTidy> => planTidy(factsOf(changes));
type Of<Kind extends Repair['kind'], One = Repair> = One extends { readonly kind: infer All }
  ? Kind extends All
    ? One
    : never
  : never;
/** The repairs of one kind that are planned. */
export const only = <Kind extends Repair['kind']>(changes: Partial<TidyFacts>, kind: Kind): Of<Kind>[] =>
  plan(changes).repairs.filter((repair) => repair.kind === kind) as Of<Kind>[];

/** One group, in which the instance is in this state. */
export const members = (lifecycle: string): TidyFacts['groups'] => [group([{ instance: INSTANCE, lifecycle }])];
