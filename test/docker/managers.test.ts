// Managers that come and go on real engines: the scenarios whose answers a real raft must give, the swarm's own view asserted.
// A few of them always; all of them where SKEP_SCENARIOS is "all", or those that it names: "leader-killed,three-by-three".
import { expect, it } from '@jest/globals';
import { z } from 'zod';

import { LabProcess } from './support/lab-process.ts';
import { NOTHING } from './support/traces.ts';

/** A few minutes. */
const SMOKE = ['launch-fails-after-the-join', 'two-of-three-are-replaced', 'one-of-three-dies', 'leader-killed'];
const ALL = [
  ...SMOKE,
  'leader-killed-twice',
  'three-by-three',
  'lock-holder-dies',
  'three-one-after-the-other',
  'refresh-while-workers-scale',
  'five-unhealthy-at-once',
  'five-unhealthy-launched-first',
];

const wanted = process.env['SKEP_SCENARIOS'] ?? '';
const SCENARIOS = wanted === '' ? SMOKE : wanted === 'all' ? ALL : wanted.split(',');

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
  900_000,
);
