// The examples, on simulated nodes; and whether every scenario there is belongs to one of the test files of this folder.
import { globSync, readFileSync } from 'node:fs';

import { expect, it } from '@jest/globals';

import { testScenarios } from '../support/scenarios.ts';

testScenarios('examples/*/scenario.yaml');

it('every scenario is run by exactly one test file', () => {
  const run = globSync('test/scenarios/*.test.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^testScenarios\('(.*)'\);$/gm)].flatMap(([, pattern = '']) =>
      globSync(pattern),
    ),
  );
  const all = [...globSync('examples/*/scenario.yaml'), ...globSync('test/scenarios/*/*.yaml')];

  expect(run.toSorted()).toEqual(all.toSorted());
  expect(all.length).toBeGreaterThan(20);
});
