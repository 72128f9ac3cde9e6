// What is in the way of a removal, and in which order it goes.
import { describe, expect, it } from '@jest/globals';

import { planRemoval, removalText } from '../../../../src/core/removal/removal.ts';
import type { ServiceStackFacts } from '../../../../src/core/removal/removal.ts';

const TIDY = { arn: 'arn:aws:states:eu-west-1:1:execution:skep-dev-tidy:a', machine: 'skep-dev-tidy' };
const LEAVES = { arn: 'arn:aws:states:eu-west-1:1:execution:skep-dev-scale-in:b', machine: 'skep-dev-scale-in' };
const HOOK = { group: 'workers', hook: 'skep-dev-launch' };
const ATTACHED = { role: 'web', policy: 'arn:aws:iam::1:policy/skep-dev-worker-node-eu-west-1' };

const FACTS: ServiceStackFacts = {
  status: 'CREATE_COMPLETE',
  importers: [],
  hooks: [HOOK],
  executions: [TIDY],
  attached: [ATTACHED],
};

describe('a removal', () => {
  it('takes hooks first, so that nothing new begins, then what runs, then policies, and the stack last', () => {
    expect(planRemoval(FACTS, false)).toEqual({
      stops: [],
      steps: [
        { kind: 'hook', ...HOOK },
        { kind: 'stop', arn: TIDY.arn },
        { kind: 'detach', ...ATTACHED },
        { kind: 'stack' },
      ],
    });
  });

  it('waits for what is at work on instances, unless a person says to end it', () => {
    const others = ['scale-out', 'scale-in'].map((name) => ({
      arn: `${LEAVES.arn}-${name}`,
      machine: `skep-dev-${name}`,
    }));
    const facts = { ...FACTS, executions: [TIDY, LEAVES, ...others] };
    expect(planRemoval(facts, false).stops).toEqual([
      '3 execution(s) are at work on instances (skep-dev-scale-in, skep-dev-scale-out): wait for their end, or say ' +
        '--end-executions: instances that wait in a hook then go on without skep',
    ]);
    expect(planRemoval(facts, true).stops).toEqual([]);
  });

  it.each([
    [
      'stacks that import its policies',
      { importers: ['blue-workers', 'blue-managers'] },
      'these stacks import its node policies: blue-workers, blue-managers. Take their groups away first (skep cluster down)',
    ],
    ['a deployment that runs', { status: 'UPDATE_IN_PROGRESS' }, 'the stack is UPDATE_IN_PROGRESS: wait for its end'],
  ])('waits for %s', (_what, change, said) => {
    expect(planRemoval({ ...FACTS, ...change }, true).stops).toEqual([said]);
  });

  it('of a stack that is gone takes what was left over, and of nothing does nothing', () => {
    const left = { ...FACTS, status: undefined, executions: [], attached: [] };
    expect(planRemoval(left, false).steps).toEqual([{ kind: 'hook', ...HOOK }]);
    expect(planRemoval({ ...left, hooks: [] }, false).steps).toEqual([]);
  });

  it('says each step in words', () => {
    expect(planRemoval(FACTS, false).steps.map((step) => removalText(step, 'dev'))).toEqual([
      'take the hook skep-dev-launch off the group workers: its instances come and go without skep',
      'stop skep-dev-tidy a',
      'take the policy skep-dev-worker-node-eu-west-1 from the role web',
      'delete the stack skep-dev. The table stays',
    ]);
    const policy = 'arn:aws:iam::1:policy/of/teams/skep-dev-worker-node-eu-west-1';
    expect(removalText({ kind: 'detach', role: 'web', policy }, 'dev')).toBe(
      'take the policy skep-dev-worker-node-eu-west-1 from the role web',
    );
  });
});
