// The scenarios of bursts and of big swarms that take longer than others, on simulated nodes.
import { expect, it } from '@jest/globals';

import { readScenario } from '../lab/scenario/read.ts';
import { runScenario } from '../lab/scenario/run.ts';

const TWO_THOUSAND = 'test/scenarios/tidy/long/five-hundred-of-two-thousand.yaml';
const THOUSAND = 'test/scenarios/burst/long/a-thousand-at-once.yaml';

it('a thousand workers at once cost no more than each of them alone', async () => {
  const { expectations, last, bounds } = await runScenario(readScenario(THOUSAND), { nodes: 'simulated' });

  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
  expect(last).toMatchObject({ group: 'workers', lifecycle: 'InService' });
  // What bounded it: said of the last one, and all of its time.
  expect(bounds.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(last?.seconds ?? 0, 3);
}, 600_000);

it('five hundred of two thousand nodes are tidied in one execution', async () => {
  const { expectations } = await runScenario(readScenario(TWO_THOUSAND), { nodes: 'simulated' });

  expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
}, 900_000);
