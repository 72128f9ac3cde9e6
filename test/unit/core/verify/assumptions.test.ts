// Each assumption: it holds for an account that is right, and one that is made wrong in one point fails in that line and no other.
import { describe, expect, it } from '@jest/globals';

import { hookProblems } from '../../../../src/core/lifecycle/hooks.ts';
import { VERBS } from '../../../../src/core/names.ts';
import { ASSUMPTION_IDS, findings } from '../../../../src/core/verify/assumptions.ts';
import type { Readings, VerifiedGroup, VerifyFacts } from '../../../../src/core/verify/facts.ts';

/** With the hooks that skep itself would put. */
function group(name: string, role: 'manager' | 'worker'): VerifiedGroup {
  const hooks = hookProblems('dev', 'blue', { name, role, hooks: [] }).map(({ wish }) => ({
    name: wish.LifecycleHookName,
    transition: wish.LifecycleTransition,
    metadata: wish.NotificationMetadata,
    timeout: wish.HeartbeatTimeout,
    defaultResult: wish.DefaultResult,
  }));
  return {
    ...{ name, cluster: 'blue', role, hooks, retains: role === 'manager' },
    agents: [{ instance: `i-${name}`, ping: 'Online' }],
  };
}

const DOCUMENT = { status: 'Active', defaultVersion: '3', latestVersion: '3', platforms: ['Linux'] };
const MACHINE = {
  status: 'ACTIVE',
  kind: 'STANDARD',
  definition: '{"States":{"A":{"Resource":"arn:aws:states:::lambda:invoke"}}}',
};
const MACHINES = ['scale-out', 'scale-in', 'tidy', 'recover', 'rebalance', 'rotate-tokens'];

const GOOD: VerifyFacts = {
  stack: {
    status: 'UPDATE_COMPLETE',
    parts: [{ logicalId: 'Table', type: 'AWS::DynamoDB::Table', status: 'CREATE_COMPLETE' }],
  },
  exports: ['skep-dev-worker-node-policy', 'skep-dev-manager-node-policy', 'another'],
  table: { status: 'ACTIVE', keys: ['pk', 'sk'], isProtected: true },
  documents: VERBS.map((verb) => ({ ...DOCUMENT, verb })),
  machines: { partition: 'aws', all: MACHINES.map((name) => ({ ...MACHINE, name: `skep-dev-${name}` })) },
  diagnoses: [],
  probes: {
    'unknown-command': 'InvocationDoesNotExist',
    'unknown-node': 'InvalidInstanceId',
    'unknown-token': 'InvalidToken',
    'unknown-execution': 'ExecutionDoesNotExist',
    'unknown-instance': 'InvalidInstanceID.NotFound',
    'unknown-parameter': 'ParameterNotFound',
    'unmet-condition': 'ConditionalCheckFailedException',
  },
  deadLetters: 0,
  groups: [group('managers', 'manager'), group('workers', 'worker')],
  noSuchAction: { name: 'ValidationError', message: 'No active Lifecycle Action found with token 1' },
  sinceMilliseconds: 'nothing',
  joinTokens: { '/skep/dev/blue/join-token/worker': 'AccessDeniedException' },
};

const seen = (facts: VerifyFacts): Readings =>
  Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, { seen: value as unknown }]),
  ) as unknown as Readings;

const wrongIn = (facts: VerifyFacts): string[] =>
  findings(seen(facts), 'dev')
    .filter(({ verdict }) => verdict !== 'holds')
    .map(({ id }) => id);

const [managers, workers] = GOOD.groups as [VerifiedGroup, VerifiedGroup];
const probes = (name: keyof VerifyFacts['probes'], answer: string): Partial<VerifyFacts> => ({
  probes: { ...GOOD.probes, [name]: answer },
});
const machines = (change: Partial<typeof MACHINE>): Partial<VerifyFacts> => ({
  machines: {
    ...GOOD.machines,
    all: GOOD.machines.all.map((one, index) => (index === 2 ? { ...one, ...change } : one)),
  },
});
const documents = (change: Partial<typeof DOCUMENT>): Partial<VerifyFacts> => ({
  documents: GOOD.documents.map((one, index) => (index === 4 ? { ...one, ...change } : one)),
});

/** What is wrong, in which line it must be found, and what must be said of it. */
const PLANTED: readonly (readonly [what: string, id: string, change: Partial<VerifyFacts>, said: string])[] = [
  [
    'an update that was rolled back',
    'stack',
    { stack: { ...GOOD.stack, status: 'UPDATE_ROLLBACK_COMPLETE' } },
    'ROLLBACK',
  ],
  [
    'an update that still removes what it has replaced',
    'stack',
    { stack: { ...GOOD.stack, status: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' } },
    'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  ],
  [
    'a part that failed',
    'parts',
    { stack: { ...GOOD.stack, parts: [{ logicalId: 'Table', type: '', status: 'DELETE_FAILED' }] } },
    'Table DELETE_FAILED',
  ],
  ['a stack without parts', 'parts', { stack: { ...GOOD.stack, parts: [] } }, 'no resources'],
  [
    'an export that is missing',
    'node-policies',
    { exports: ['skep-dev-worker-node-policy'] },
    'skep-dev-manager-node-policy',
  ],
  [
    'a table that was left over by others',
    'table-keys',
    { table: { ...GOOD.table, keys: ['id', 'at'] } },
    'keys id, at',
  ],
  ['a table that is being restored', 'table-keys', { table: { ...GOOD.table, status: 'CREATING' } }, 'CREATING'],
  ['a table without protection', 'table-protected', { table: { ...GOOD.table, isProtected: false } }, 'protection off'],
  ['a document that is missing', 'documents', { documents: GOOD.documents.slice(1) }, 'no document init'],
  ['a document that failed', 'documents', documents({ status: 'Failed' }), 'Failed'],
  ['a document for Windows', 'documents', documents({ platforms: ['Windows'] }), 'not for Linux'],
  ['an old default version', 'default-versions', documents({ defaultVersion: '2' }), 'default 2, latest 3'],
  [
    'a machine that is missing',
    'machines',
    { machines: { ...GOOD.machines, all: GOOD.machines.all.slice(1) } },
    'no scale-out',
  ],
  ['a machine that is being deleted', 'machines', machines({ status: 'DELETING' }), 'DELETING'],
  ['an Express machine', 'machines', machines({ kind: 'EXPRESS' }), 'EXPRESS'],
  [
    'a definition of another partition',
    'partition',
    { machines: { ...GOOD.machines, partition: 'aws-cn' } },
    'aws, in aws-cn',
  ],
  [
    'a definition of a partition with a longer name',
    'partition',
    machines({ definition: '{"Resource":"arn:aws-us-gov:states:::lambda:invoke"}' }),
    'skep-dev-tidy: aws-us-gov, in aws',
  ],
  ['a definition that AWS refuses', 'definitions', { diagnoses: ['skep-dev-tidy: SCHEMA /States'] }, 'SCHEMA'],
  [
    'another name of an unknown command',
    'unknown-command',
    probes('unknown-command', 'InvalidCommandId'),
    'InvalidCommandId',
  ],
  [
    'another name of an unknown node',
    'unknown-node',
    probes('unknown-node', 'ValidationException'),
    'ValidationException',
  ],
  ['a command to nobody that is taken', 'unknown-node', probes('unknown-node', 'nothing'), 'nothing'],
  ['another name of an unknown token', 'unknown-token', probes('unknown-token', 'ValidationException'), 'Validation'],
  [
    'another name of an unknown execution',
    'unknown-execution',
    probes('unknown-execution', 'InvalidArn'),
    'InvalidArn',
  ],
  ['another name of an unknown instance', 'unknown-instance', probes('unknown-instance', 'nothing'), 'nothing'],
  [
    'another name of an unknown parameter',
    'unknown-parameter',
    probes('unknown-parameter', 'AccessDenied'),
    'AccessDenied',
  ],
  ['a condition that does not count', 'unmet-condition', probes('unmet-condition', 'nothing'), 'nothing'],
  ['a dead letter', 'dead-letters', { deadLetters: 2 }, '2 dead letter(s)'],
  [
    'a join token that is told',
    'join-tokens',
    { joinTokens: { '/skep/dev/blue/join-token/manager': 'nothing' } },
    '/skep/dev/blue/join-token/manager: was told',
  ],
  [
    'a join token of which nobody knows who may read it',
    'join-tokens',
    { joinTokens: { '/skep/dev/blue/join-token/manager': 'ThrottlingException' } },
    '/skep/dev/blue/join-token/manager: ThrottlingException',
  ],
  [
    'milliseconds that are refused',
    'since-milliseconds',
    { sinceMilliseconds: 'InvalidFilterValue' },
    'InvalidFilterValue',
  ],
  [
    'other words about an action that there is not',
    'no-such-action',
    { noSuchAction: { name: 'ValidationError', message: 'Rate exceeded' } },
    'Rate exceeded',
  ],
  [
    'another name for an action that there is not',
    'no-such-action',
    { noSuchAction: { name: 'ResourceNotFound', message: 'No active Lifecycle Action found with token 1' } },
    'ResourceNotFound: No active Lifecycle Action found with token 1',
  ],
  [
    'an action of nobody that is completed',
    'no-such-action',
    { noSuchAction: { name: 'nothing', message: '' } },
    'completed',
  ],
  [
    'a hook that is missing',
    'hooks',
    { groups: [{ ...managers, hooks: managers.hooks.slice(1) }, workers] },
    'managers: hook skep-dev-launch',
  ],
  [
    'managers that are not retained',
    'retention',
    { groups: [{ ...managers, retains: false }, workers] },
    'not retained',
  ],
  [
    'an agent that is away',
    'agents',
    { groups: [managers, { ...workers, agents: [{ instance: 'i-1', ping: 'ConnectionLost' }] }] },
    'workers: i-1 ConnectionLost',
  ],
  [
    'an agent that nobody knows',
    'agents',
    { groups: [managers, { ...workers, agents: [{ instance: 'i-1', ping: undefined }] }] },
    'i-1 not registered',
  ],
];

describe('an account that is right', () => {
  it.each<[what: string, change: Partial<VerifyFacts>]>([
    ['as all of them are', {}],
    ['after its first deployment', { stack: { ...GOOD.stack, status: 'CREATE_COMPLETE' } }],
    [
      'with parts that were taken in',
      {
        stack: {
          ...GOOD.stack,
          parts: [{ logicalId: 'Table', type: 'AWS::DynamoDB::Table', status: 'IMPORT_COMPLETE' }],
        },
      },
    ],
    [
      'by the other name that AWS has for what it does not take',
      {
        noSuchAction: { ...GOOD.noSuchAction, name: 'ValidationException' },
      },
    ],
    [
      'with machines of others',
      {
        machines: { ...GOOD.machines, all: [...GOOD.machines.all, { ...MACHINE, name: 'skep-dev-other' }] },
      },
    ],
  ])('has nothing that is wrong: %s', (_what, change) => {
    expect(wrongIn({ ...GOOD, ...change })).toEqual([]);
  });

  it('is told what was expected of its stage, and that it is so', () => {
    expect(findings(seen(GOOD), 'dev').find(({ id }) => id === 'node-policies')).toMatchObject({
      expected: 'skep-dev-worker-node-policy and -manager-node-policy',
      seen: 'as expected',
    });
  });
});

describe('an account that is wrong in one point', () => {
  it.each(PLANTED)('%s fails %s, and nothing else', (_what, id, change, said) => {
    const facts = { ...GOOD, ...change };
    expect(wrongIn(facts)).toEqual([id]);
    const finding = findings(seen(facts), 'dev').find((one) => one.id === id);
    expect(finding).toMatchObject({ verdict: 'wrong', seen: expect.stringContaining(said), rests: expect.any(String) });
  });

  it('is planted for each assumption', () => {
    expect([...new Set(PLANTED.map(([, id]) => id))].toSorted()).toEqual(ASSUMPTION_IDS.toSorted());
  });
});

describe('what could not be read', () => {
  it('is neither right nor wrong, and says why', () => {
    const readings = { ...seen(GOOD), table: { problem: 'it could not be read (AccessDeniedException)' } };
    const open = findings(readings, 'dev').filter(({ verdict }) => verdict !== 'holds');
    expect(open.map(({ id, verdict, seen: why }) => [id, verdict, why])).toEqual([
      ['table-keys', 'not settled', 'it could not be read (AccessDeniedException)'],
      ['table-protected', 'not settled', 'it could not be read (AccessDeniedException)'],
    ]);
  });
});

it('of many wrong things a few are shown, and the others counted', () => {
  const shown = (...diagnoses: string[]): string | undefined =>
    findings(seen({ ...GOOD, diagnoses }), 'dev').find(({ id }) => id === 'definitions')?.seen;
  expect(shown('a', 'b', 'c')).toBe('a; b; c');
  expect(shown('a', 'b', 'c', 'd', 'e')).toBe('a; b; c (and 2 more)');
});
