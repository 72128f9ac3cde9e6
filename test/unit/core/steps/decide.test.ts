import { describe, expect, it } from '@jest/globals';

import { decide } from '../../../../src/core/steps/decide.ts';
import type { Decision, Question } from '../../../../src/core/steps/step.ts';
import { INSTANCE, LEADER, MANAGER_INSTANCE, NOW, SWARM_ID, planOf } from '../../support/examples.ts';
import {
  LATE,
  ended,
  factsOf,
  failed,
  item,
  lost,
  lying,
  manager,
  noSwarm,
  running,
  sent,
  stepOf,
  swarm,
  unfounded,
} from '../../support/steps.ts';
import type { Row } from '../../support/steps.ts';

/** Not on record. */
const OTHERS = ['i-00000000000000008', 'i-00000000000000009'].map((instance) => ({ ...LEADER.leader, instance }));

const SENDS: readonly Row[] = [
  ['a first attempt', stepOf('join'), {}, { kind: 'send', try: 1, begun: false, command: { target: INSTANCE } }],
  [
    'to a manager of the plan',
    stepOf('drain'),
    {},
    { kind: 'send', command: { target: MANAGER_INSTANCE }, record: 'unknown' },
  ],
  [
    'a leave of a swarm that was founded since it was claimed, with its id: another one is not to be left',
    stepOf('leave', { plan: noSwarm() }),
    { swarm },
    { kind: 'send', command: { parameters: { swarmId: SWARM_ID } } },
  ],
  [
    'what failed and may be tried again, under a new number',
    stepOf('join', { attempt: 1 }),
    { item: item('Join', { result: failed('Busy', true) }), swarm, candidates: [] },
    { kind: 'send', try: 2, begun: false },
  ],
  [
    'the same try again, where SSM knows nothing of it',
    stepOf('leave', { attempt: 1 }),
    { item: item('Leave'), earlier: null },
    { kind: 'send', try: 1, begun: true },
  ],
  [
    'a join that was refused a moment ago, without a search',
    stepOf('join', { attempt: 1 }),
    { item: item('Join', { sentAt: NOW - 5 }) },
    { kind: 'send', begun: true },
  ],
  ['an undo after the deadline', stepOf('leave', { ask: { undo: true } }), { now: LATE }, { kind: 'send' }],
  [
    'a demotion, for as many as are wanted',
    stepOf('demote', { plan: planOf({ role: 'manager', route: 'leave' }) }),
    { swarm, wanted: 3 },
    { kind: 'send', command: { parameters: { least: '3' } } },
  ],
  [
    'a demotion where the record is lost: that nobody is on it does not make this the only manager',
    stepOf('demote', { plan: planOf({ role: 'manager', route: 'leave' }) }),
    { swarm: lost, candidates: [LEADER.leader], wanted: 3 },
    { kind: 'send', command: { target: MANAGER_INSTANCE } },
  ],
  [
    'a drain that may hand over, where there is time',
    stepOf('drain', { ask: { handOver: true } }),
    {},
    { kind: 'send', command: { parameters: { handOver: 'yes' } } },
  ],
  [
    'a drain that may hand over, where there is no time left for it',
    stepOf('drain', { ask: { handOver: true } }),
    { now: LATE - 180 },
    { kind: 'send', command: { parameters: { handOver: 'no' } } },
  ],
  [
    'a drain that may not hand over',
    stepOf('drain'),
    {},
    { kind: 'send', command: { parameters: { handOver: 'no' } } },
  ],
  [
    'to one that may be a manager, where the one on record has failed, and others are left',
    stepOf('drain', { attempt: 1 }),
    { item: item('Drain', { result: failed('NoLeader', true) }), swarm, candidates: OTHERS },
    { kind: 'send', try: 2, command: { target: expect.stringMatching(/^i-0{16}[89]$/) }, last: false },
  ],
  [
    'to the last one that may be a manager',
    stepOf('drain', { attempt: 2 }),
    { item: item('Drain', { try: 2, result: failed('NoLeader', true) }), swarm, candidates: OTHERS },
    { kind: 'send', try: 3, command: { target: expect.stringMatching(/^i-0{16}[89]$/) }, last: true },
  ],
  [
    'a forced forget, where the group calls the instance unhealthy',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 9000 }) }),
    { now: NOW + 3600, item: item('Drain'), swarm, isUnhealthy: true },
    { kind: 'send', command: { parameters: { force: 'yes' } } },
  ],
  [
    'a forget that is not forced, a second before an hour has gone by',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 9000 }) }),
    { now: NOW + 3599, item: item('Drain'), swarm },
    { kind: 'send', command: { parameters: { force: 'no' } } },
  ],
  [
    'a first forget after an hour, which nobody has refused yet: it is not asked whether it is unhealthy',
    stepOf('forget', { plan: planOf({ deadline: NOW + 9000 }) }),
    { now: NOW + 3600 },
    { kind: 'send', command: { parameters: { force: 'no' } } },
  ],
  [
    'a forget of what is gone, after an hour: it is forced anyway',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 9000 }), ask: { force: true } }),
    { now: NOW + 3600, item: item('Drain'), swarm },
    { kind: 'send', command: { parameters: { force: 'yes' } } },
  ],
  [
    'the forget of a launch that is undone, after an hour: its node is taken out if it is down only',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 9000 }), ask: { undo: true } }),
    { now: NOW + 3600, item: item('Drain'), swarm },
    { kind: 'send', command: { parameters: { force: 'no' } } },
  ],
  [
    'a drain after an hour, which writes nobody off',
    stepOf('drain', { attempt: 1, plan: planOf({ deadline: NOW + 9000 }) }),
    { now: NOW + 3600, item: item('Drain', { result: failed('Busy', true) }), swarm, candidates: [] },
    { kind: 'send', command: { verb: 'drain' } },
  ],
  [
    'a forget that is not forced, where the hour went by under a hold',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 3600 + 1800, patience: 1800 }) }),
    { now: NOW + 3600, item: item('Drain'), swarm },
    { kind: 'send', command: { parameters: { force: 'no' } } },
  ],
  [
    'a forced forget, where an hour of refusals has followed a hold',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 3600 + 9000, patience: 9000 }) }),
    { now: NOW + 7200, item: item('Drain'), swarm, isUnhealthy: true },
    { kind: 'send', command: { parameters: { force: 'yes' } } },
  ],
];

const ASKS: readonly Row[] = [
  [
    'who leads anew, where a manager was asked before',
    stepOf('drain', { attempt: 1 }),
    { item: item('Claim') },
    { fact: 'swarm' },
  ],
  ['who leads, where the plan has nobody', stepOf('drain', { plan: noSwarm() }), {}, { fact: 'swarm' }],
  [
    'who leads anew, where a manager has waited for its turn',
    stepOf('join', { plan: manager() }),
    {},
    { fact: 'swarm' },
  ],
  [
    'who leads anew, where a manager that is to be demoted has waited for its turn',
    stepOf('demote', { plan: manager() }),
    {},
    { fact: 'swarm' },
  ],
  [
    'of which swarm a leave is, where the plan is of before the founding',
    stepOf('leave', { plan: noSwarm() }),
    {},
    { fact: 'swarm' },
  ],
  [
    'who else may be a manager, where the record is lost',
    stepOf('drain', { plan: noSwarm() }),
    { swarm: lost },
    { fact: 'candidates' },
  ],
  [
    'whether the cluster is held, for an own step of an execution',
    stepOf('rotate', { belongsTo: 'execution' }),
    {},
    { fact: 'hold' },
  ],
  ['whether it is held, only where it is late', stepOf('join'), { now: LATE }, { fact: 'hold' }],
  [
    'how many managers are wanted, before one that lives is demoted',
    stepOf('demote'),
    {
      swarm: {
        ...swarm,
        record: { ...LEADER, managers: [...LEADER.managers, { ...LEADER.leader, instance: INSTANCE }] },
      },
    },
    { fact: 'wanted' },
  ],
  [
    'whether the group calls it unhealthy, after an hour of refusals',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 9000 }) }),
    { now: NOW + 3600, item: item('Drain'), swarm },
    { fact: 'isUnhealthy' },
  ],
  [
    'whether the group calls it unhealthy, an hour after the end of a hold',
    stepOf('forget', { attempt: 1, plan: planOf({ deadline: NOW + 1800 + 9000, patience: 9000 }) }),
    { now: NOW + 1800 + 3600, item: item('Drain'), swarm },
    { fact: 'isUnhealthy' },
  ],
  [
    'whether it has been founded meanwhile, where a manager waits for its turn',
    stepOf('lock', { plan: noSwarm() }),
    { item: item('Prepare') },
    { fact: 'swarm' },
  ],
  [
    'whether it has been founded just before it queued up',
    stepOf('join', { plan: noSwarm() }),
    { queued: 'founding' },
    { fact: 'swarm' },
  ],
  ['whether the hold has ended just before it queued up', stepOf('hold'), { queued: 'end of hold' }, { fact: 'hold' }],
  [
    'whether a manager has come just before it queued up',
    stepOf('lock', { plan: planOf({ route: 'leave' }) }),
    { queued: 'managers', wanted: 3 },
    { fact: 'record' },
  ],
  ['for the options of a founding', stepOf('init', { plan: planOf({ route: 'found' }) }), {}, { fact: 'config' }],
  [
    'SSM for a try whose answer was lost',
    stepOf('leave', { attempt: 1 }),
    { item: item('Leave', { sentAt: NOW - 9 }) },
    { fact: 'earlier', target: INSTANCE, since: NOW - 9 },
  ],
  [
    'how a command that is under way stands',
    stepOf('join', { attempt: 1 }),
    { item: sent('Join', INSTANCE) },
    { fact: 'invocation', of: { commandId: 'one' } },
  ],
  [
    'whether the manager still is in a group',
    stepOf('drain', { attempt: 1 }),
    { item: sent('Drain', MANAGER_INSTANCE), invocation: lying },
    { fact: 'isInAnyGroup' },
  ],
  [
    'whether a manager that leaves a command lying works at all',
    stepOf('drain', { attempt: 1 }),
    { now: NOW + 10, item: sent('Drain', MANAGER_INSTANCE), invocation: lying, isInAnyGroup: true },
    { fact: 'hasWorked' },
  ],
  [
    'whether an instance that never registers is gone',
    stepOf('join', { attempt: 4 }),
    { obstacle: { kind: 'refused', verb: 'join', because: 'x' } },
    { fact: 'isGone' },
  ],
  [
    'whether a hold or an execution was faster',
    stepOf('join'),
    { obstacle: { kind: 'not begun' } },
    { fact: 'isMarked' },
  ],
];

const DELIVERS: readonly Row[] = [
  [
    'once more what the item has',
    stepOf('join', { attempt: 1 }),
    { item: item('Join', { result: { ok: true, output: {} } }) },
    { what: 'stored' },
  ],
  [
    'an end that no event has told, also when it is late',
    stepOf('join', { attempt: 1 }),
    { now: LATE, item: sent('Join', INSTANCE), invocation: ended },
    { what: 'found', of: { commandId: 'one' }, notBefore: NOW - 90 },
  ],
  [
    'an end that a search has found',
    stepOf('leave', { attempt: 1 }),
    { item: item('Leave'), earlier: { commandId: 'two', target: INSTANCE }, invocation: ended },
    { what: 'found', of: { commandId: 'two' } },
  ],
  [
    'that it is no member, where a launch is undone and there is no swarm',
    stepOf('forget', { plan: noSwarm(), ask: { undo: true } }),
    { swarm: unfounded },
    { what: 'output', output: { member: false } },
  ],
  [
    'that nothing is to be handed over, where nobody can read what was told',
    stepOf('shift', { belongsTo: 'execution', round: { number: 0, leaving: ['n'], told: undefined } }),
    {},
    { what: 'output', output: { done: true } },
  ],
  ['the end of a hold', stepOf('hold'), { hold: null }, { what: 'end of hold' }],
  [
    'the end of a hold that came while it queued up',
    stepOf('hold'),
    { queued: 'end of hold', hold: null },
    { what: 'end of hold' },
  ],
  ['the end of the swarm', stepOf('erase'), { item: item('LeaveLast') }, { what: 'end of swarm' }],
];

const LOOKS: readonly Row[] = [
  [
    'at what a search has found, also where a hold has marked the node: it goes on to its end',
    stepOf('leave', { attempt: 1 }),
    { item: item('Leave', { held: NOW }), earlier: { commandId: 'two', target: INSTANCE }, invocation: running },
    {},
  ],
  [
    'while an instance works',
    stepOf('join', { attempt: 1 }),
    { item: sent('Join', INSTANCE), invocation: running },
    {},
  ],
  [
    'while a manager works',
    stepOf('drain', { attempt: 1 }),
    { item: sent('Drain', MANAGER_INSTANCE), invocation: running, isInAnyGroup: true },
    {},
  ],
  [
    'while the agent of a manager is only busy',
    stepOf('drain', { attempt: 2 }),
    { now: NOW + 20, item: sent('Drain', MANAGER_INSTANCE), invocation: lying, isInAnyGroup: true, hasWorked: true },
    {},
  ],
  [
    'before the agent of a manager is asked after: a burst of workers may be all that keeps it busy',
    stepOf('drain', { attempt: 1 }),
    { now: NOW + 9, item: sent('Drain', MANAGER_INSTANCE), invocation: lying, isInAnyGroup: true },
    {},
  ],
  [
    'a leave that has begun may take its time',
    stepOf('leave', { attempt: 9 }),
    { item: sent('Leave', INSTANCE), invocation: running },
    {},
  ],
];

describe.each<[Decision['kind'] | Question['kind'], readonly Row[]]>([
  ['send', SENDS],
  ['ask', ASKS],
  ['deliver', DELIVERS],
  ['look again', LOOKS],
])('an attempt of a step: %s', (kind, rows) => {
  it.each(rows)('%s', (_what, step, facts, expected) => {
    expect(decide(step, factsOf(facts))).toMatchObject({ kind, ...expected });
  });
});
