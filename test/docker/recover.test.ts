// A quorum that is lost, and one that is not, on real engines: whole runs, from the machine to `docker node ls`.
import { expect, it } from '@jest/globals';
import { z } from 'zod';

import { LabProcess } from './support/lab-process.ts';
import { NOTHING } from './support/traces.ts';

const SCENARIOS = ['quorum-lost', 'quorum-not-lost'];

const resultSchema = z.object({
  expectations: z.array(z.object({ what: z.string(), ok: z.boolean(), seen: z.unknown() })).min(1),
});

it.each(SCENARIOS)(
  '%s',
  async (name) => {
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
  },
  600_000,
);
