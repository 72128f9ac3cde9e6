// Instances of warm pools: who is asked for, and what becomes of those that are nodes still.
import { describe, expect, it } from '@jest/globals';

import type { TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { USUAL_POLICY } from '../../../../src/core/lifecycle/warning-policy.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { withinShare } from '../../../../src/core/tidy/share.ts';
import { perhapsWarm, withWarm } from '../../../../src/core/tidy/warm-pool.ts';
import { INSTANCE, NOW, OTHER_INSTANCE } from '../../support/examples.ts';
import { down, factsOf, group, item, manager, managerGroup, members, node, only } from '../../support/tidy-facts.ts';

const STOPPED = new Map([[INSTANCE, 'stopped']]);
const ERASED = 'erase: the instances are gone, or off in a warm pool, and the swarm does not know them';
const WARM = { group: 'workers', lifecycle: 'Warmed:Stopped', zone: 'eu-west-1a' };

describe('Auto Scaling is asked for an instance', () => {
  it.each<[string, Parameters<typeof perhapsWarm>, string[]]>([
    ['in a group: never', [[item()], [group()]], []],
    ['on record in no group', [[item()], [group([])]], [INSTANCE]],
    ['on its way, in no group', [[item({ phase: 'leaving', leaseUntil: NOW + 9 })], []], [INSTANCE]],
    ['that has left the swarm: never of a worker', [[item({ phase: 'gone' })], []], []],
    ['that has left the swarm: of a manager', [[item({ phase: 'gone', role: 'manager' })], []], [INSTANCE]],
  ])('%s', (_name, asked, wanted) => {
    expect(perhapsWarm(...asked)).toEqual(wanted);
  });

  it('for 200 at most', () => {
    const many = Array.from({ length: 300 }, (_, index) => item({ instance: `i-${index}` }));
    expect(perhapsWarm(many, [])).toHaveLength(200);
  });

  it('and counts for its group only while it is in the pool of that group', () => {
    const shown = new Map([
      [INSTANCE, WARM],
      [OTHER_INSTANCE, { ...WARM, lifecycle: 'InService' }],
      ['i-1', { ...WARM, group: 'others' }],
    ]);
    const [made] = withWarm([group([])], shown);
    expect(made).toEqual({
      ...group([]),
      warm: [{ instance: INSTANCE, lifecycle: 'Warmed:Stopped', zone: 'eu-west-1a', healthy: true }],
    });
  });
});

describe('an instance that is', () => {
  const plan = (changes: Partial<TidyFacts>): unknown =>
    planTidy(factsOf(changes)).repairs.map((repair) => `${repair.kind}: ${repair.because}`);

  it.each<[string, Partial<TidyFacts>, string[]]>([
    [
      'on its way back to the pool leaves, if nobody is at work on it',
      { groups: members('Warmed:Pending:Wait') },
      ['leave: it waits to go back to the warm pool, and no execution is at work on it'],
    ],
    [
      'on its way back to the pool is left alone while somebody is',
      { groups: members('Warmed:Pending:Wait'), known: [item({ phase: 'leaving', leaseUntil: NOW + 9 })] },
      [],
    ],
    [
      'in the pool and Ready leaves',
      { groups: members('Warmed:Running') },
      ['leave: it is Warmed:Running in the warm pool of its group, and a node'],
    ],
    ['in the pool and no node is left alone', { groups: members('Warmed:Running'), nodes: [] }, []],
    [
      'stopped in the pool is forgotten when its node is down',
      { groups: members('Warmed:Stopped'), nodes: [down()], states: STOPPED },
      ['forget: the node is down, and its instance is stopped in the warm pool of its group (Warmed:Stopped)', ERASED],
    ],
    [
      'hibernated in the pool is forgotten when its node is down',
      { groups: members('Warmed:Hibernated'), nodes: [down()], states: STOPPED },
      [
        'forget: the node is down, and its instance is stopped in the warm pool of its group (Warmed:Hibernated)',
        ERASED,
      ],
    ],
    [
      'stopped in the pool is erased where its node is gone already',
      { groups: members('Warmed:Stopped'), nodes: [], states: STOPPED },
      [ERASED],
    ],
    [
      'stopped in the pool is erased once',
      { groups: members('Warmed:Stopped'), nodes: [], states: STOPPED, known: [item({ phase: 'gone' })] },
      [],
    ],
    [
      'shown as stopped in the pool, and up as EC2 says, stays on record',
      { groups: members('Warmed:Stopped'), nodes: [], states: new Map([[INSTANCE, 'running']]) },
      [],
    ],
    [
      'up in the pool stays on record',
      { groups: members('Warmed:Running'), nodes: [], states: new Map([[INSTANCE, 'running']]) },
      [],
    ],
    [
      'shown as stopped in the pool, and up as EC2 says, keeps its node',
      { groups: members('Warmed:Stopped'), nodes: [down()], states: new Map([[INSTANCE, 'running']]) },
      [],
    ],
    [
      'stopped in the pool is left to whoever is at work on it',
      {
        groups: members('Warmed:Stopped'),
        nodes: [down()],
        states: STOPPED,
        known: [item({ phase: 'leaving', leaseUntil: NOW + 9 })],
      },
      [],
    ],
    [
      'stopped in the pool, while the managers call it Ready, waits',
      { groups: members('Warmed:Stopped'), states: STOPPED },
      [],
    ],
    ['on its way back, before its hook waits, waits for its own event', { groups: members('Warmed:Pending') }, []],
    ['about to be stopped waits', { groups: members('Warmed:Pending:Proceed') }, []],
    ['terminated in the pool waits', { groups: members('Warmed:Terminating:Wait') }, []],
    [
      'up, as it comes out of the pool, keeps its node that is down',
      { groups: members('Pending'), nodes: [down()] },
      [],
    ],
    [
      'a manager, and stopped in the pool, leaves the raft',
      {
        groups: [managerGroup([{ instance: INSTANCE, lifecycle: 'Warmed:Stopped' }], { desired: 0 })],
        nodes: [manager({ status: 'down', isReachable: false })],
        known: [item({ role: 'manager', group: 'managers' })],
      },
      ['leave: it is Warmed:Stopped in the warm pool of its group, and a node'],
    ],
    [
      'retained in the pool is ended when it is out of the swarm',
      {
        groups: [managerGroup([{ instance: INSTANCE, lifecycle: 'Warmed:Pending:Retained' }], { desired: 0 })],
        nodes: [],
        known: [item({ role: 'manager', group: 'managers', phase: 'gone' })],
      },
      ['end: its group retained it, and it is out of the swarm'],
    ],
  ])('%s', (_name, facts, wanted) => {
    expect(plan(facts)).toEqual(wanted);
  });

  const LATE = { age: 7200 };
  const stoppedManager: Partial<TidyFacts> = {
    groups: [managerGroup([{ instance: INSTANCE, lifecycle: 'Warmed:Stopped' }], { desired: 0 })],
    nodes: [manager({ status: 'down', isReachable: false, ...LATE })],
    known: [item({ role: 'manager', group: 'managers' })],
  };
  it.each<[string, Partial<TidyFacts>, string[]]>([
    ['stopped in the pool', { groups: members('Warmed:Stopped'), nodes: [down(LATE)] }, []],
    ['hibernated in the pool', { groups: members('Warmed:Hibernated'), nodes: [down(LATE)] }, []],
    ['a manager, and stopped in the pool', stoppedManager, []],
    ['stopped in service', { groups: members('InService'), nodes: [down(LATE)] }, ['NodeDown']],
  ])('%s is told as down only where the same plan does nothing about it', (_name, facts, wanted) => {
    expect(planTidy(factsOf({ states: STOPPED, ...facts })).reports.map(({ name }) => name)).toEqual(wanted);
  });

  it('in the pool makes the share of its group no larger', () => {
    const four = ['i-1', 'i-2', 'i-3', 'i-4'].map((instance) => ({ instance, lifecycle: 'InService' }));
    const pool = four.map(({ instance }) => ({ instance: `${instance}0`, lifecycle: 'Warmed:Stopped' }));
    const nodes = Array.from({ length: 100 }, (_, index) => node({ nodeId: `n${index}` }));
    const policy = { ...USUAL_POLICY, share: 0.25 };
    const chosen = (all: typeof four): number => {
      const own = group(all, { policy });
      return withinShare([{ group: own }, { group: own }, { group: own }], [], { nodes, groups: [own] }).length;
    };
    expect([chosen(four), chosen([...four, ...pool])]).toEqual([1, 1]);
  });

  it('to leave by a tidy leaves for the pool: its disk is used again', () => {
    const [leave] = only({ groups: members('Warmed:Pending:Wait') }, 'leave');
    expect(leave?.event['detail']).toMatchObject({ Origin: 'AutoScalingGroup', Destination: 'WarmPool' });
  });

  it('to be terminated leaves for good', () => {
    const [leave] = only({ groups: members('Terminating:Wait'), nodes: [node()] }, 'leave');
    expect(leave?.event['detail']).not.toHaveProperty('Destination');
  });
});
