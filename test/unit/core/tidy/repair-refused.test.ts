// Groups that claim the cluster and are not taken as its own: how long a tidy tells of them, in which words, and when their record goes.
import { describe, expect, it } from '@jest/globals';

import type { HookFacts } from '../../../../src/core/lifecycle/hooks.ts';
import type { GroupInstance, RefusedGroup } from '../../../../src/core/tidy/facts.ts';
import { repairRefused } from '../../../../src/core/tidy/repair-refused.ts';

type Now = NonNullable<RefusedGroup['now']>;

const hook = (metadata: string | undefined, name = 'skep-dev-launch'): HookFacts => ({
  name,
  transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  metadata,
  timeout: 1800,
  defaultResult: 'CONTINUE',
});
const says = (cluster: string): string => JSON.stringify({ cluster, role: 'worker' });
const shown = (changes: Partial<Now>): Now => ({ cluster: undefined, role: undefined, hooks: [], ...changes });
const waiting = (n: number, lifecycle = 'Pending:Wait'): GroupInstance => ({
  instance: `i-${String(n).padStart(17, '0')}`,
  lifecycle,
  healthy: true,
});
const refused = (now: RefusedGroup['now'], changes: Partial<RefusedGroup> = {}): RefusedGroup => ({
  name: 'theirs',
  because: 'its events were refused',
  now,
  instances: [],
  ...changes,
});
const found = (...groups: readonly RefusedGroup[]) => repairRefused({ stage: 'dev', cluster: 'prod', refused: groups });
const told = (...groups: readonly RefusedGroup[]): string[] => found(...groups).reports.map(({ because }) => because);

describe('a group that claims the cluster', () => {
  it.each<[string, Now, string]>([
    [
      'by its tag, and has no role',
      shown({ cluster: 'prod' }),
      'its tag skep:cluster says prod, and its tag skep:role is missing: manager or worker is wanted',
    ],
    [
      'by its tag, and has an empty role',
      shown({ cluster: 'prod', role: '' }),
      'its tag skep:cluster says prod, and its tag skep:role is missing: manager or worker is wanted',
    ],
    [
      'by its tag, and has a role that there is not',
      shown({ cluster: 'prod', role: 'wroker', hooks: [hook(says('prod'))] }),
      'its tag skep:cluster says prod, and its tag skep:role says wroker: manager or worker is wanted',
    ],
    [
      'by a hook, and has no tag',
      shown({ role: 'worker', hooks: [hook(says('prod'))] }),
      'its hooks say that it is of prod, and its tag skep:cluster is missing: its events are refused',
    ],
    [
      'by its other hook, and its tag names another cluster',
      shown({ cluster: 'test', role: 'worker', hooks: [hook('{'), hook(says('prod'), 'skep-dev-terminate')] }),
      'its hooks say that it is of prod, and its tag skep:cluster says test: its events are refused',
    ],
  ])('%s is told of, and its record is kept', (_what, now, because) => {
    expect(found(refused(now))).toEqual({
      repairs: [],
      reports: [{ name: 'GroupRefused', group: 'theirs', because }],
    });
  });

  it('is told of also where only its tag was seen, and none of its events', () => {
    expect(found(refused(shown({ cluster: 'prod' }), { because: undefined }))).toMatchObject({
      repairs: [],
      reports: [{ name: 'GroupRefused' }],
    });
  });

  it('is told of with those of its instances that wait, whom nobody answers: the first five of them by name', () => {
    const now = shown({ cluster: 'prod' });
    const inService = waiting(9, 'InService');

    expect(told(refused(now, { instances: [inService] }))).toEqual([expect.stringMatching(/is wanted$/)]);
    expect(told(refused(now, { instances: [waiting(1), inService, waiting(2, 'Terminating:Wait')] }))).toEqual([
      expect.stringMatching(
        /is wanted; i-0{16}1 \(Pending:Wait\), i-0{16}2 \(Terminating:Wait\): nobody ends this wait but the hook's own timeout$/,
      ),
    ]);
    expect(told(refused(now, { instances: [1, 2, 3, 4, 5, 6, 7].map((n) => waiting(n)) }))).toEqual([
      expect.stringMatching(/; i-0{16}1 \(Pending:Wait\), .*, i-0{16}5 \(Pending:Wait\), and 2 more: nobody/),
    ]);
  });
});

describe('the record of a group that was refused', () => {
  it.each<[string, RefusedGroup['now']]>([
    ['there is no such group any more', undefined],
    ['both of its tags are right by now', shown({ cluster: 'prod', role: 'worker', hooks: [hook(says('prod'))] })],
    ['its hook names another cluster by now', shown({ hooks: [hook(says('test'))] })],
    ['its hook says nothing that can be read', shown({ hooks: [hook(undefined)] })],
    ['it has no hook any more', shown({ role: 'worker' })],
    ['a hook that is not skep’s names the cluster', shown({ hooks: [hook(says('prod'), 'theirs')] })],
    [
      'it is of another stage, whose cluster has the same name',
      shown({ cluster: 'prod', hooks: [hook(says('prod'), 'skep-live-launch')] }),
    ],
  ])('goes, and nothing is told of it, where %s', (_why, now) => {
    expect(found(refused(now))).toEqual({
      repairs: [{ kind: 'dismiss', groups: ['theirs'], because: expect.stringContaining('claim the cluster no more') }],
      reports: [],
    });
  });

  it('goes with those of all others that are mended, and there is none of a group whose events nobody refused', () => {
    const mended = ['one', 'two'].map((name) => refused(undefined, { name }));
    const wrong = refused(shown({ cluster: 'prod' }), { name: 'three' });
    const never = refused(shown({ cluster: 'prod', role: 'manager' }), { name: 'four', because: undefined });

    expect(found(...mended, wrong, never).repairs).toMatchObject([{ kind: 'dismiss', groups: ['one', 'two'] }]);
    expect(found(never)).toEqual({ repairs: [], reports: [] });
    expect(repairRefused({ stage: 'dev', cluster: 'prod' })).toEqual({ repairs: [], reports: [] });
  });
});
