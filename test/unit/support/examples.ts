// Values of the right form, for tests that are about something else.
import type { LeaderRecord, NodeItem, Plan } from '../../../src/core/model.ts';
import type { ClaimFacts } from '../../../src/core/lifecycle/claim.ts';
import type { Action, Completion } from '../../../src/core/lifecycle/event.ts';

export const INSTANCE = 'i-0123456789abcdef0';
export const OTHER_INSTANCE = 'i-0fedcba9876543210';
export const MANAGER_INSTANCE = 'i-0aaaaaaaaaaaaaaaa';
export const NODE_ID = 'da5el1vvzfzci6j9ohzl1v6cw';
const MANAGER_NODE_ID = 'leadervvzfzci6j9ohzl1v6cw';
export const SWARM_ID = 'wp676z7pdxbkldvrn9s1718aj';
export const CA_DIGEST = '65o7d5vfmi2dmf8kykzhuqztedi0z2r9qwbwem030tanehl0p5';
export const ACTION_TOKEN = '87654321-4321-4321-4321-210987654321';
export const TOKEN_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4444-8888-0123456789ab';
export const EXECUTION = 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-scale-out:one';
/** 2026-01-01T00:00:00Z */
export const NOW = 1_767_225_600;

export const LEADER: LeaderRecord = {
  leader: { instance: MANAGER_INSTANCE, nodeId: MANAGER_NODE_ID, address: '10.0.1.11:2377' },
  managers: [{ instance: MANAGER_INSTANCE, nodeId: MANAGER_NODE_ID, address: '10.0.1.11:2377' }],
  term: 1,
};

export const FOUNDED = { status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST } as const;

export const COMPLETION: Completion = {
  AutoScalingGroupName: 'workers',
  LifecycleHookName: 'skep-dev-launch',
  LifecycleActionToken: ACTION_TOKEN,
};

export function actionOf(changes: Partial<Action> = {}): Action {
  const { kind = 'launch' } = changes;
  return {
    kind,
    group: 'workers',
    hook: `skep-dev-${kind}`,
    instance: INSTANCE,
    transition: `autoscaling:EC2_INSTANCE_${kind === 'launch' ? 'LAUNCHING' : 'TERMINATING'}`,
    actionToken: ACTION_TOKEN,
    time: NOW,
    timeout: 1800,
    patience: 1800,
    cluster: 'prod',
    role: 'worker',
    labels: {},
    availability: 'active',
    ask: kind === 'launch' ? 'join' : 'leave',
    depart: false,
    comesBack: false,
    isReturn: false,
    replaces: undefined,
    ...changes,
  };
}

export function factsOf(changes: Partial<ClaimFacts> = {}): ClaimFacts {
  return {
    state: FOUNDED,
    leader: LEADER,
    founder: { instance: MANAGER_INSTANCE, since: NOW - 3600 },
    node: undefined,
    action: undefined,
    group: { cluster: 'prod', role: 'worker', abandons: 0 },
    ...changes,
  };
}

export function nodeOf(changes: Partial<NodeItem> = {}): NodeItem {
  return {
    instance: INSTANCE,
    group: 'workers',
    role: 'worker',
    phase: 'ready',
    owner: 'somebody-else',
    ownerArn: `${EXECUTION}-else`,
    leaseUntil: NOW + 1860,
    nodeId: NODE_ID,
    taskToken: undefined,
    ...changes,
  };
}

export function planOf(changes: Partial<Plan> = {}): Plan {
  return {
    v: 1,
    route: 'join',
    because: 'a test',
    completion: COMPLETION,
    cluster: 'prod',
    role: 'worker',
    instance: INSTANCE,
    group: 'workers',
    hook: { name: 'skep-dev-launch', timeout: 1800, time: NOW, actionToken: ACTION_TOKEN },
    deadline: NOW + 1740,
    look: 90,
    lookSoon: 60,
    lookSlow: 900,
    labels: {},
    depart: false,
    nodeId: 'none',
    swarm: { swarmId: SWARM_ID, caDigest: CA_DIGEST, managers: LEADER.managers },
    ...changes,
  };
}
