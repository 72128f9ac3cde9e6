// The scenario of a big swarm that takes longer than others, on simulated nodes.
import { expect, it } from '@jest/globals';

import { readScenario } from '../lab/scenario/read.ts';
import { runScenario } from '../lab/scenario/play.ts';

const TWO_THOUSAND = 'test/scenarios/tidy/long/five-hundred-of-two-thousand.yaml';

it('five hundred of two thousand nodes are tidied in one execution', async () => {
  const { expectations } = await runScenario(readScenario(TWO_THOUSAND), { nodes: 'simulated' });

  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
}, 1_800_000);
