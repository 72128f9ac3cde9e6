import { describe, expect, it } from '@jest/globals';

import type { Report, SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { planTidy, underHold } from '../../../../src/core/tidy/repairs.ts';
import { INSTANCE, NOW, OTHER_INSTANCE } from '../../support/examples.ts';
import {
  ARN,
  OTHER_NODE,
  down,
  factsOf,
  group,
  item,
  managerGroup,
  manager,
  members,
  node,
  only,
} from '../../support/tidy-facts.ts';

const plan = (changes: Partial<TidyFacts>): ReturnType<typeof planTidy> => planTidy(factsOf(changes));
const kinds = (changes: Partial<TidyFacts>): string[] => {
  const { repairs, reports } = plan(changes);
  return [...repairs.map(({ kind }) => kind), ...reports.map(() => 'report')];
};
const terminated = new Map([[INSTANCE, 'terminated']]);
const running = new Map([[INSTANCE, 'running']]);
const downManager = (changes: Partial<SwarmNode> = {}): SwarmNode => manager({ status: 'down', age: 5000, ...changes });
/** A group in which the instance is not any more. */
const left = [group([])];

describe('nodes', () => {
  it.each<[string, Partial<TidyFacts>, string[]]>([
    ['one that is Ready, and everything as it should be', {}, []],
    [
      'down, and its instance is terminated',
      { nodes: [down()], groups: left, states: terminated },
      ['forget', 'erase'],
    ],
    ['the same, and its group still counts it', { nodes: [down()], states: terminated }, ['forget']],
    ['down, and its instance lives', { nodes: [down()], states: running }, []],
    ['the same, for long', { nodes: [down({ age: 900 })], states: running }, ['report']],
    [
      'stopped is alive: it may be started again',
      { nodes: [down({ age: 9 })], states: new Map([[INSTANCE, 'stopped']]) },
      [],
    ],
    [
      'EC2 says that there is no such instance, and the node is down for less than EC2 shows what is gone',
      { nodes: [down({ age: 3599 })], groups: left, notFound: new Set([INSTANCE]) },
      [],
    ],
    ['down for longer, and EC2 only does not show it', { nodes: [down({ age: 3600 })], groups: left }, []],
    [
      'the same, and EC2 says that there is none',
      { nodes: [down({ age: 3600 })], groups: left, notFound: new Set([INSTANCE]) },
      ['forget', 'erase'],
    ],
    ['the same, but it is in its group', { nodes: [down({ age: 3600 })], notFound: new Set([INSTANCE]) }, []],
    ['Unknown is not Down', { nodes: [node({ status: 'unknown', age: 9999 })], states: terminated }, []],
    ['Disconnected is not Down', { nodes: [node({ status: 'disconnected', age: 9999 })], states: terminated }, []],
    [
      'its instance has joined as another node',
      { nodes: [down({ nodeId: OTHER_NODE }), node()], states: running },
      ['forget'],
    ],
    [
      'the same, but that one is not Ready',
      { nodes: [down({ nodeId: OTHER_NODE, age: 9 }), node({ status: 'unknown' })], states: running },
      [],
    ],
    [
      'a join that died before its labels, of an instance that is another node now',
      {
        nodes: [down({ nodeId: OTHER_NODE, instance: undefined }), node()],
        known: [item({ formerNodeIds: [OTHER_NODE] })],
        states: running,
      },
      ['forget'],
    ],
    [
      'a join that died before its labels, and its instance is gone',
      { nodes: [down({ instance: undefined })], known: [item({ phase: 'joined' })], groups: left, states: terminated },
      ['forget', 'erase'],
    ],
    [
      'its group waits for the hook: the scale-in does both',
      { nodes: [down()], states: terminated, groups: members('Terminating:Wait') },
      ['leave'],
    ],
    [
      'nobody labelled it and nobody knows it',
      { nodes: [node({ nodeId: OTHER_NODE, instance: undefined }), node()] },
      ['report'],
    ],
    [
      'the same, down, for ever',
      { nodes: [down({ nodeId: OTHER_NODE, instance: undefined, age: 9e6 }), node()] },
      ['report'],
    ],
    [
      'its label says another instance than skep has joined it on, and both are gone',
      {
        nodes: [down({ instance: OTHER_INSTANCE, age: 9e6 })],
        groups: left,
        states: new Map([...terminated, [OTHER_INSTANCE, 'terminated']]),
      },
      ['report'],
    ],
    ['a person has drained it', { nodes: [node({ availability: 'drain' })] }, ['report']],
    [
      'skep has drained it, and nobody is at work',
      { nodes: [node({ availability: 'drain', isLeaving: true, version: '7' })] },
      ['restore'],
    ],
    [
      'the same, and an execution is at work',
      {
        nodes: [node({ availability: 'drain', isLeaving: true, version: '7' })],
        known: [item({ phase: 'leaving', leaseUntil: NOW + 1 })],
      },
      [],
    ],
    [
      'the same, and its instance is about to go',
      {
        nodes: [node({ availability: 'drain', isLeaving: true, version: '7' })],
        groups: members('Terminating:Proceed'),
      },
      [],
    ],
  ])('%s', (_name, facts, wanted) => {
    expect(kinds(facts)).toEqual(wanted);
  });

  it('are forgotten in commands that are not long', () => {
    const nodes = Array.from({ length: 401 }, (_, n) =>
      down({ nodeId: String(n).padStart(25, '0'), instance: `i-${String(n).padStart(17, '0')}` }),
    );
    const states = new Map(nodes.map(({ instance = '' }) => [instance, 'terminated']));
    expect(only({ nodes, states, known: [], groups: left }, 'forget').map((one) => one.nodes.length)).toEqual([
      200, 200, 1,
    ]);
  });

  it('that are told of are a hundred at most, and the number of the others', () => {
    const strangers = (count: number): SwarmNode[] =>
      Array.from({ length: count }, (_, n) => node({ nodeId: String(n).padStart(25, '0'), instance: undefined }));
    const told = (count: number) => plan({ nodes: strangers(count), known: [], groups: left }).reports;
    expect(told(100).map(({ name }) => name)).toEqual(Array.from({ length: 100 }, () => 'NodeUnknown'));
    expect(told(102)).toHaveLength(101);
    expect(told(102).at(-1)).toEqual({ because: 'and 2 more' });
  });

  it('none is touched while the view is not whole', () => {
    expect(plan({ nodes: [down()], states: terminated, groups: left, whole: false })).toEqual({
      repairs: [],
      reports: [{ because: 'the swarm changed while it was read: nothing is repaired' }],
      seen: null,
    });
  });
});

describe('managers that are down', () => {
  const known = [item({ role: 'manager', group: 'managers' })];
  const groups = [managerGroup([])];
  it.each<[string, Partial<TidyFacts>, string[]]>([
    ['and live', { nodes: [downManager({ age: 9 })], known, groups, states: running }, []],
    ['and live, for long', { nodes: [downManager()], known, groups, states: running }, ['report']],
    [
      'and are gone: they count against the quorum',
      { nodes: [downManager()], known, groups, states: terminated },
      ['leave'],
    ],
    [
      'the same, and a scale-in is under way',
      {
        nodes: [downManager()],
        known: [item({ role: 'manager', group: 'managers', phase: 'leaving', leaseUntil: NOW + 1 })],
        groups,
        states: terminated,
      },
      [],
    ],
    [
      'the same, of whose group nothing is known',
      { nodes: [downManager()], known: [], groups, states: terminated },
      ['report'],
    ],
    ['that are only Unknown', { nodes: [downManager({ status: 'unknown' })], known, groups, states: terminated }, []],
  ])('%s', (_name, facts, wanted) => {
    expect(kinds(facts)).toEqual(wanted);
  });
});

describe('instances', () => {
  const nowhere = { nodes: [], known: [], states: running };
  it.each<[string, Partial<TidyFacts>, string[]]>([
    ['in service and not in the swarm', nowhere, ['join']],
    [
      'the same, of a group without the hook of this stage',
      { ...nowhere, groups: [group(undefined, { hooks: [] })] },
      ['report', 'report', 'report'],
    ],
    [
      'the same, of a group that has lost only its launch hook, which nothing waits for',
      {
        ...nowhere,
        groups: [group(undefined, { hooks: group().hooks.filter(({ name }) => name.endsWith('terminate')) })],
      },
      ['join', 'report'],
    ],
    [
      'the same, of a group that has lost its terminate hook',
      {
        ...nowhere,
        groups: [group(undefined, { hooks: group().hooks.filter(({ name }) => name.endsWith('launch')) })],
      },
      ['join', 'report'],
    ],
    ['that wait to be launched', { ...nowhere, groups: members('Pending:Wait') }, ['join']],
    ['that are not in service yet', { ...nowhere, groups: members('Pending') }, []],
    ['that EC2 does not know', { ...nowhere, states: new Map() }, []],
    ['that an execution is at work on', { ...nowhere, known: [item({ phase: 'joining', leaseUntil: NOW + 1 })] }, []],
    [
      'that one was at work on, which has ended',
      { ...nowhere, known: [item({ phase: 'joining', leaseUntil: NOW + 1 })], ended: new Set([ARN]) },
      ['join'],
    ],
    [
      'whose node nobody labelled: half-way',
      { nodes: [node({ instance: undefined })], known: [item({ phase: 'joined' })], states: running },
      ['join'],
    ],
    ['whose node is down: a member still', { nodes: [down({ age: 9 })], states: running }, []],
    [
      'whose node bears the label of another: to join them again would only do harm',
      { nodes: [node({ instance: OTHER_INSTANCE })], states: running },
      ['report'],
    ],
    ['that wait to be terminated', { groups: members('Terminating:Wait') }, ['leave']],
  ])('%s', (_name, facts, wanted) => {
    expect(kinds(facts)).toEqual(wanted);
  });

  it('join and leave with an event as Auto Scaling would have sent it, under a name that two tidies share', () => {
    const [join] = only(nowhere, 'join');
    expect(join).toMatchObject({
      instance: INSTANCE,
      name: `tidy-join-${INSTANCE}-none-${Math.floor(NOW / 3600)}`,
      event: {
        'detail-type': 'EC2 Instance-launch Lifecycle Action',
        detail: { EC2InstanceId: INSTANCE, LifecycleHookName: 'skep-dev-launch' },
      },
    });
    expect(only({ ...nowhere, now: NOW + 1 }, 'join')[0]?.name).toBe(join?.name);
    expect(only({ ...nowhere, now: NOW + 3600 }, 'join')[0]?.name).not.toBe(join?.name);
  });

  it('whose execution has ended are handed to one that replaces it', () => {
    const known = [item({ phase: 'joining', leaseUntil: NOW + 1 })];
    const [join] = only({ nodes: [], known, states: running, ended: new Set([ARN]) }, 'join');
    expect(join?.event).toMatchObject({ skep: { replaces: [ARN], attempt: 1 } });
  });
});

describe('managers that their group retained', () => {
  const retained = [managerGroup([{ instance: INSTANCE, lifecycle: 'Terminating:Retained' }], { desired: 3 })];
  const others = ['b', 'c', 'd'].map((letter) =>
    manager({ nodeId: letter.repeat(25), instance: `i-0000000000000000${letter}` }),
  );
  const known = [item({ role: 'manager', group: 'managers', phase: 'leaving' })];
  it.each<[string, Partial<TidyFacts>, string[]]>([
    [
      'may go, since as many as are wanted are there without it',
      { nodes: [manager(), ...others], known, groups: retained },
      ['leave'],
    ],
    [
      'may not go: too few would be left',
      { nodes: [manager(), ...others.slice(1)], known, groups: retained },
      ['report'],
    ],
    [
      'is out of the swarm, and is ended',
      { nodes: others, known: [item({ phase: 'gone' })], groups: retained },
      ['end'],
    ],
    ['is in no swarm that anybody sees, but nobody forgot it', { nodes: others, known, groups: retained }, ['leave']],
  ])('one %s', (_name, facts, wanted) => {
    expect(kinds(facts).filter((kind) => (kind !== 'record' && kind !== 'report') || wanted.includes(kind))).toEqual(
      wanted,
    );
  });
});

describe('nodes that stay down while their instances live', () => {
  const ids = Array.from({ length: 20 }, (_, n) => `i-${String(n).padStart(17, '0')}`);
  const swarm = (downs: number): SwarmNode[] =>
    ids.map((instance, n) =>
      (n < downs ? down : node)({ instance, nodeId: String(n).padStart(25, '0'), ...(n < downs ? { age: 900 } : {}) }),
    );
  const opted = (unhealthy = 0): TidyFacts['groups'] => [
    group(
      ids.map((instance, n) => ({ instance, lifecycle: 'InService', healthy: n >= unhealthy })),
      { replaceDown: true },
    ),
  ];
  const facts = (downs: number, unhealthy = 0): Partial<TidyFacts> => ({
    nodes: [...swarm(downs), manager({ nodeId: 'm'.repeat(25), instance: 'i-000000000000000aa' })],
    known: [],
    groups: opted(unhealthy),
    states: new Map(ids.map((id) => [id, 'running'])),
  });
  const replaced = (changes: Partial<TidyFacts>): number => only(changes, 'replace').length;

  it('are replaced where their group wants it, a fifth of the cluster at a time, those counted that go already', () => {
    expect([1, 4, 9].map((downs) => replaced(facts(downs)))).toEqual([1, 4, 4]);
    expect([1, 3, 4].map((unhealthy) => replaced(facts(9, unhealthy)))).toEqual([3, 1, 0]);
  });

  it('are not where most nodes are down: this may be the view of the smaller part', () => {
    expect(replaced(facts(11))).toBe(0);
  });

  it('are not before their time, nor where their group did not ask for it', () => {
    expect(replaced({ ...facts(2), downAfter: 901 })).toBe(0);
    expect(replaced({ ...facts(2), groups: opted().map((one) => ({ ...one, replaceDown: false })) })).toBe(0);
  });

  it('one manager at a time, and none while another changes', () => {
    const three = ['a', 'b', 'c'].map((letter) =>
      manager({ nodeId: letter.repeat(25), instance: `i-0000000000000000${letter}` }),
    );
    const five = [
      ...three,
      ...['d', 'e'].map((letter) =>
        downManager({ nodeId: letter.repeat(25), instance: `i-0000000000000000${letter}`, isReachable: false }),
      ),
    ];
    const instances = five.map(({ instance = '' }) => ({ instance, lifecycle: 'InService' }));
    const states = new Map(five.map(({ instance = '' }) => [instance, 'running']));
    const of = (desired: number): Partial<TidyFacts> => ({
      nodes: five,
      known: [],
      states,
      groups: [managerGroup(instances, { desired, replaceDown: true })],
    });
    expect(replaced(of(5))).toBe(1);
    expect(replaced(of(6))).toBe(0);
  });
});

describe('the table', () => {
  it.each<[string, Partial<TidyFacts>, string[]]>([
    ['lost the item of a node', { known: [] }, ['record']],
    ['has another node for its instance', { known: [item({ nodeId: OTHER_NODE })] }, ['record']],
    ['says that it is on its way, and nobody is at work on it', { known: [item({ phase: 'leaving' })] }, ['record']],
    [
      'has an instance that nobody knows',
      { known: [item(), item({ instance: OTHER_INSTANCE, nodeId: OTHER_NODE })] },
      ['erase'],
    ],
    [
      'has one that is in no group, and lives',
      {
        known: [item(), item({ instance: OTHER_INSTANCE, nodeId: OTHER_NODE })],
        states: new Map([[OTHER_INSTANCE, 'running']]),
      },
      [],
    ],
    [
      'has one that an execution is at work on',
      {
        known: [item(), item({ instance: OTHER_INSTANCE, nodeId: OTHER_NODE, phase: 'joining', leaseUntil: NOW + 1 })],
      },
      [],
    ],
    ['has a lock whose lease is over', { lock: { instance: INSTANCE, leaseUntil: NOW - 601 } }, ['unlock']],
    [
      'has a lock that is over for as long as it is left',
      { lock: { instance: INSTANCE, leaseUntil: NOW - 600 } },
      ['unlock'],
    ],
    ['has a lock whose lease is over a moment too short', { lock: { instance: INSTANCE, leaseUntil: NOW - 599 } }, []],
    ['has a lock that is held', { lock: { instance: INSTANCE, leaseUntil: NOW - 1 } }, []],
  ])('%s', (_name, facts, wanted) => {
    expect(kinds(facts)).toEqual(wanted);
  });

  it('has join tokens that are not the swarm’s: published, once for two tidies that see the same', () => {
    const published = { worker: 'a', manager: 'b' };
    expect(kinds({ tokens: { held: published, published } })).toEqual([]);
    expect(kinds({ tokens: { held: published, published: undefined } })).toEqual([]);
    const other = { held: { worker: 'a', manager: 'c' }, published };
    const names = [only({ tokens: other }, 'publish'), only({ tokens: other, now: NOW + 1 }, 'publish')].map(
      ([one]) => one?.name,
    );
    expect(names[0]).toBe(names[1]);
    expect(names[0]).toContain('tidy-tokens-prod-ac-');
  });

  it('has join tokens under the key of a stack that was removed: published under that of now', () => {
    const held = { worker: 'a', manager: 'b' };
    const under = (key?: string, now?: string) => ({ tokens: { held, published: { ...held, key }, key: now } });
    expect(kinds(under('old', 'old'))).toEqual([]);
    expect(kinds(under('old', 'new'))).toEqual(['publish']);
    // Recorded by an older version, or asked by one.
    expect(kinds(under(undefined, 'new'))).toEqual([]);
    expect(kinds(under('old'))).toEqual([]);
  });
});

describe('hooks', () => {
  const without = [group(undefined, { hooks: group().hooks.slice(0, 1) })];
  it('that are missing are told of, and made anew only where a person asks for it', () => {
    expect(kinds({ groups: without })).toEqual(['report']);
    const [repair] = only({ groups: without, repairHooks: true }, 'hook');
    expect(repair?.hook).toMatchObject({
      LifecycleHookName: 'skep-dev-terminate',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      DefaultResult: 'CONTINUE',
      HeartbeatTimeout: 1800,
    });
    expect(JSON.parse(repair?.hook.NotificationMetadata ?? '')).toEqual({
      cluster: 'prod',
      role: 'worker',
      timeout: 1800,
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['another default result', { defaultResult: 'ABANDON' }],
    ['another cluster', { metadata: '{"cluster":"other","role":"worker"}' }],
    ['no metadata', { metadata: undefined }],
    ['a timeout shorter than its metadata says', { timeout: 60 }],
    ['another transition', { transition: 'autoscaling:EC2_INSTANCE_TERMINATING' }],
  ])('that have %s', (_name, change) => {
    const [launch, ...others] = group().hooks;
    const groups = [
      group(undefined, { hooks: [...(launch === undefined ? [] : [{ ...launch, ...change }]), ...others] }),
    ];
    expect(kinds({ groups })).toEqual(['report']);
    expect(only({ groups, repairHooks: true }, 'hook')).toHaveLength(1);
  });
});

describe('under a hold', () => {
  it('nothing is repaired, and what would be is told; what waits in a hook is handed over all the same', () => {
    const groups = [group([{ instance: INSTANCE, lifecycle: 'Terminating:Wait' }])];
    const waits = underHold(plan({ groups }), groups, 'held');
    expect(waits.repairs.map(({ kind }) => kind)).toEqual(['leave']);
    const held = underHold(plan({ nodes: [down()], groups: left, states: terminated }), left, 'held');
    expect(held).toMatchObject({ repairs: [], held: true });
    expect(held.reports.map(({ because }: Report) => because)).toEqual([
      'held',
      expect.stringContaining('held, would forget'),
      expect.stringContaining('held, would erase'),
    ]);
  });

  it('joins and leaves of instances that no hook keeps waiting are held, and those of others go on', () => {
    const ids = ['i-1', 'i-2', 'i-3', 'i-4'];
    const states = new Map(ids.map((id) => [id, 'running']));
    const lifecycles = ['InService', 'Pending:Wait', 'Warmed:Pending:Wait', 'Warmed:Running'];
    const groups = [group(lifecycles.map((lifecycle, n) => ({ instance: ids[n] ?? '', lifecycle })))];
    const nodes = [node({ nodeId: OTHER_NODE, instance: 'i-4' })];
    const { repairs, reports, seen } = underHold(plan({ nodes, known: [], states, groups }), groups, 'held');
    expect(repairs.map((one) => [one.kind, 'instance' in one ? one.instance : ''])).toEqual([
      ['join', 'i-2'],
      ['leave', 'i-3'],
    ]);
    expect(reports).toEqual([
      { because: 'held' },
      { instance: 'i-1', group: 'workers', because: 'held, would join: it is InService and not in the swarm' },
      {
        instance: 'i-4',
        group: 'workers',
        because: 'held, would leave: it is Warmed:Running in the warm pool of its group, and a node',
      },
    ]);
    expect(seen).not.toBeNull();
  });
});
