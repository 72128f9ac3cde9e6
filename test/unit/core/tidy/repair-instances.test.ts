// What a tidy does about single instances: which joins and leaves it starts, with which event, what it only tells, and whose executions it asks about.
import { describe, expect, it } from '@jest/globals';

import { readLifecycleEvent } from '../../../../src/core/lifecycle/event.ts';
import type { KnownNode, SwarmNode, TidyFacts, TidyGroup } from '../../../../src/core/tidy/facts.ts';
import { repairInstances, silentOwners } from '../../../../src/core/tidy/repair-instances.ts';
import { INSTANCE, NODE_ID, NOW, OTHER_INSTANCE, actionOf } from '../../support/examples.ts';
import {
  ARN,
  OTHER_NODE,
  down,
  factsOf,
  group,
  item,
  manager,
  managerGroup,
  members,
  node,
} from '../../support/tidy-facts.ts';

type Changes = Partial<TidyFacts>;

const found = (changes: Changes) => repairInstances(factsOf(changes));
/** What it does of whom, and what it tells by which name. */
function words(changes: Changes): string[] {
  const { repairs, reports } = found(changes);
  return [
    ...repairs.map((one) => `${one.kind} ${'instance' in one ? one.instance : ''}: ${one.because}`),
    ...reports.map(({ name = 'note', instance = '', because }) => `${name} ${instance}: ${because}`),
  ];
}
const running = new Map([[INSTANCE, 'running']]);
const terminated = new Map([[INSTANCE, 'terminated']]);
/** Of another instance, which is as it should be. */
const others = node({ nodeId: OTHER_NODE, instance: OTHER_INSTANCE });
const without = (suffix: string, of: TidyGroup = group()): TidyGroup[] => [
  { ...of, hooks: of.hooks.filter(({ name }) => !name.endsWith(suffix)) },
];

describe('an instance in service', () => {
  const JOINS = [`join ${INSTANCE}: it is InService and not in the swarm`];
  const labelledByOther = node({ instance: OTHER_INSTANCE });

  it.each<[string, Changes, string[]]>([
    ['joins, whoever else is in the swarm', { nodes: [others] }, JOINS],
    ['stays where its node has its label, and its item is lost', { known: [] }, []],
    ['stays where its node has its label, and its item has another one', { known: [item({ nodeId: OTHER_NODE })] }, []],
    ['stays where its node has lost its label, as its item is ready', { nodes: [node({ instance: undefined })] }, []],
    [
      'stays where its node has got the label of another before its own',
      { nodes: [labelledByOther], known: [item({ phase: 'joined' })] },
      [],
    ],
    ['that dies in a moment stays outside', { nodes: [], known: [item({ phase: 'gone', diesAt: NOW + 60 })] }, []],
    [
      'that should be dead stays outside as long as it may be shown still',
      { nodes: [], known: [item({ phase: 'gone', diesAt: NOW - 599 })] },
      [],
    ],
    ['that lives on joins again', { nodes: [], known: [item({ phase: 'gone', diesAt: NOW - 600 })] }, JOINS],
    ['that is being terminated as EC2 says stays outside', { nodes: [], states: terminated }, []],
    [
      'whose engine is in a swarm that nobody declared is told of for a day',
      { nodes: [others], known: [item({ nodeId: undefined, foreignSwarm: { at: NOW - 86_399, because: 'a swarm' } })] },
      [`ForeignSwarm ${INSTANCE}: its engine is in a swarm that nobody declared, which is left as it is: a swarm`],
    ],
    [
      'the same, a day later, is looked at once more',
      { nodes: [], known: [item({ nodeId: undefined, foreignSwarm: { at: NOW - 86_400, because: 'a swarm' } })] },
      JOINS,
    ],
    [
      'the same, and it is a node by now, is as it should be',
      { nodes: [others, node()], known: [item({ foreignSwarm: { at: NOW - 60, because: 'a swarm' } })] },
      [],
    ],
    [
      'the same, whose launch hook waits still, gets its answer',
      {
        nodes: [],
        groups: members('Pending:Wait'),
        known: [item({ nodeId: undefined, foreignSwarm: { at: NOW - 60, because: 'a swarm' } })],
      },
      [`join ${INSTANCE}: it is Pending:Wait and not in the swarm`],
    ],
  ])('%s', (_what, changes, wanted) => {
    expect(words({ states: running, ...changes })).toEqual(wanted);
  });

  it('whose engine is in a swarm that nobody declared is told of with its group', () => {
    const known = [item({ foreignSwarm: { at: NOW, because: 'a swarm' } })];
    expect(found({ nodes: [], known }).reports).toMatchObject([{ instance: INSTANCE, group: 'workers' }]);
  });
});

describe('an instance in standby', () => {
  const DRAIN = 'drain it if it is to be worked on, and its group takes it back as it is';

  it.each<[string, Changes, string[]]>([
    ['that is a node', {}, [`it is in standby, and a node that is ready, active: ${DRAIN}`]],
    [
      'that somebody has stopped',
      { nodes: [others, down()], states: new Map([[INSTANCE, 'stopped']]) },
      [`it is in standby, and its instance is stopped, and a node that is down, active: ${DRAIN}`],
    ],
    ['that is no node', { nodes: [others], states: running }, [`it is in standby, and no node: ${DRAIN}`]],
    [
      'that is on its way there',
      { groups: members('EnteringStandby') },
      [`it is in standby, and a node that is ready, active: ${DRAIN}`],
    ],
    ['that an execution is at work on', { known: [item({ phase: 'joining', leaseUntil: NOW + 1 })] }, []],
  ])('%s is told of, as a note', (_what, changes, wanted) => {
    expect(found({ groups: members('Standby'), ...changes })).toEqual({
      repairs: [],
      reports: wanted.map((because) => ({ instance: INSTANCE, group: 'workers', because })),
    });
  });

  it('in a warm pool is none that is missing, whoever else is a node', () => {
    expect(words({ groups: members('Warmed:Running'), nodes: [others], states: running })).toEqual([]);
  });
});

describe('a manager that its group retained', () => {
  const groups = [managerGroup([{ instance: INSTANCE, lifecycle: 'Terminating:Retained' }], { desired: 3 })];
  const more = (count: number, changes: Partial<SwarmNode> = {}): SwarmNode[] =>
    Array.from({ length: count }, (_, n) =>
      manager({ nodeId: `${n}`.repeat(25), instance: `i-${`${n}`.repeat(17)}`, ...changes }),
    );
  const MAY = [`leave ${INSTANCE}: its group retained it, and it may go now`];

  it.each<[string, Changes, string[]]>([
    ['goes where enough others are there', { nodes: [manager(), ...more(3)] }, MAY],
    [
      'goes however many workers there are, which have no vote',
      { nodes: [manager(), ...more(3), ...more(9, { isManager: false, isReachable: false, role: 'worker' })] },
      MAY,
    ],
    [
      'waits where one of the others is told to go already',
      { nodes: [manager(), ...more(2), manager({ nodeId: OTHER_NODE, instance: OTHER_INSTANCE, role: 'worker' })] },
      [
        `ManagerWaits ${INSTANCE}: its group retained it, and it may not go yet: ` +
          `without node ${NODE_ID} 2 managers are reachable, and 3 are wanted`,
      ],
    ],
    ['goes once it is demoted, however few are left', { nodes: [node(), ...more(1)] }, MAY],
    [
      'leaves where no manager knows it, and its item says that it is in',
      { nodes: more(3) },
      [`leave ${INSTANCE}: its group retained it, and no manager knows it`],
    ],
    [
      'is ended once it is out',
      { nodes: more(3), known: [item({ phase: 'gone' })] },
      [`end ${INSTANCE}: its group retained it, and it is out of the swarm`],
    ],
  ])('%s', (_what, changes, wanted) => {
    expect(words({ groups, ...changes })).toEqual(wanted);
  });
});

describe('a manager that is down, and whose instance is gone,', () => {
  const known = [item({ role: 'manager', group: 'managers' })];
  const groups = [managerGroup([])];
  const dead = (changes: Partial<SwarmNode> = {}): SwarmNode => down({ role: 'manager', isManager: true, ...changes });
  const LEAVES = [`leave ${INSTANCE}: a manager is down, and its instance is terminated: it counts against the quorum`];

  it.each<[string, Changes, string[]]>([
    ['leaves', {}, LEAVES],
    ['leaves where it is demoted, and in the raft still', { nodes: [dead({ role: 'worker' })] }, LEAVES],
    ['leaves where it never came into the raft', { nodes: [dead({ isManager: false })] }, LEAVES],
    ['leaves once, if it is two nodes', { nodes: [dead(), dead({ nodeId: OTHER_NODE })] }, LEAVES],
    [
      'leaves beside others that join and leave',
      {
        groups: [
          managerGroup([{ instance: OTHER_INSTANCE, lifecycle: 'Terminating:Wait' }]),
          group([{ instance: 'i-1', lifecycle: 'InService' }]),
        ],
        states: new Map([...terminated, ['i-1', 'running']]),
      },
      [
        `leave ${OTHER_INSTANCE}: it waits to be terminated, and no execution is at work on it`,
        'join i-1: it is InService and not in the swarm',
        ...LEAVES,
      ],
    ],
    [
      'is told of where nobody knows its group',
      { known: [] },
      [`NodeDown ${INSTANCE}: a manager is down and gone, and skep knows nothing of its group: not demoted`],
    ],
    [
      'is told of once where its hook waits, and is not there',
      {
        groups: without('terminate', managerGroup([{ instance: INSTANCE, lifecycle: 'Terminating:Wait' }])),
      },
      [
        `HookBroken ${INSTANCE}: it waits to be terminated, and no execution is at work on it, but group managers has no hook skep-dev-terminate`,
      ],
    ],
  ])('%s', (_what, changes, wanted) => {
    expect(words({ nodes: [dead()], known, groups, states: terminated, ...changes })).toEqual(wanted);
  });

  it('leaves as a manager also where a person has made it one of a group of workers', () => {
    expect(found({ nodes: [dead()], groups: [group([])], known: [item()], states: terminated }).repairs).toMatchObject([
      { kind: 'leave', group: 'workers', role: 'manager' },
    ]);
  });

  it('is told of by the name that the verdict knows, and with what a person looks for', () => {
    expect(found({ nodes: [dead()], known: [], groups, states: terminated }).reports).toMatchObject([
      { name: 'NodeDown', nodeId: NODE_ID, instance: INSTANCE },
    ]);
  });
});

describe('the event that a tidy starts an execution with', () => {
  const read = (changes: Changes) =>
    found(changes)
      .repairs.map((one) => ('event' in one ? readLifecycleEvent('dev', one.event) : undefined))
      .map((one) => (one?.kind === 'act' ? one.action : one));
  const missing: Changes = { nodes: [], known: [], states: running };

  it.each<[string, Changes, Parameters<typeof actionOf>[0]]>([
    ['lets a worker join', missing, { kind: 'launch' }],
    [
      'lets it join with what its cluster and role are, where its group has lost its launch hook',
      { ...missing, groups: without('launch') },
      { kind: 'launch', timeout: 300 },
    ],
    ['lets a worker leave', { groups: members('Terminating:Wait') }, { kind: 'terminate' }],
    [
      'lets a worker leave for its warm pool, from which it may come back',
      { groups: members('Warmed:Pending:Wait') },
      { kind: 'terminate', depart: true },
    ],
    [
      'takes the place of an execution that has ended',
      { groups: members('Terminating:Wait'), ended: new Set([ARN]) },
      { kind: 'terminate', replaces: [ARN] },
    ],
  ])('is read as any other: it %s', (_what, changes, wanted) => {
    expect(read(changes)).toEqual([actionOf({ actionToken: undefined, ...wanted })]);
  });

  it('says that it is of a tidy, which has looked before', () => {
    const [leave] = found({ groups: members('Terminating:Wait') }).repairs;

    expect(leave).toMatchObject({
      event: { source: 'skep.tidy', 'detail-type': 'EC2 Instance-terminate Lifecycle Action' },
    });
  });
});

describe('executions that nobody has heard of', () => {
  const silent: Partial<KnownNode> = { phase: 'joining', leaseUntil: NOW + 1, beatAt: NOW - 601 };
  const asked = (known: readonly KnownNode[]): string[] => silentOwners({ known, now: NOW });

  it('are asked about once each, whatever the number of their instances', () => {
    const known = [INSTANCE, OTHER_INSTANCE].map((instance) => item({ instance, ...silent }));

    expect(asked([item(silent)])).toEqual([ARN]);
    expect(asked(known)).toEqual([ARN]);
  });

  it.each<[string, Partial<KnownNode>]>([
    ['it was heard of within ten minutes', { beatAt: NOW - 600 }],
    ['its hook was never kept alive yet', { beatAt: undefined }],
    ['its lease is over, so that nobody waits for it', { leaseUntil: NOW }],
    ['its instance has joined', { phase: 'ready' }],
    ['its instance has left', { phase: 'gone' }],
  ])('are not asked about where %s', (_what, changes) => {
    expect(asked([item({ ...silent, ...changes })])).toEqual([]);
  });
});
