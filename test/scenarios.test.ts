// Every scenario file, on simulated nodes: a scenario is a test.
import { globSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { readScenario } from '../lab/scenario/read.ts';
import { runScenario } from '../lab/scenario/run.ts';
import { awsModels } from '../scripts/aws-models.ts';
import { problemsOf } from './support/aws-model.ts';

const files = [...globSync('examples/*/scenario.yaml'), ...globSync('test/scenarios/*/*.yaml')].toSorted();
// Undefined without python3-botocore; test/lab/shapes.test.ts says so.
const models = awsModels();

describe('scenarios', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s, and every call and answer in it is one that AWS knows', async (file) => {
    const problems = new Set<string>();
    const { expectations } = await runScenario(readScenario(file), {
      nodes: 'simulated',
      onExchange: (exchange) => {
        for (const problem of models === undefined ? [] : problemsOf(models, exchange)) {
          problems.add(problem);
        }
      },
    });

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(expectations.length).toBeGreaterThan(0);
    expect([...problems]).toEqual([]);
  });
});
