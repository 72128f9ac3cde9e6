// A scenario is a test. Each folder of scenarios has a test file of its own, so that jest can spread them over its workers.
import { globSync } from 'node:fs';

import { expect, it } from '@jest/globals';

import { readScenario } from '../../lab/scenario/read.ts';
import { runScenario } from '../../lab/scenario/play.ts';
import { awsModels } from '../../scripts/aws-models.ts';
import { problemsOf } from './aws-model.ts';

// Undefined without python3-botocore; test/lab/aws/services/shapes.test.ts says so.
const models = awsModels();

/** @param pattern of the scenario files, from the root of the project */
export function testScenarios(pattern: string): void {
  it.each(globSync(pattern).toSorted())('%s, and every call and answer in it is one that AWS knows', async (file) => {
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
}
