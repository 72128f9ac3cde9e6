// A burst on real machines: twenty dockerds that start, join and are confirmed at the same time, and nothing of them afterwards.
import { fileURLToPath } from 'node:url';

import { expect, it } from '@jest/globals';
import { z } from 'zod';

import { LabProcess } from './support/lab-process.ts';
import { NOTHING, host } from './support/traces.ts';

const BURST = fileURLToPath(new URL('fixtures/burst.yaml', import.meta.url));

const resultSchema = z.object({
  ok: z.boolean(),
  expectations: z.array(z.object({ what: z.string(), ok: z.boolean(), seen: z.unknown() })).min(1),
  agents: z.record(z.string(), z.object({ running: z.number(), buffered: z.number() })),
});

it('twenty workers at once become labelled nodes, each as if it were alone, and leave nothing behind', async () => {
  const before = host();
  const lab = new LabProcess('run', BURST, '--nodes', 'docker', '--json');
  try {
    const code = await lab.end();
    const { expectations, agents } = resultSchema.parse(JSON.parse(lab.stdout));

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect({ code, stderr: lab.stderr }).toEqual({ code: 0, stderr: '' });
    // No agent, the manager's neither, was given more at once than it takes.
    expect(Object.values(agents).filter(({ running, buffered }) => running > 5 || buffered > 5)).toEqual([]);
  } finally {
    lab.signal('SIGINT');
    await lab.end();
  }

  expect(lab.traces.look()).toEqual(NOTHING);
  expect(host()).toBe(before);
}, 700_000);
