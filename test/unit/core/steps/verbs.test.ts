import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DEFAULT_CONFIG, commandFor, nodeFacts, pickManager, runsOnManager } from '../../../../src/core/steps/verbs.ts';
import { labelList } from '../../../../src/core/labels.ts';
import { readLifecycleEvent } from '../../../../src/core/lifecycle/event.ts';
import { VERBS } from '../../../../src/core/names.ts';
import type { Verb } from '../../../../src/core/names.ts';
import { loadDocument } from '../../../docker/support/documents.ts';
import { eventWith } from '../../../fixtures/events.ts';
import {
  INSTANCE,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  OTHER_INSTANCE,
  TOKEN_KEY,
  planOf,
} from '../../support/examples.ts';
import { noSwarm } from '../../support/steps.ts';
import { OTHER_NODE } from '../../support/tidy-facts.ts';

type Request = Parameters<typeof commandFor>[0];

const requestOf = (changes: Partial<Request> & { verb: Verb }): Request => ({
  plan: planOf(),
  node: nodeFacts.parse({ nodeId: NODE_ID, zone: 'eu-west-1a' }),
  force: false,
  undo: false,
  last: false,
  offset: 0,
  brief: false,
  mend: { forget: [], restore: [], label: [], labels: 'none' },
  shift: { changes: [], tell: 'nodes' },
  handOver: false,
  addresses: ['10.0.1.12', '10.0.9.12'],
  stage: 'dev',
  tokenKey: TOKEN_KEY,
  config: DEFAULT_CONFIG,
  managers: LEADER.managers,
  try: 1,
  least: 0,
  now: NOW,
  ...changes,
});

/** As SSM checks them when a command is sent. */
function refused(verb: Verb, parameters: Readonly<Record<string, string>>): string[] {
  const { parameters: declared } = loadDocument(verb);
  const names = new Set([...Object.keys(declared), ...Object.keys(parameters)]);
  return [...names].filter((name) => {
    const rule = declared[name];
    const value = parameters[name];
    return (
      rule === undefined ||
      value === undefined ||
      !new RegExp(rule.allowedPattern).test(value) ||
      value.length > (rule.maxChars ?? Infinity)
    );
  });
}

const unknown = nodeFacts.parse({});
const CASES: (Partial<Request> & { verb: Verb; what: string })[] = [
  { verb: 'init', what: 'the founding', plan: planOf({ role: 'manager' }) },
  { verb: 'join', what: 'a join by three managers', managers: Array.from({ length: 3 }, () => LEADER.leader) },
  {
    verb: 'join',
    what: 'a manager in a stage with a long name',
    stage: 'a'.repeat(20),
    plan: planOf({ role: 'manager' }),
  },
  {
    verb: 'confirm',
    what: 'a worker with labels',
    plan: planOf({ labels: { tier: 'web', 'com.example.rack': 'a/1:2' } }),
  },
  { verb: 'confirm', what: 'a group with an odd name', plan: planOf({ group: 'web workers (blue), a=b' }) },
  { verb: 'prepare', what: 'a manager', plan: planOf({ role: 'manager' }) },
  {
    verb: 'demote',
    what: 'a manager of which only the address is known',
    node: nodeFacts.parse({ address: '10.0.1.12:2377' }),
  },
  { verb: 'demote', what: 'a manager of which nothing is known', node: unknown },
  { verb: 'drain', what: 'a node whose id is not known', node: unknown },
  { verb: 'drain', what: 'a node' },
  { verb: 'leave', what: 'a worker' },
  { verb: 'leave', what: 'a launch that is undone', undo: true, node: unknown },
  { verb: 'leave', what: 'an action that may last 48 hours', plan: planOf({ deadline: NOW + 172_740 }) },
  { verb: 'leave', what: 'an action whose time is over', plan: planOf({ deadline: NOW - 100 }) },
  { verb: 'forget', what: 'a node whose id is not known', node: unknown, force: true },
  { verb: 'forget', what: 'a node' },
  {
    verb: 'mend',
    what: 'many nodes',
    mend: {
      forget: Array<string>(200).fill(`${NODE_ID}@${INSTANCE}`),
      restore: [`${NODE_ID}@${INSTANCE}@77`],
      label: Array<string>(100).fill(`${NODE_ID}@${INSTANCE}`),
      labels: 'tier=web,com.example.rack=a/1,empty=',
    },
  },
  { verb: 'mend', what: 'none' },
  { verb: 'shift', what: 'a look', shift: { changes: [], tell: 'services' }, offset: 40 },
  {
    verb: 'shift',
    what: 'changes of many services',
    shift: {
      changes: [`${NODE_ID}@7@exclude@1900000000@${NODE_ID}+${NODE_ID}`, `${NODE_ID}@0@settle`],
      tell: `on:${NODE_ID}`,
    },
  },
  { verb: 'availability', what: 'a node', plan: planOf({ availability: 'drain' }) },
  { verb: 'rotate', what: 'a cluster', plan: { v: 1, route: 'ignore', because: '', cluster: 'prod' } },
  { verb: 'survey', what: 'a manager', plan: planOf({ role: 'manager' }) },
  { verb: 'fence', what: 'a manager', plan: planOf({ role: 'manager' }) },
  { verb: 'recover', what: 'the survivor', plan: planOf({ role: 'manager' }) },
  { verb: 'inspect', what: 'the last page of a big swarm', offset: 1600 },
  {
    verb: 'inspect',
    what: 'a cluster, not an instance',
    plan: { v: 1, route: 'ignore', because: '', cluster: 'prod' },
  },
];

describe('the parameters of a command', () => {
  it('are tested for every verb', () => {
    expect([...new Set(CASES.map(({ verb }) => verb))].toSorted()).toEqual([...VERBS].toSorted());
  });

  it.each(CASES)('$verb for $what are those of the document, and match its patterns', (changes) => {
    expect(refused(changes.verb, commandFor(requestOf(changes)).parameters)).toEqual([]);
  });

  it('of a confirm: the labels that matching goes by, and no own label in their place', () => {
    const plan = planOf({ labels: { tier: 'web' } });

    expect(commandFor(requestOf({ verb: 'confirm', plan })).parameters).toMatchObject({
      labels: `tier=web,skep.instance=${INSTANCE},skep.group=workers,skep.zone=eu-west-1a,skep.role=worker`,
      availability: 'active',
      nodeId: NODE_ID,
    });
    expect(labelList({ instance: 'a', group: 'b', role: 'c', zone: 'd', own: { 'skep.instance': 'mine' } })).toBe(
      'skep.instance=a,skep.group=b,skep.zone=d,skep.role=c',
    );
  });

  it.each([
    [[], 'none'],
    [['10.0.1.12', '203.0.113.7', '-'], '10.0.1.12,203.0.113.7,-'],
    [['10.0.1.12', 'fe80::1', '$(reboot)'], '10.0.1.12'],
    [
      Array.from({ length: 90 }, (_, index) => `10.0.100.${index + 100}`),
      expect.stringMatching(/^([\d.]+,){63}[\d.]+$/),
    ],
  ])('of a confirm: at which addresses the managers must see the node, %j', (addresses, told) => {
    const { parameters } = commandFor(requestOf({ verb: 'confirm', addresses }));
    expect(parameters['addresses']).toEqual(told);
    expect(refused('confirm', parameters)).toEqual([]);
  });

  it.each([
    [undefined, 'unasked'],
    [[], 'none'],
    [['10.0.1.12', '203.0.113.7', '-'], '10.0.1.12,203.0.113.7'],
    [['fe80::1', '$(reboot)'], 'none'],
  ])(
    'of what takes a node out: at which addresses the managers must see one without a label, %j',
    (addresses, told) => {
      for (const verb of ['drain', 'forget', 'demote'] as const) {
        const { parameters } = commandFor(requestOf({ verb, addresses }));
        expect(parameters['addresses']).toEqual(told);
        expect(refused(verb, parameters)).toEqual([]);
      }
    },
  );

  it('of a confirm: the availability that the group wishes', () => {
    const plan = planOf({ role: 'manager', availability: 'drain' });

    expect(commandFor(requestOf({ verb: 'confirm', plan })).parameters).toMatchObject({ availability: 'drain' });
  });

  it('of a confirm: none where the plan does not say whose node it is', () => {
    for (const lacking of ['instance', 'group', 'role'] as const) {
      expect(() => commandFor(requestOf({ verb: 'confirm', plan: planOf({ [lacking]: undefined }) }))).toThrow(
        expect.objectContaining({ name: 'BadInput', message: `the plan has no ${lacking}` }),
      );
    }
  });

  it.each([
    ['the others that go with it', [`${OTHER_NODE}@${OTHER_INSTANCE}`], `${OTHER_NODE}@${OTHER_INSTANCE}`],
    ['no node twice: its own is drained anyway', [`${NODE_ID}@${INSTANCE}`], 'none'],
    [
      'each of the others',
      [`${OTHER_NODE}@${MANAGER_INSTANCE}`, `${NODE_ID}@${INSTANCE}`, `${OTHER_NODE}@${OTHER_INSTANCE}`],
      `${OTHER_NODE}@${MANAGER_INSTANCE},${OTHER_NODE}@${OTHER_INSTANCE}`,
    ],
  ])('of a drain: which nodes are paused first, %s', (_what, together, paused) => {
    const { parameters } = commandFor(requestOf({ verb: 'drain', plan: planOf({ together }) }));
    expect(parameters['together']).toBe(paused);
    expect(refused('drain', parameters)).toEqual([]);
  });

  it('of a confirm: never of a manager that came in before the last recovery', () => {
    const plan = planOf({
      role: 'manager',
      swarm: { swarmId: 's', caDigest: 'd', managers: LEADER.managers, epoch: 2 },
    });
    const confirm =
      (epoch: number | undefined, role: 'manager' | 'worker' = 'manager') =>
      () =>
        commandFor(
          requestOf({ verb: 'confirm', plan: { ...plan, role }, node: { ...unknown, nodeId: NODE_ID, epoch } }),
        );
    expect(confirm(1)).toThrow(
      expect.objectContaining({
        name: 'MissedRecovery',
        message: `${INSTANCE} joined in epoch 1, the cluster is in epoch 2`,
      }),
    );
    // The plan may be older than the join, and joins that were sent before told no epoch.
    const withoutSwarm = { ...noSwarm(), role: 'manager' } as const;
    const unplanned = () =>
      commandFor(requestOf({ verb: 'confirm', plan: withoutSwarm, node: { ...unknown, nodeId: NODE_ID, epoch: 1 } }));
    for (const fine of [confirm(2), confirm(3), confirm(undefined), confirm(1, 'worker'), unplanned]) {
      expect(fine).not.toThrow();
    }
  });

  it('of a join: never a token, and the managers of the moment', () => {
    const { parameters } = commandFor(requestOf({ verb: 'join' }));

    expect(parameters).toMatchObject({ managers: '10.0.1.11:2377', role: 'worker', stage: 'dev' });
    expect(JSON.stringify(parameters)).not.toMatch(/SWMTKN|token/i);
  });

  it('every label that the metadata of a hook may have is one that the confirm document takes', () => {
    const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/);
    const value = fc.stringMatching(/^[A-Za-z0-9_.:/-]{0,128}$/);
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 6 }), (labels) => {
        const metadata = JSON.stringify({ cluster: 'prod', role: 'worker', labels });
        const read = readLifecycleEvent('dev', eventWith('launch', { NotificationMetadata: metadata }));
        fc.pre(read.kind === 'act');
        const plan = planOf({ labels: read.action.labels });

        expect(refused('confirm', commandFor(requestOf({ verb: 'confirm', plan })).parameters)).toEqual([]);
      }),
    );
  });
});

describe('where a command goes', () => {
  it.each(VERBS)('%s', (verb) => {
    const onManager = [
      'confirm',
      'demote',
      'drain',
      'forget',
      'inspect',
      'mend',
      'rotate',
      'shift',
      'availability',
    ].includes(verb);

    expect(runsOnManager(verb)).toBe(onManager);
    expect(commandFor(requestOf({ verb })).target).toBe(onManager ? MANAGER_INSTANCE : INSTANCE);
  });

  it('to a manager only if one is known', () => {
    expect(() => commandFor(requestOf({ verb: 'drain', managers: [] }))).toThrow(
      'drain needs a manager, and none is known',
    );
  });

  it('to any of the managers, always the same one for an instance', () => {
    const managers = ['a', 'b', 'c'].map((nodeId) => ({ ...LEADER.leader, nodeId }));
    const picked = Array.from({ length: 60 }, (_, n) => pickManager(managers, `i-${n}`)?.nodeId);

    expect(new Set(picked)).toEqual(new Set(['a', 'b', 'c']));
    expect(Array.from({ length: 60 }, (_, n) => pickManager(managers, `i-${n}`)?.nodeId)).toEqual(picked);
    expect(pickManager([], 'i-1')).toBeUndefined();
  });
});

describe('the next try', () => {
  const managers = ['i-a', 'i-b', 'i-c'].map((instance) => ({ ...LEADER.leader, instance }));
  const tried = (instance: string): (string | undefined)[] =>
    [1, 2, 3, 4].map((number) => pickManager(managers, instance, number)?.instance);

  it('goes to the next manager, and round to the first again', () => {
    const [first, second, third, fourth] = tried(INSTANCE);

    expect(new Set([first, second, third])).toEqual(new Set(['i-a', 'i-b', 'i-c']));
    expect(fourth).toBe(first);
  });

  it('never asks a manager about itself, unless it is the only one', () => {
    expect(tried('i-b')).not.toContain('i-b');
    expect(pickManager(managers.slice(1, 2), 'i-b')?.instance).toBe('i-b');
  });
});

describe('what changes the managers of a swarm', () => {
  const joining = planOf({ role: 'manager' });

  it.each<[Verb, number]>([
    ['join', 120 + 180 + 30],
    ['confirm', 120 + 60 + 30],
    ['demote', 120 + 60 + 30],
  ])('%s is under a lock whose lease outlives it: start, run, and clocks that differ', (verb, lease) => {
    const { lockUntil, parameters } = commandFor(requestOf({ verb, plan: joining }));

    expect(lockUntil).toBe(NOW + lease);
    expect(Number(parameters['notAfter']) + Number(parameters['executionTimeout'])).toBeLessThan(lockUntil ?? 0);
  });

  it('nothing else is: neither what takes long, nor a worker, nor the founding', () => {
    const locked = (verb: Verb, plan: Request['plan']): boolean =>
      commandFor(requestOf({ verb, plan })).lockUntil !== undefined;

    expect(VERBS.filter((verb) => locked(verb, joining))).toEqual(['join', 'confirm', 'demote']);
    expect(VERBS.filter((verb) => locked(verb, planOf()))).toEqual([]);
    expect(VERBS.filter((verb) => locked(verb, planOf({ role: 'manager', route: 'found' })))).toEqual([]);
  });
});

describe('the times of a command', () => {
  it('on a manager it may wait for delivery as long as it may start, since the manager may be busy', () => {
    // Parameter Store may ask to slow down; and what is about many nodes takes its time.
    const times: Partial<Record<Verb, string>> = { rotate: '180', inspect: '90', mend: '90', shift: '90' };
    for (const verb of VERBS.filter(runsOnManager)) {
      expect(commandFor(requestOf({ verb }))).toMatchObject({
        deliveryTimeout: 600,
        parameters: { notAfter: String(NOW + 600), executionTimeout: times[verb] ?? '60' },
      });
    }
  });

  it('to an instance that comes it may be delivered for as long as it may start: an agent may come up minutes later', () => {
    for (const verb of ['init', 'prepare', 'join'] as const) {
      expect(commandFor(requestOf({ verb })).deliveryTimeout).toBe(600);
    }
    // Under the membership lock, for which others wait.
    expect(commandFor(requestOf({ verb: 'join', plan: planOf({ role: 'manager' }) })).deliveryTimeout).toBe(120);
  });

  it.each(['join', 'leave'] as const)('the fence of a leave refuses no join that is sent after it: %s', (route) => {
    const notAfter = (verb: Verb, role: 'manager' | 'worker', now: number, undo = false): number =>
      Number(commandFor(requestOf({ verb, undo, now, plan: planOf({ role, route }) })).parameters['notAfter']);

    for (const role of ['manager', 'worker'] as const) {
      expect(notAfter('join', role, NOW + 1)).toBeGreaterThan(notAfter('leave', role, NOW, true));
      // One that was sent before it must not come in after it.
      expect(notAfter('join', role, NOW)).toBeLessThanOrEqual(notAfter('leave', role, NOW));
    }
  });

  it('a leave is delivered within a minute, and half of that when a launch is undone: the least SSM takes', () => {
    expect(commandFor(requestOf({ verb: 'leave' })).deliveryTimeout).toBe(60);
    expect(commandFor(requestOf({ verb: 'leave', undo: true })).deliveryTimeout).toBe(30);
  });

  it('a leave waits until just before the deadline, and its script may run a little longer than it waits', () => {
    expect(commandFor(requestOf({ verb: 'leave' })).parameters).toMatchObject({
      waitUntil: String(NOW + 1710),
      executionTimeout: '1740',
      depart: 'no',
    });
  });

  it('the last manager waits for five minutes at most, since others wait for the lock', () => {
    const command = commandFor(requestOf({ verb: 'leave', last: true }));
    expect(command.parameters).toMatchObject({ waitUntil: String(NOW + 300), notAfter: String(NOW + 120) });
    expect(command.lockUntil).toBe(NOW + 120 + 330 + 30);
  });

  it('a launch that is undone does not wait for tasks', () => {
    expect(commandFor(requestOf({ verb: 'leave', undo: true })).parameters).toMatchObject({
      waitUntil: String(NOW + 20),
      executionTimeout: '60',
    });
  });

  it.each([
    ['where AWS takes the instance sooner, until five seconds before that', 600, NOW + 595],
    ['where AWS takes it in a moment, for twenty seconds all the same', 10, NOW + 20],
    ['where AWS takes it after the deadline, until just before the deadline', 86_400, NOW + 1710],
  ])('a leave waits %s', (_what, diesIn, until) => {
    const { parameters } = commandFor(requestOf({ verb: 'leave', plan: planOf({ diesAt: NOW + diesIn }) }));

    expect(parameters['waitUntil']).toBe(String(until));
  });

  it('never longer than the agent takes: beyond 48 hours it would silently use an hour', () => {
    const { parameters } = commandFor(requestOf({ verb: 'leave', plan: planOf({ deadline: NOW + 172_740 }) }));

    expect(Number(parameters['executionTimeout'])).toBeLessThanOrEqual(172_800);
  });
});

describe('a list of addresses', () => {
  const many = Array.from({ length: 70 }, (_, index) => `10.0.2.${index}`);

  it('of managers has each once, and no more than a join takes', () => {
    const managers = [...many, ...many].map((ip) => ({ ...LEADER.leader, address: `${ip}:2377` }));
    const { parameters } = commandFor(requestOf({ verb: 'join', managers }));

    expect(parameters['managers']).toBe(
      many
        .slice(0, 32)
        .map((ip) => `${ip}:2377`)
        .join(','),
    );
  });

  it('of an instance has no more than a document takes, and none that is no IPv4 address', () => {
    const { parameters } = commandFor(requestOf({ verb: 'forget', addresses: ['fd00::1', ...many] }));

    expect(parameters['addresses']).toBe(many.slice(0, 64).join(','));
  });
});

describe('whether the instance leaves the swarm itself', () => {
  it.each<[string, Partial<Request>, string]>([
    ['a worker whose disk goes with it', {}, 'no'],
    ['a worker whose disk lives on', { plan: planOf({ depart: true }) }, 'yes'],
    ['a launch that is undone', { undo: true }, 'yes'],
    ['an instance whose node id is not known', { node: unknown }, 'yes'],
    ['the last manager, with which its swarm ends', { last: true, plan: planOf({ role: 'manager' }) }, 'last'],
  ])('%s: %s', (_what, changes, depart) => {
    expect(commandFor(requestOf({ verb: 'leave', ...changes })).parameters['depart']).toBe(depart);
  });
});
