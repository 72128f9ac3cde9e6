// `skep status` against a lab, in the words and exit codes of a person's terminal.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: status
groups:
  managers: { role: manager, desired: 1 }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`;

let run: ScenarioRun;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'status'), { nodes: 'simulated' });
}, 120_000);
afterAll(() => run.close());

const status = (...args: readonly string[]): Promise<Ended> => startSkep(['status', ...args], onLab(run.lab.url)).ended;

describe('skep status', () => {
  it('follows a cluster from its declaration to trouble', async () => {
    const before = await status();
    expect(before).toMatchObject({ code: 2, stdout: expect.stringContaining('NeverSeen') });

    await play(run);
    const healthy = await status('--cluster', 'demo');
    expect(healthy).toMatchObject({ code: 0, stderr: '' });
    expect(healthy.stdout).toMatch(/demo +healthy/);

    await takeStep(run, { deadLetter: {} });
    await takeStep(run, { tidy: {} });
    await run.lab.clock.advance(30_000);
    const degraded = await status();
    expect(degraded.code).toBe(2);
    expect(degraded.stdout).toMatch(/demo +degraded/);
    expect(degraded.stdout).toContain('demo: DeadLetters: 1 event(s) of this stage');
    expect(degraded.stdout).toContain('  what to do: ');

    const { code, stdout } = await status('--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual([
      {
        cluster: 'demo',
        level: 'degraded',
        ok: false,
        since: expect.any(Number),
        asOf: expect.any(Number),
        reasons: [{ name: 'DeadLetters', what: expect.any(String), next: expect.any(String) }],
      },
    ]);
  }, 120_000);

  it('grows old by the time of AWS, not of this machine', async () => {
    run.lab.bus.stopSchedules();
    await run.lab.clock.advance(31 * 60_000);

    expect(await status()).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('no tidy has looked at it for 31'),
    });
  }, 60_000);

  it.each([
    [['--cluster', 'nobody'], 'stage dev has no cluster nobody: it has demo'],
    [['--cluster', 'No!'], 'a cluster name is 1 to 32 of a-z'],
    [['--stage', 'other'], 'there is no table skep-other here'],
  ])(
    '%j is wrong use: %s',
    async (args, words) => {
      expect(await status(...args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(words) });
    },
    60_000,
  );
});
