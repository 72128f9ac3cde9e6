// The burst that takes longer than others, on simulated nodes.
import { expect, it } from '@jest/globals';

import { playFile } from './support/play-scenario.ts';

const THOUSAND = 'test/scenarios/burst/long/a-thousand-at-once.yaml';

it('a thousand workers at once cost no more than each of them alone', async () => {
  const { result } = await playFile(THOUSAND);
  const { expectations, last, bounds } = result;

  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
  expect(last).toMatchObject({ group: 'workers', lifecycle: 'InService' });
  // What bounded it: said of the last one, and all of its time.
  expect(bounds.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(last?.seconds ?? 0, 3);
}, 1_800_000);
