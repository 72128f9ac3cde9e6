// Every scenario file, on simulated nodes: a scenario is a test.
import { globSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { readScenario } from '../lab/scenario/read.ts';
import { runScenario } from '../lab/scenario/run.ts';

const files = [...globSync('examples/*/scenario.yaml'), ...globSync('test/scenarios/*/*.yaml')].toSorted();

describe('scenarios', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s', async (file) => {
    const { expectations } = await runScenario(readScenario(file), { nodes: 'simulated' });

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(expectations.length).toBeGreaterThan(0);
  });
});
