// What may be wished for of a rebalance, and when it may not begin.
import { describe, expect, it } from '@jest/globals';

import type { ClusterState } from '../../../../src/core/model.ts';
import { refuseToBegin, wish } from '../../../../src/core/rebalance/wish.ts';

const founded: ClusterState = { status: 'founded', swarmId: 'one', caDigest: 'two', epoch: 0 };
const held: ClusterState = { ...founded, hold: { since: 1_700_000_000, because: 'we look' } };

describe('a rebalance', () => {
  it.each<[string, ClusterState | undefined, boolean, [name: string, message: string] | undefined]>([
    ['of a cluster that nobody declared', undefined, false, ['ClusterUndeclared', 'nobody declared a cluster prod']],
    [
      'of a cluster that nobody declared, as a dry run',
      undefined,
      true,
      ['ClusterUndeclared', 'nobody declared a cluster prod'],
    ],
    ['of a cluster without a swarm', { status: 'new' }, false, ['NotFounded', 'prod has no swarm yet']],
    ['of a cluster without a swarm, as a dry run', { status: 'new' }, true, ['NotFounded', 'prod has no swarm yet']],
    ['under a hold', held, false, ['Held', 'prod is held since 2023-11-14T22:13:20.000Z (we look): skep unhold prod']],
    ['under a hold, as a dry run, which changes nothing', held, true, undefined],
    ['of a cluster with a swarm', founded, false, undefined],
  ])('%s', (_what, state, dryRun, error) => {
    const begin = (): void => {
      refuseToBegin({ cluster: 'prod', dryRun }, state);
    };
    if (error === undefined) {
      expect(begin).not.toThrow();
    } else {
      const [name, message] = error;
      expect(begin).toThrow(expect.objectContaining({ name, message }));
    }
  });
});

describe('a wish', () => {
  it('is for all services and a hundred moves, where nothing else is said', () => {
    expect(wish.parse({ cluster: 'prod' })).toEqual({
      ...{ cluster: 'prod', services: [], maxMoves: 100, dryRun: false, rollback: false, even: 'services' },
    });
  });

  it.each<[string, object]>([
    ['a name that was mistyped', { service: ['web'] }],
    ['what is no name of a service', { services: ['web app'] }],
    ['more moves than an execution can make', { maxMoves: 501 }],
    ['a set of workers that is no digest', { workers: 'all' }],
  ])('is refused: %s', (_what, given) => {
    expect(wish.safeParse({ cluster: 'prod', ...given }).success).toBe(false);
  });
});
