import { expect, it } from '@jest/globals';

import { whyNotRelease } from '../../../../src/core/adopt/release.ts';

const group = (lifecycle: string) => ({
  name: 'workers',
  found: { instances: [{ instance: 'i-1', lifecycle, zone: 'a' }] },
});

it.each([
  ['InService', true],
  ['Standby', true],
  ['Pending', false],
  ['Pending:Wait', false],
  ['Terminating:Wait', false],
  ['Terminating:Retained', false],
  ['Terminating', false],
  ['Warmed:Pending:Wait', false],
])('with an instance that is %s a cluster may be released: %s', (lifecycle, may) => {
  expect(whyNotRelease([group('InService'), group(lifecycle)]) === undefined).toBe(may);
});

it('what is not at rest is named, each with its group', () => {
  const groups = [group('Pending:Wait'), { ...group('Terminating:Wait'), name: 'managers' }, group('InService')];
  expect(whyNotRelease(groups)).toBe(
    'not everything is at rest: i-1 of workers is Pending:Wait, i-1 of managers is Terminating:Wait',
  );
});
