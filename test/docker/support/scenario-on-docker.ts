// A scenario as a whole run on real engines: every expectation holds, and nothing is left behind.
import { existsSync } from 'node:fs';

import { expect, it } from '@jest/globals';
import { z } from 'zod';

import { LabProcess } from './lab-process.ts';
import { NOTHING } from './traces.ts';

const resultSchema = z.object({
  expectations: z.array(z.object({ what: z.string(), ok: z.boolean(), seen: z.unknown() })).min(1),
});

const FOLDERS = [
  'managers',
  'tidy',
  'drain',
  'update',
  'adopt',
  'warnings',
  'dns',
  'upgrade',
  'hostile/docker',
] as const;
type Folder = (typeof FOLDERS)[number];

/** @param name of a file in test/scenarios, with its folder */
export async function expectToHold(name: string): Promise<void> {
  const lab = new LabProcess('run', `test/scenarios/${name}.yaml`, '--nodes', 'docker', '--json');
  try {
    const code = await lab.end();
    const { expectations } = resultSchema.parse(JSON.parse(lab.stdout));

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
  } finally {
    lab.signal('SIGINT');
    await lab.end();
  }
  expect(lab.traces.look()).toEqual(NOTHING);
}

/** Tests of a few scenarios of a folder; of all where SKEP_SCENARIOS is "all", or of those that it names: "leader-killed,left-drained". */
export function scenarioTests(folder: Folder, smoke: readonly string[], more: readonly string[]): void {
  const wanted = process.env['SKEP_SCENARIOS'] ?? '';
  const named = ['', 'all'].includes(wanted) ? [] : wanted.split(',');
  const isIn = (where: Folder, name: string): boolean =>
    existsSync(new URL(`../../scenarios/${where}/${name}.yaml`, import.meta.url));
  const chosen =
    wanted === '' ? smoke : wanted === 'all' ? [...smoke, ...more] : named.filter((it) => isIn(folder, it));

  it('has a file of each scenario that it is told to run', () => {
    expect([...smoke, ...more].filter((name) => !isIn(folder, name))).toEqual([]);
    expect(named.filter((name) => !FOLDERS.some((where) => isIn(where, name)))).toEqual([]);
  });

  for (const name of chosen) {
    it(`${name} holds`, () => expectToHold(`${folder}/${name}`), 900_000);
  }
}
