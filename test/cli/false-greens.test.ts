// `skep status` where something is wrong between two tidies: never `healthy`, never exit code 0, and what to do.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { onLab, startSkep } from '../support/skep-command.ts';

const SCENARIO = `
name: false greens
groups:
  managers: { role: manager, desired: 3 }
  notags: { role: worker, tags: {} }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`;

let run: ScenarioRun;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'false-greens'), { nodes: 'simulated' });
  await play(run);
}, 240_000);
afterAll(() => run.close());

async function skep(...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const { code, stdout, stderr } = await startSkep(args, onLab(run.lab.url)).ended;
  return { code, said: stdout + stderr };
}

describe('what is wrong between two tidies', () => {
  it('is not there in the beginning', async () => {
    const { code, said } = await skep('status');
    expect(said).toMatch(/demo +│ healthy/);
    expect(said).toContain('min ago)');
    expect(code).toBe(0);
  }, 120_000);

  it('is a hold, at once', async () => {
    await takeStep(run, { hold: { because: 'a person looks' } });
    const { code, said } = await skep('status');
    expect(code).toBe(2);
    expect(said).toMatch(/demo +│ degraded/);
    expect(said).toMatch(/ClusterHeld: it is held since .* \(a person looks\)/);
    expect(said).toContain('what to do: npx skep unhold demo');

    await takeStep(run, { unhold: {} });
    expect((await skep('status')).code).toBe(0);
  }, 120_000);

  it('is a group whose events are refused', async () => {
    await takeStep(run, { scale: { group: 'notags', to: 1 } });
    await run.lab.clock.advance(60_000);
    const { code, said } = await skep('status');
    expect(code).toBe(2);
    expect(said).toMatch(/demo +│ degraded/);
    expect(said).toContain('MetadataMismatch');
  }, 120_000);

  it('are managers that EC2 says are gone', async () => {
    await takeStep(run, { kill: { group: 'managers', leader: false, silently: true } });
    // EC2's view is seconds late; a minute later the group has replaced it.
    await run.lab.clock.advance(10_000);
    const { code, said } = await skep('status');
    expect(code).toBe(2);
    expect(said).toMatch(/demo +│ (critical|degraded)/);
    expect(said).toMatch(/EC2 says now that \d of 3 managers are gone/);
  }, 120_000);
});
