// A scenario is a test. Each folder of scenarios has a test file of its own, so that jest can spread them over its workers.
import { globSync } from 'node:fs';

import { expect, it } from '@jest/globals';

import { playFile } from './play-scenario.ts';

/** @param pattern of the scenario files, from the root of the project */
export function testScenarios(pattern: string): void {
  it.each(globSync(pattern).toSorted())('%s, and every call and answer in it is one that AWS knows', async (file) => {
    const { result, problems } = await playFile(file, { holdsModels: true });

    expect(result.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.expectations.length).toBeGreaterThan(0);
    expect(problems).toEqual([]);
  });
}
