import { describe, expect, it } from '@jest/globals';

import { groupView, isFresh, isUntagged, isToldInVerdict } from '../../../../src/core/lifecycle/group-view.ts';
import { NOW } from '../../support/examples.ts';

const CACHED = { cluster: 'prod', role: 'worker', abandons: 2, readAt: NOW };

describe('the tags of a group', () => {
  it.each([
    ['that nobody has read', undefined, NOW, false],
    ['that were read just now', CACHED, NOW, true],
    ['that are nearly an hour old', CACHED, NOW + 3599, true],
    ['that are an hour old', CACHED, NOW + 3600, false],
  ])('%s: fresh or not', (_what, cached, now, fresh) => {
    expect(isFresh(cached, now)).toBe(fresh);
  });

  it.each([
    ['a group without a cluster', { cluster: undefined, role: 'worker' }, true],
    ['a group with one', { cluster: 'prod', role: undefined }, false],
    ['a group that no answer has shown', undefined, false],
  ])('%s: untagged or not', (_what, group, untagged) => {
    expect(isUntagged(group)).toBe(untagged);
    expect(groupView(group, CACHED, NOW).isUntagged).toBe(untagged);
  });

  it('are read anew, and the launches that failed in a row are kept', () => {
    expect(groupView({ cluster: 'test', role: 'manager' }, CACHED, NOW + 3600)).toMatchObject({
      cluster: 'test',
      role: 'manager',
      abandons: 2,
      readAt: NOW + 3600,
    });
    expect(groupView(undefined, undefined, NOW)).toMatchObject({ cluster: undefined, abandons: 0 });
  });
});

it.each([
  ['ClusterUndeclared', false],
  ['MetadataMismatch', true],
] as const)('a refusal for %s is told to the cluster: %s', (rejection, told) => {
  expect(isToldInVerdict({ rejection })).toBe(told);
});
