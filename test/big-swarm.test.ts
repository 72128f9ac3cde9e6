// The scenario of a big swarm that takes longer than others, on simulated nodes.
import { expect, it } from '@jest/globals';

import { playFile } from './support/play-scenario.ts';

const TWO_THOUSAND = 'test/scenarios/tidy/long/five-hundred-of-two-thousand.yaml';

it('five hundred of two thousand nodes are tidied in one execution', async () => {
  const { result } = await playFile(TWO_THOUSAND);
  const { expectations } = result;

  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
}, 1_800_000);
