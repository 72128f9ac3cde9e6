// Scenarios on docker machines, run by the command as people run it, and what it leaves behind however it ends: nothing.
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { until } from './support/bench.ts';
import { LabProcess } from './support/lab-process.ts';
import { host, NOTHING } from './support/traces.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/scale-out-in/scenario.yaml', import.meta.url));
const FAILS = fileURLToPath(new URL('fixtures/fails.yaml', import.meta.url));

const resultSchema = z.object({
  ok: z.boolean(),
  expectations: z.array(z.object({ what: z.string(), ok: z.boolean() })).min(1),
  nodes: z.array(z.object({ instance: z.string().nullable(), status: z.string() })),
  hooks: z.object({ open: z.number() }),
});

describe('a scenario on docker machines', () => {
  const before = host();
  const labs: LabProcess[] = [];
  const run = (file: string): LabProcess => {
    const lab = new LabProcess('run', file, '--nodes', 'docker', '--json');
    labs.push(lab);
    return lab;
  };
  /** A lab in the middle of its work: with machines, and dockerd in them. */
  const inTheMiddle = async (): Promise<LabProcess> => {
    const lab = run(EXAMPLE);
    await until(
      () => Promise.resolve(lab.traces.look()),
      ({ processes }) => processes.filter((line) => line.startsWith('dockerd')).length >= 2,
      30_000,
    );
    return lab;
  };

  afterEach(async () => {
    for (const lab of labs.splice(0)) {
      lab.signal('SIGINT');
      await lab.end();
    }
  });

  it('holds what it expects, and leaves nothing behind', async () => {
    const lab = run(EXAMPLE);
    const code = await lab.end();
    expect({ code, stderr: lab.stderr }).toEqual({ code: 0, stderr: '' });
    const result = resultSchema.parse(JSON.parse(lab.stdout));
    expect(result.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(result).toMatchObject({ ok: true, hooks: { open: 0 } });
    expect(result.nodes.map(({ status }) => status)).toEqual(['ready', 'ready', 'ready', 'ready', 'ready']);
    expect(lab.traces.look()).toEqual(NOTHING);
    expect(host()).toBe(before);
  }, 400_000);

  it('leaves nothing behind when it fails, and exits with 2', async () => {
    const lab = run(FAILS);
    expect(await lab.end()).toBe(2);
    const result = resultSchema.parse(JSON.parse(lab.stdout));
    expect(result).toMatchObject({ ok: false, expectations: [{ ok: false }], hooks: { open: 0 } });
    expect(lab.traces.look()).toEqual(NOTHING);
    expect(host()).toBe(before);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s ends it, within 10 s', async (signal) => {
    const lab = await inTheMiddle();
    const asked = Date.now();
    lab.signal(signal);
    const code = await lab.end();
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect({ code, stdout: lab.stdout, stderr: lab.stderr }).toEqual({
      code: 130,
      stdout: '',
      stderr: 'interrupted: the run was not finished; everything that it started is ended\n',
    });
    expect(lab.traces.look()).toEqual(NOTHING);
    expect(host()).toBe(before);
  });

  it('leaves no process when it is killed, and the next lab sweeps its folder', async () => {
    const killed = await inTheMiddle();
    killed.signal('SIGKILL');
    await killed.end();
    const left = await until(
      () => Promise.resolve(killed.traces.look()),
      ({ processes }) => processes.length === 0,
    );
    expect(left.folders).toHaveLength(1);
    expect(host()).toBe(before);
    await run(FAILS).end();
    expect(killed.traces.look()).toEqual(NOTHING);
  });
});
