// A scenario of managers as a whole run on real engines: every expectation holds, and nothing is left behind.
import { expect } from '@jest/globals';
import { z } from 'zod';

import { LabProcess } from './lab-process.ts';
import { NOTHING } from './traces.ts';

const resultSchema = z.object({
  expectations: z.array(z.object({ what: z.string(), ok: z.boolean(), seen: z.unknown() })).min(1),
});

/** @param name of a file in test/scenarios/managers */
export async function expectToHold(name: string): Promise<void> {
  const lab = new LabProcess('run', `test/scenarios/managers/${name}.yaml`, '--nodes', 'docker', '--json');
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
