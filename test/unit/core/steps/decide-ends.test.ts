import { describe, expect, it } from '@jest/globals';

import { decide } from '../../../../src/core/steps/decide.ts';
import { swarmOf } from '../../../../src/core/lifecycle/claim.ts';
import type { Decision } from '../../../../src/core/steps/step.ts';
import { FOUNDED, INSTANCE, LEADER, MANAGER_INSTANCE, NOW, planOf } from '../../support/examples.ts';
import {
  ASK,
  LATE,
  factsOf,
  failed,
  hold,
  item,
  lost,
  lying,
  noSwarm,
  nothing,
  running,
  sent,
  stepOf,
  swarm,
  unfounded,
} from '../../support/steps.ts';
import type { Row } from '../../support/steps.ts';

const GIVES_UP: readonly Row[] = [
  [
    'what another execution has taken over',
    stepOf('join', { attempt: 1 }),
    { item: null },
    { error: 'Superseded', cause: `another execution has taken over ${INSTANCE}` },
  ],
  [
    'what cannot be tried again',
    stepOf('join', { attempt: 1 }),
    { item: item('Join', { result: failed('ForeignSwarm', false) }) },
    { error: 'ForeignSwarm', cause: 'c' },
  ],
  [
    'at the deadline',
    stepOf('join'),
    { now: LATE, hold: null },
    { error: 'DeadlineReached', cause: `the time for ${INSTANCE} is over`, cancel: undefined },
  ],
  [
    'at the deadline, and cancels what is under way',
    stepOf('join', { attempt: 1 }),
    { now: LATE, hold: null, item: sent('Join', INSTANCE), invocation: running },
    { error: 'DeadlineReached', cancel: { commandId: 'one' } },
  ],
  [
    'at the deadline of a held cluster with the hold, and cancels nothing',
    stepOf('join', { attempt: 1 }),
    { now: LATE, hold, item: sent('Join', INSTANCE), invocation: running },
    { error: 'Held' },
  ],
  [
    'a confirmation of which nobody has said how it stands',
    stepOf('confirm'),
    { now: LATE, hold: null },
    { error: 'Unconfirmed', cause: `no manager has said how ${INSTANCE} stands: none has answered` },
  ],
  [
    'a confirmation of which a manager has said nothing, with what it said instead',
    stepOf('confirm', { attempt: 1 }),
    { now: LATE, hold: null, swarm, candidates: [], item: item('Confirm', { result: failed('NoLeader', true) }) },
    { error: 'Unconfirmed', cause: `no manager has said how ${INSTANCE} stands: NoLeader` },
  ],
  [
    'a confirmation that no manager has ended, and cancels it',
    stepOf('confirm', { attempt: 1 }),
    { now: LATE, hold: null, item: sent('Confirm', MANAGER_INSTANCE), invocation: running },
    { error: 'Unconfirmed', cancel: { commandId: 'one' } },
  ],
  [
    'a confirmation of what is no node at the deadline',
    stepOf('confirm', { attempt: 1 }),
    { now: LATE, hold: null, swarm, candidates: [], item: item('Confirm', { result: failed('NotReady', true) }) },
    { error: 'DeadlineReached' },
  ],
  [
    'a turn at the deadline, before anything is asked',
    stepOf('lock'),
    { now: LATE, hold: null, item: item('Prepare') },
    { error: 'DeadlineReached' },
  ],
  [
    'where a mark says that it is held',
    stepOf('lock'),
    { item: item('Prepare', { held: NOW }) },
    { error: 'Held', cause: 'prod is held: skep unhold prod' },
  ],
  [
    'the same try of a marked node',
    stepOf('leave', { attempt: 1 }),
    { item: item('Leave', { held: NOW }), earlier: null },
    { error: 'Held' },
  ],
  [
    'an own step of an execution, where the cluster is held',
    stepOf('rotate', { belongsTo: 'execution' }),
    { hold },
    { error: 'Held' },
  ],
  [
    'a node that was taken over while it was to begin',
    stepOf('join'),
    { obstacle: { kind: 'not begun' }, isMarked: false },
    { error: 'Superseded' },
  ],
  [
    'a node that a hold has marked while it was to begin',
    stepOf('join'),
    { obstacle: { kind: 'not begun' }, isMarked: true },
    { error: 'Held' },
  ],
  ['where another manager has the lock', stepOf('demote'), { obstacle: { kind: 'locked' } }, { error: 'LockTaken' }],
  [
    'where SendCommand did not answer, and notes it',
    stepOf('join'),
    { obstacle: { kind: 'unanswered', because: 'x' } },
    { error: 'AwsUnavailable', note: { on: 'step', uncertain: true } },
  ],
  [
    'an agent that is not there yet',
    stepOf('join'),
    { obstacle: { kind: 'refused', verb: 'join', because: 'x', denied: 'AccessDeniedException' } },
    { error: 'AgentNotRegistered' },
  ],
  [
    'an instance that is gone',
    stepOf('join', { attempt: 4 }),
    { obstacle: { kind: 'refused', verb: 'join', because: 'x' }, isGone: true },
    { error: 'InstanceGone' },
  ],
  [
    'a role that may not',
    stepOf('join', { attempt: 5 }),
    { obstacle: { kind: 'refused', verb: 'join', because: 'x', denied: 'AccessDeniedException' }, isGone: false },
    { error: 'AccessDeniedException' },
  ],
  [
    'an instance that takes no commands any more',
    stepOf('leave'),
    { obstacle: { kind: 'refused', verb: 'leave', because: 'x' } },
    { error: 'InstanceUnreachable' },
  ],
  [
    'a manager that takes none: the next one is asked',
    stepOf('drain'),
    { obstacle: { kind: 'refused', verb: 'drain', because: 'x' } },
    { error: 'CommandUndelivered', note: { result: { retryable: true } } },
  ],
  [
    'a manager that is in no group',
    stepOf('drain', { attempt: 1 }),
    { item: sent('Drain', MANAGER_INSTANCE), invocation: lying, isInAnyGroup: false },
    { error: 'CommandUndelivered', cause: `${MANAGER_INSTANCE} is in no group any more`, cancel: undefined },
  ],
  [
    'a manager that does nothing, and cancels',
    stepOf('drain', { attempt: 2 }),
    { now: NOW + 20, item: sent('Drain', MANAGER_INSTANCE), invocation: lying, isInAnyGroup: true, hasWorked: false },
    {
      error: 'CommandUndelivered',
      cause: `the agent of ${MANAGER_INSTANCE} does not pick up its command`,
      cancel: { commandId: 'one' },
    },
  ],
  [
    'a join that its agent has not taken for four minutes, and cancels',
    stepOf('join', { attempt: 3 }),
    { now: NOW + 150, item: sent('Join', INSTANCE), invocation: lying },
    {
      error: 'CommandUndelivered',
      cause: `the agent of ${INSTANCE} has not picked up its command`,
      cancel: { commandId: 'one' },
    },
  ],
  [
    'a leave that nobody picks up',
    stepOf('leave', { attempt: 2 }),
    { item: sent('Leave', INSTANCE), invocation: lying },
    {
      error: 'NodeUnresponsive',
      cause: `the agent of ${INSTANCE} does not pick up its command`,
      cancel: { commandId: 'one' },
    },
  ],
  [
    'the demotion of the only manager, and the lock with it',
    stepOf('demote', { plan: planOf({ role: 'manager', route: 'leave', instance: MANAGER_INSTANCE }) }),
    { swarm },
    {
      error: 'OnlyManager',
      cause: `${MANAGER_INSTANCE} is the only manager of prod on record`,
      releaseLock: true,
    },
  ],
  [
    'the demotion of the only manager also when it is late: the lock is for others by then',
    stepOf('demote', { plan: planOf({ role: 'manager', route: 'leave', instance: MANAGER_INSTANCE }) }),
    { swarm, now: LATE, hold: null },
    { error: 'OnlyManager', releaseLock: true },
  ],
  [
    'the confirmation of a manager that has missed a recovery',
    stepOf('confirm', {
      plan: planOf({ role: 'manager', swarm: { ...swarmOf(FOUNDED, LEADER), epoch: 1 } }),
      ask: { node: { ...ASK.node, epoch: 0 } },
    }),
    { addresses: ['10.0.1.12'] },
    { error: 'MissedRecovery' },
  ],
  [
    'what is asked of a cluster without a swarm',
    stepOf('inspect', { plan: noSwarm() }),
    { swarm: unfounded },
    { error: 'NotFounded', cause: 'prod has no swarm yet' },
  ],
  [
    'the join of a swarm that has ended since it was planned: nobody founds it anew for this one',
    stepOf('join', { plan: planOf({ role: 'manager' }) }),
    { swarm: unfounded },
    { error: 'NotFounded' },
  ],
  [
    'what is asked of a cluster that nobody knows',
    stepOf('inspect', { plan: noSwarm() }),
    { swarm: nothing },
    { error: 'CommandUndelivered', cause: 'nothing is on record of prod' },
  ],
  [
    'the wait for a founding after a look',
    stepOf('lock', { attempt: 1, plan: noSwarm() }),
    { item: item('Prepare'), swarm: unfounded },
    { error: 'NotFounded', cause: 'prod has no swarm yet' },
  ],
  [
    'a founding that came while it queued up',
    stepOf('join', { plan: noSwarm() }),
    { queued: 'founding', swarm },
    { error: 'LeaderFound', cause: 'prod has been founded' },
  ],
  [
    'a manager that came while it queued up',
    stepOf('lock', { plan: planOf({ route: 'leave' }) }),
    { queued: 'managers', wanted: 1, record: LEADER },
    { error: 'ManagersChanged', cause: 'a manager of prod has joined' },
  ],
  [
    'a look later, one that was refused before: a manager has come meanwhile',
    stepOf('lock', { attempt: 1, plan: planOf({ route: 'leave' }), ask: { refused: true } }),
    { queued: 'managers', wanted: 1, record: LEADER },
    { error: 'ManagersChanged' },
  ],
  [
    'a hold that is as long as the hook',
    stepOf('hold'),
    { now: NOW + 172_800, hold },
    {
      error: 'HeldTooLong',
      cause: expect.stringMatching(new RegExp(`^the hook of ${INSTANCE} ends now: prod is held since .* \\(a look\\)`)),
    },
  ],
];

const withoutHook = (): ReturnType<typeof planOf> => {
  const {
    v,
    route,
    because,
    cluster,
    role,
    instance,
    swarm: planned,
  } = planOf() as Required<ReturnType<typeof planOf>>;
  return { v, route, because, cluster, role, instance, swarm: planned };
};

const WAITS: readonly Row[] = [
  [
    'a join for the founding',
    stepOf('join', { plan: noSwarm() }),
    { swarm: unfounded },
    { queue: { for: 'founding', phase: 'joining' } },
  ],
  [
    'a manager for the founding',
    stepOf('lock', { plan: noSwarm() }),
    { item: item('Prepare'), swarm: unfounded },
    { queue: { for: 'founding' } },
  ],
  [
    'a manager for its turn to join',
    stepOf('lock'),
    { item: item('Prepare') },
    { queue: { for: 'turn', since: NOW, last: false } },
  ],
  [
    'a manager for another one to come',
    stepOf('lock', { plan: planOf({ route: 'leave' }) }),
    { item: item('Claim'), goesLast: false, wanted: 3, record: LEADER },
    { queue: { for: 'managers', releaseLock: false } },
  ],
  [
    'one that was refused, without the lock',
    stepOf('lock', { plan: planOf({ route: 'leave' }), ask: { refused: true } }),
    { item: item('Demote') },
    { queue: { for: 'managers', releaseLock: true } },
  ],
  [
    'one that is gone comes before all others',
    stepOf('lock', { plan: planOf({ route: 'leave' }), ask: { force: true } }),
    { item: item('Claim'), goesLast: false },
    { queue: { for: 'turn', since: 0 } },
  ],
  [
    'the last one goes with its swarm',
    stepOf('lock', { plan: planOf({ route: 'leave' }) }),
    { item: item('Claim'), goesLast: true },
    { queue: { for: 'turn', since: 0, last: true } },
  ],
  [
    'for the end of a hold, and keeps others away',
    stepOf('hold'),
    { hold },
    { queue: { for: 'end of hold', leaseUntil: expect.any(Number) } },
  ],
  [
    'for the end of a hold after a look, and keeps others away no longer than before',
    stepOf('hold', { attempt: 1 }),
    { hold },
    { queue: { for: 'end of hold', leaseUntil: undefined } },
  ],
  [
    'one without a hook, for its turn from now on',
    stepOf('lock', { plan: withoutHook() }),
    { now: NOW + 60, item: item('Prepare') },
    { queue: { for: 'turn', since: NOW + 60 } },
  ],
  [
    'one that may go, for its turn in the order in which AWS asked',
    stepOf('lock', { plan: planOf({ route: 'leave' }) }),
    { now: NOW + 60, item: item('Claim'), goesLast: false, wanted: 1, record: LEADER },
    { queue: { for: 'turn', since: NOW, last: false } },
  ],
  [
    'one that was refused, after a look, for another one to come: by then it has no lock',
    stepOf('lock', { attempt: 1, plan: planOf({ route: 'leave' }), ask: { refused: true } }),
    { item: item('Demote'), goesLast: false, wanted: 3, record: LEADER },
    { queue: { for: 'managers', releaseLock: false } },
  ],
  [
    'a manager for its turn in a swarm that was founded since it was claimed',
    stepOf('lock', { plan: noSwarm() }),
    { item: item('Prepare'), swarm },
    { queue: { for: 'turn', since: NOW, last: false } },
  ],
  ['on, where what it queued up for has not come', stepOf('hold'), { queued: 'end of hold', hold }, {}],
  [
    'on, where the founding has not come while it queued up',
    stepOf('join', { plan: noSwarm() }),
    { queued: 'founding', swarm: unfounded },
    {},
  ],
  [
    'on for another manager, where none has come while it queued up',
    stepOf('lock', { plan: planOf({ route: 'leave' }) }),
    { queued: 'managers', wanted: 3, record: LEADER },
    {},
  ],
  [
    'on for another manager, where it was refused a moment ago: the record may still be what it was refused by',
    stepOf('lock', { plan: planOf({ route: 'leave' }), ask: { refused: true } }),
    { queued: 'managers', wanted: 1, record: LEADER },
    {},
  ],
  ['on for its turn: the lock is looked at where it is queued for', stepOf('lock'), { queued: 'turn' }, {}],
  ['where nobody at all is known', stepOf('drain', { plan: noSwarm() }), { swarm: lost, candidates: [] }, {}],
];

describe.each<[Decision['kind'], readonly Row[]]>([
  ['give up', GIVES_UP],
  ['wait', WAITS],
])('an attempt of a step: %s', (kind, rows) => {
  it.each(rows)('%s', (_what, step, facts, expected) => {
    expect(decide(step, factsOf(facts))).toMatchObject({ kind, ...expected });
  });
});
