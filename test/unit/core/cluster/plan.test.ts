// From a file and what there is to a list of steps.
import { describe, expect, it } from '@jest/globals';

import {
  changeWords,
  goingOrder,
  kindOf,
  neighboursOf,
  notesOn,
  parametersOf,
  parameterWords,
  planSteps,
} from '../../../../src/core/cluster/plan.ts';
import type { StackFacts, StackStep } from '../../../../src/core/cluster/plan.ts';
import { wishedStacks } from '../../../../src/core/cluster/stacks.ts';
import { CLUSTER, fileOf, GIVEN, MANAGERS, NETWORK, RAW, WEB } from '../../support/cluster-files.ts';

const FILE = fileOf(RAW);

const stack = (name: string, status = 'CREATE_COMPLETE', more: Partial<StackFacts> = {}): StackFacts => ({
  name,
  status,
  because: undefined,
  parameters: {},
  outputs: {},
  ...more,
});
const ALL = [stack(WEB), stack(MANAGERS), stack(CLUSTER), stack(NETWORK)];

const words = (steps: readonly StackStep[]): string[] =>
  steps.map((step) =>
    step.do === 'declare' ? 'declare' : `${step.do} ${'wish' in step ? step.wish.name : step.stack.name}`,
  );

const plan = (stacks: readonly StackFacts[], isDeclared = true, file = FILE): string[] =>
  words(planSteps(file, wishedStacks(file), stacks, isDeclared));

describe('a plan', () => {
  it('makes from nothing: the network, the cluster, the declaration, managers, workers', () => {
    expect(plan([], false)).toEqual([
      `create ${NETWORK}`,
      `create ${CLUSTER}`,
      'declare',
      `create ${MANAGERS}`,
      `create ${WEB}`,
    ]);
  });

  it('compares what is there', () => {
    expect(plan(ALL)).toEqual([NETWORK, CLUSTER, MANAGERS, WEB].map((name) => `compare ${name}`));
  });

  it('goes on where it was ended', () => {
    expect(plan([stack(NETWORK), stack(CLUSTER, 'CREATE_IN_PROGRESS')], false)).toEqual([
      `compare ${NETWORK}`,
      `wait ${CLUSTER}`,
      'declare',
      `create ${MANAGERS}`,
      `create ${WEB}`,
    ]);
  });

  it('removes a group that the file has no more, after all else', () => {
    expect(plan([...ALL, stack(`${CLUSTER}-Group-old`)]).at(-1)).toBe(`remove ${CLUSTER}-Group-old`);
  });

  it('leaves alone what is of another cluster or stage', () => {
    const others = ['skep-dev-Swarm-blue2', 'skep-prod-Swarm-blue', 'skep-dev-Swarm-blue-Other', 'skep-dev', 'x'];
    expect(plan([...ALL, ...others.map((name) => stack(name))])).toHaveLength(4);
  });

  it('needs no network where one is given', () => {
    expect(plan([], true, fileOf({ ...RAW, network: GIVEN }))[0]).toBe(`create ${CLUSTER}`);
  });

  it.each([
    ['ROLLBACK_COMPLETE', 'create'],
    ['REVIEW_IN_PROGRESS', 'create'],
    ['UPDATE_COMPLETE', 'compare'],
    ['UPDATE_ROLLBACK_COMPLETE', 'compare'],
    ['UPDATE_IN_PROGRESS', 'wait'],
    ['DELETE_IN_PROGRESS', 'wait'],
    ['UPDATE_ROLLBACK_FAILED', 'stuck'],
    ['DELETE_FAILED', 'stuck'],
    ['ROLLBACK_FAILED', 'stuck'],
    ['SOMETHING_NEW', 'stuck'],
  ])('of a stack that is %s is to %s', (status, what) => {
    const step = planSteps(FILE, wishedStacks(FILE), [stack(NETWORK, status)], true)[0];
    expect(step?.do).toBe(what);
    expect(step?.do === 'create' ? step.clears?.status : undefined).toBe(what === 'create' ? status : undefined);
  });

  it.each([
    ['UPDATE_ROLLBACK_FAILED', `aws cloudformation continue-update-rollback --stack-name ${NETWORK}`],
    ['DELETE_FAILED', `look at its events: aws cloudformation describe-stack-events --stack-name ${NETWORK}`],
  ])('says how a stack that is %s is brought on', (status, advice) => {
    expect(planSteps(FILE, wishedStacks(FILE), [stack(NETWORK, status)], true)[0]).toMatchObject({ advice });
  });
});

describe('stacks', () => {
  it('wait for what another one tells', () => {
    const [, cluster] = wishedStacks(FILE);
    const read = (stacks: readonly StackFacts[]): unknown => cluster && parametersOf(cluster, stacks);
    const outputs = { VpcId: 'vpc-1' };
    expect(read([])).toEqual({ waitsFor: NETWORK });
    expect(read([stack(NETWORK, 'CREATE_IN_PROGRESS', { outputs })])).toEqual({ waitsFor: NETWORK });
    expect(read([stack(NETWORK, 'CREATE_COMPLETE', { outputs })])).toMatchObject({ values: { VpcId: 'vpc-1' } });
    const other = stack('skep-dev-Swarm-green-Network', 'CREATE_COMPLETE', { outputs: { VpcId: 'vpc-2' } });
    expect(read([other, stack(NETWORK, 'CREATE_COMPLETE', { outputs })])).toMatchObject({ values: { VpcId: 'vpc-1' } });
    expect(read([other])).toEqual({ waitsFor: NETWORK });
  });
});

describe('words', () => {
  it('tell what changes of parameters', () => {
    expect(parameterWords({ A: '1', B: '2' }, { A: '1', B: '3', C: 'x' })).toEqual([
      'B: "2" becomes "3"',
      'C: "" becomes "x"',
    ]);
    expect(parameterWords({}, { A: '' })).toEqual([]);
  });

  it('shorten what is longer than a line', () => {
    expect(parameterWords({}, { ExtraScript: `#!/bin/sh\n${'x'.repeat(100)}` })[0]).toHaveLength(85);
    expect(parameterWords({}, { A: 'x'.repeat(58) })).toEqual([`A: "" becomes "${'x'.repeat(58)}"`]);
    expect(parameterWords({}, { A: 'x'.repeat(59) })).toEqual([`A: "" becomes "${'x'.repeat(56)}..."`]);
  });

  const change = {
    action: 'Modify',
    logicalId: 'Role',
    type: 'AWS::IAM::Role',
    replacement: 'False',
    attributes: ['Tags'],
  };
  it.each([
    [change, 'change Role (IAM::Role): Tags'],
    [{ ...change, attributes: ['Tags', 'Policies'] }, 'change Role (IAM::Role): Tags, Policies'],
    [{ ...change, replacement: 'True' }, 'REPLACE Role (IAM::Role): Tags'],
    [{ ...change, replacement: 'Conditional' }, 'change Role (IAM::Role): Tags, and may REPLACE it'],
    [{ ...change, action: 'Add', attributes: [] }, 'make Role (IAM::Role)'],
    [{ ...change, action: 'Remove', attributes: [] }, 'remove Role (IAM::Role)'],
    [{ ...change, action: 'New', attributes: [] }, 'New Role (IAM::Role)'],
  ])('tell what becomes of a resource: %#', (given, said) => {
    expect(changeWords(given)).toBe(said);
  });

  it('tell that a new image touches no node', () => {
    expect(notesOn([change])).toEqual([]);
    const launched = { ...change, type: 'AWS::EC2::LaunchTemplate' };
    const NOTE = 'no node is touched: what is launched from now on is as the file says';
    expect(notesOn([launched, change])).toEqual([NOTE]);
    expect(notesOn([{ ...launched, action: 'Add' }])).toEqual([]);
  });
});

describe('what goes', () => {
  it('goes workers first, and the network last', () => {
    const parameters = { Role: 'manager' };
    const { workers, managers, shared } = goingOrder({ stage: 'dev', cluster: 'blue' }, [
      stack(NETWORK),
      stack(MANAGERS, 'CREATE_COMPLETE', { parameters }),
      stack(CLUSTER),
      stack(WEB, 'CREATE_COMPLETE', { parameters: { Role: 'worker' } }),
      stack('skep-dev'),
    ]);
    expect([workers, managers, shared].map((stacks) => stacks.map(({ name }) => name))).toEqual([
      [WEB],
      [MANAGERS],
      [CLUSTER, NETWORK],
    ]);
  });

  it('is known by its status', () => {
    expect(kindOf('IMPORT_COMPLETE')).toBe('settled');
  });
});

describe('a network of a cluster', () => {
  const PLACE = { stage: 'dev', cluster: 'blue' };
  const network = stack(NETWORK, 'CREATE_COMPLETE', { outputs: { VpcId: 'vpc-1' } });
  const using = (name: string, vpc: string): StackFacts =>
    stack(name, 'CREATE_COMPLETE', { parameters: { VpcId: vpc } });

  it('has others in it whose stacks name it, whoever they are', () => {
    expect(
      neighboursOf(PLACE, [
        network,
        using(CLUSTER, 'vpc-1'),
        using('skep-dev-Swarm-green', 'vpc-1'),
        using('db', 'vpc-1'),
      ]),
    ).toEqual(['skep-dev-Swarm-green', 'db']);
  });

  it.each([
    [[network, using(CLUSTER, 'vpc-1')]],
    [[network, using('db', 'vpc-2')]],
    // Its network was given.
    [[using(CLUSTER, 'vpc-1'), using('db', 'vpc-1')]],
    [[stack(NETWORK), using('db', 'vpc-1')]],
    // The network of somebody else.
    [[stack('vpc', 'CREATE_COMPLETE', { outputs: { VpcId: 'vpc-1' } }), using('db', 'vpc-1')]],
  ])('has nobody else in it: %#', (stacks) => {
    expect(neighboursOf(PLACE, stacks)).toEqual([]);
  });
});
