import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { planRepairs, underHold } from '../../../src/core/repairs.ts';
import type { GroupInstance, KnownNode, Repair, SwarmNode, TidyFacts } from '../../../src/core/repairs.ts';
import { INSTANCE, NODE_ID, NOW, OTHER_INSTANCE } from '../support/examples.ts';

const OTHER_NODE = 'otherlvvzfzci6j9ohzl1v6cw';

const node = (changes: Partial<SwarmNode> = {}): SwarmNode => ({
  nodeId: NODE_ID,
  role: 'worker',
  status: 'ready',
  instance: INSTANCE,
  isManager: false,
  address: '10.0.1.12',
  ...changes,
});
const down = (changes: Partial<SwarmNode> = {}): SwarmNode => node({ status: 'down', ...changes });
const downManager = (changes: Partial<SwarmNode> = {}): SwarmNode =>
  down({ role: 'manager', isManager: true, ...changes });
const member = (changes: Partial<GroupInstance> = {}): GroupInstance => ({
  instance: INSTANCE,
  group: 'workers',
  role: 'worker',
  lifecycle: 'InService',
  ...changes,
});
const known = (changes: Partial<KnownNode> = {}): KnownNode => ({
  instance: INSTANCE,
  phase: 'ready',
  nodeId: NODE_ID,
  group: 'workers',
  leaseUntil: 0,
  ...changes,
});

interface Case extends Partial<Omit<TidyFacts, 'alive'>> {
  readonly alive?: readonly string[];
}

function repairs({ alive = [INSTANCE], ...facts }: Case): Repair[] {
  return planRepairs({ nodes: [], instances: [], known: [], now: NOW, alive: new Set(alive), ...facts });
}

const kinds = (facts: Case): string[] => repairs(facts).map(({ kind }) => kind);

describe('the nodes of the swarm', () => {
  it.each<[string, Case, string[]]>([
    ['a node that is Ready', { nodes: [node()], instances: [member()] }, []],
    ['a node that is down, and its instance is gone', { nodes: [down()], alive: [] }, ['forget']],
    ['a node that is down, but its instance lives', { nodes: [down()] }, ['report']],
    [
      'Unknown is not Down: every node is that for a while under a new leader',
      { nodes: [node({ status: 'unknown' })], alive: [] },
      [],
    ],
    ['Disconnected is not Down', { nodes: [node({ status: 'disconnected' })], alive: [] }, []],
    [
      'its instance has joined again as another node',
      { nodes: [down(), node({ nodeId: OTHER_NODE })], instances: [member()] },
      ['forget'],
    ],
    [
      'its instance has joined again, but that node is not Ready yet',
      { nodes: [down(), node({ nodeId: OTHER_NODE, status: 'unknown' })] },
      ['report'],
    ],
    ['both nodes of an instance are down', { nodes: [down(), down({ nodeId: OTHER_NODE })] }, ['report', 'report']],
    ['a manager that is down, and lives', { nodes: [downManager()], known: [known()] }, ['report']],
    [
      'a manager that is down, and gone: it counts against the quorum',
      { nodes: [downManager()], known: [known()], alive: [] },
      ['leave'],
    ],
    [
      'the same, and its scale-in is under way',
      { nodes: [downManager()], known: [known({ phase: 'leaving', leaseUntil: NOW + 1 })], alive: [] },
      [],
    ],
    [
      'the same, and its group waits for its hook',
      {
        nodes: [downManager()],
        known: [known()],
        instances: [member({ role: 'manager', lifecycle: 'Terminating:Wait' })],
        alive: [],
      },
      ['leave'],
    ],
    ['a manager that is down, of whose instance nothing is known', { nodes: [downManager()], alive: [] }, ['report']],
    [
      'a manager that is Unknown, and gone',
      { nodes: [downManager({ status: 'unknown' })], known: [known()], alive: [] },
      [],
    ],
    [
      'one that is still in raft, although demoted',
      { nodes: [down({ role: 'worker', isManager: true })], alive: [] },
      ['report'],
    ],
    [
      'one that is to become a manager',
      { nodes: [down({ role: 'manager', isManager: false })], alive: [] },
      ['report'],
    ],
    ['a node that nobody labelled and nobody knows', { nodes: [node({ instance: undefined })] }, ['report']],
    ['the same, down', { nodes: [down({ instance: undefined })], alive: [] }, ['report']],
    ['a node without a label that the table knows', { nodes: [node({ instance: undefined })], known: [known()] }, []],
    [
      'the same, down, and its instance is gone',
      { nodes: [down({ instance: undefined })], known: [known()], alive: [] },
      ['forget'],
    ],
    [
      'a join that died before its labels, of a launch that was run again: its instance is another node now',
      {
        nodes: [down({ instance: undefined }), node({ nodeId: OTHER_NODE })],
        known: [known({ nodeId: OTHER_NODE, formerNodeIds: [NODE_ID] })],
      },
      ['forget'],
    ],
    [
      'the same, but what it is now is not Ready: the instance lives, so nothing is forgotten',
      {
        nodes: [down({ instance: undefined }), node({ nodeId: OTHER_NODE, status: 'unknown' })],
        known: [known({ nodeId: OTHER_NODE, formerNodeIds: [NODE_ID] })],
      },
      ['report'],
    ],
    [
      'the same, and the instance is gone',
      {
        nodes: [down({ instance: undefined })],
        known: [known({ nodeId: OTHER_NODE, formerNodeIds: [NODE_ID] })],
        alive: [],
      },
      ['forget'],
    ],
    [
      'its group waits for the terminate hook: the scale-in forgets the node',
      { nodes: [down()], instances: [member({ lifecycle: 'Terminating:Wait' })], alive: [] },
      ['leave'],
    ],
    [
      'its group holds it only as retained: nobody waits for a hook',
      { nodes: [down()], instances: [member({ lifecycle: 'Terminating:Retained' })], alive: [] },
      ['forget'],
    ],
  ])('%s', (_what, facts, expected) => {
    expect(kinds(facts)).toEqual(expected);
  });

  it('what is forgotten is named by node id and instance, with the reason', () => {
    expect(repairs({ nodes: [down()], alive: [] })).toEqual([
      { kind: 'forget', nodeId: NODE_ID, instance: INSTANCE, because: 'the node is down and its instance is gone' },
    ]);
  });
});

describe('the instances of the groups', () => {
  const inLease = { leaseUntil: NOW + 1 };

  it.each<[string, Case, string[]]>([
    ['an instance in service that is not in the swarm', { instances: [member()] }, ['join']],
    ['an instance that waits in its launch hook', { instances: [member({ lifecycle: 'Pending:Wait' })] }, ['join']],
    [
      'the same, while an execution is at work',
      { instances: [member()], known: [known({ phase: 'joining', ...inLease })] },
      [],
    ],
    [
      'when that execution should long have ended',
      { instances: [member()], known: [known({ phase: 'joining', leaseUntil: NOW })] },
      ['join'],
    ],
    [
      'an execution that has ended, within its lease, holds nobody up',
      { instances: [member()], known: [known({ phase: 'ready', ...inLease })] },
      ['join'],
    ],
    ['an instance that is not alive', { instances: [member()], alive: [] }, []],
    ['an instance that only starts', { instances: [member({ lifecycle: 'Pending' })] }, []],
    ['an instance of the warm pool', { instances: [member({ lifecycle: 'Warmed:Stopped' })] }, []],
    ['an instance in standby', { instances: [member({ lifecycle: 'Standby' })] }, []],
    ['a manager outside the swarm', { instances: [member({ role: 'manager' })] }, ['join']],
    [
      'an instance that waits to be terminated, and nobody is at work',
      { instances: [member({ lifecycle: 'Terminating:Wait' })] },
      ['leave'],
    ],
    [
      'the same, while an execution drains it',
      { instances: [member({ lifecycle: 'Terminating:Wait' })], known: [known({ phase: 'leaving', ...inLease })] },
      [],
    ],
    [
      'the same, when the node was forgotten but the hook not completed',
      { instances: [member({ lifecycle: 'Terminating:Wait' })], known: [known({ phase: 'gone', ...inLease })] },
      ['leave'],
    ],
    [
      'an instance that was moved out of the way but is retained',
      { instances: [member({ lifecycle: 'Terminating:Retained' })] },
      [],
    ],
    [
      "another instance's node is not its node",
      { nodes: [node({ instance: OTHER_INSTANCE })], instances: [member()] },
      ['join'],
    ],
  ])('%s', (_what, facts, expected) => {
    expect(kinds(facts)).toEqual(expected);
  });
});

const instanceId = fc.constantFrom(INSTANCE, OTHER_INSTANCE, 'i-0aaaaaaaaaaaaaaaa');
const anyFacts = fc.record({
  nodes: fc.uniqueArray(
    fc.record({
      nodeId: fc.constantFrom('n1', 'n2', 'n3', 'n4', 'n5'),
      role: fc.constantFrom('worker', 'manager'),
      status: fc.constantFrom('ready', 'down', 'unknown', 'disconnected'),
      instance: fc.option(instanceId, { nil: undefined }),
      isManager: fc.boolean(),
      address: fc.constantFrom(undefined, '10.0.1.12', '10.0.1.13'),
    }),
    { selector: ({ nodeId }) => nodeId, maxLength: 5 },
  ),
  instances: fc.uniqueArray(
    fc.record({
      instance: instanceId,
      group: fc.constant('workers'),
      role: fc.constantFrom('worker', 'manager'),
      lifecycle: fc.constantFrom(
        'Pending',
        'Pending:Wait',
        'InService',
        'Terminating:Wait',
        'Terminating:Retained',
        'Standby',
      ),
    }),
    { selector: ({ instance }) => instance },
  ),
  known: fc.uniqueArray(
    fc.record({
      instance: instanceId,
      phase: fc.constantFrom('launching', 'joining', 'joined', 'ready', 'leaving', 'gone'),
      nodeId: fc.constantFrom(undefined, 'n1', 'n2', 'n3'),
      group: fc.constant('workers'),
      leaseUntil: fc.constantFrom(0, NOW + 10),
      address: fc.constantFrom(undefined, '10.0.1.12', '10.0.1.13'),
    }),
    { selector: ({ instance }) => instance },
  ),
  alive: fc.uniqueArray(instanceId).map((ids) => new Set(ids)),
  now: fc.constant(NOW),
});

describe('whatever is found', () => {
  const planned = (check: (repair: Repair, facts: TidyFacts) => void): void => {
    fc.assert(
      fc.property(anyFacts, (facts: TidyFacts) => {
        for (const repair of planRepairs(facts)) {
          check(repair, facts);
        }
      }),
      { numRuns: 3000 },
    );
  };

  it('no node is forgotten that is not down, is a manager, or whose instance lives and has not joined again', () => {
    planned((repair, { nodes, alive }) => {
      if (repair.kind !== 'forget') {
        return;
      }
      const forgotten = nodes.find(({ nodeId }) => nodeId === repair.nodeId);
      const joinedAgain = nodes.some(
        (other) => other.nodeId !== repair.nodeId && other.instance === repair.instance && other.status === 'ready',
      );
      expect(forgotten).toMatchObject({ status: 'down', role: 'worker', isManager: false });
      expect(alive.has(repair.instance) && !joinedAgain).toBe(false);
    });
  });

  it('nothing is done to an instance that an execution works on', () => {
    planned((repair, { known: items, now }) => {
      if (repair.kind === 'join' || repair.kind === 'leave') {
        const item = items.find(({ instance }) => instance === repair.instance);
        const atWork = item !== undefined && item.leaseUntil > now && !['gone', 'ready'].includes(item.phase);
        expect(atWork).toBe(false);
      }
    });
  });

  it('each node and each instance is repaired once', () => {
    fc.assert(
      fc.property(anyFacts, (facts: TidyFacts) => {
        const targets = planRepairs(facts).flatMap((repair) =>
          'nodeId' in repair ? [repair.nodeId] : [repair.instance],
        );
        expect(new Set(targets).size).toBe(targets.length);
      }),
    );
  });
});

describe('under a hold', () => {
  const HOLD = 'prod is held';
  const held = (facts: Case): Repair[] => underHold(repairs(facts), facts.instances ?? [], HOLD);

  it('nothing is forgotten or joined: what would be is told, after the hold itself', () => {
    const dead = { nodes: [down({ instance: OTHER_INSTANCE })], instances: [member()], alive: [INSTANCE] };

    expect(kinds(dead)).toEqual(['forget', 'join']);
    expect(held(dead)).toEqual([
      { kind: 'report', because: HOLD },
      {
        kind: 'report',
        nodeId: NODE_ID,
        instance: OTHER_INSTANCE,
        because: 'held, would forget: the node is down and its instance is gone',
      },
      {
        kind: 'report',
        instance: INSTANCE,
        because: 'held, would join: it is InService and not in the swarm',
      },
    ]);
  });

  it.each(['Pending:Wait', 'Terminating:Wait'])(
    'what waits in a hook (%s) is handed over: its execution waits too, and keeps the hook alive',
    (lifecycle) => {
      const facts = { instances: [member({ lifecycle })] };

      expect(held(facts).slice(1)).toEqual(repairs(facts));
      expect(held(facts)).toHaveLength(2);
    },
  );

  it('says that it is held even where there is nothing to repair', () => {
    expect(held({ nodes: [node()], instances: [member()] })).toEqual([{ kind: 'report', because: HOLD }]);
  });
});
