// When `skep verify --launch` starts nothing, in words that say what to do.
import { describe, expect, it } from '@jest/globals';

import { whyNotLaunch } from '../../../../src/core/verify/may-launch.ts';
import type { LaunchFacts } from '../../../../src/core/verify/may-launch.ts';

const FREE: LaunchFacts = { group: 'workers', hold: undefined, last: undefined, suspended: [] };
const refresh = (status: string): LaunchFacts['last'] => ({ id: 'r', status, because: undefined, done: 40, left: 2 });

describe('one more instance in a group', () => {
  it.each<[string, Partial<LaunchFacts>]>([
    ['a group at rest', {}],
    ['a refresh that has ended', { last: refresh('Successful') }],
    ['another process that is suspended', { suspended: ['AZRebalance'] }],
  ])('may be started: %s', (_, change) => {
    expect(whyNotLaunch({ ...FREE, ...change })).toBeUndefined();
  });

  it.each<[string, Partial<LaunchFacts>, string]>([
    [
      'a hold',
      { hold: { since: 1, because: 'a look' } },
      'the cluster is held (a look): nodes would neither join nor leave',
    ],
    ['a hold without a reason', { hold: { since: 1, because: '' } }, 'the cluster is held (no reason was given)'],
    ['a refresh', { last: refresh('InProgress') }, 'a refresh of workers is under way (InProgress, 40 %)'],
    ['launches that are suspended', { suspended: ['Launch'] }, 'the process Launch of workers is suspended'],
  ])('may not be started: %s', (_, change, said) => {
    expect(whyNotLaunch({ ...FREE, ...change })).toContain(said);
  });
});
