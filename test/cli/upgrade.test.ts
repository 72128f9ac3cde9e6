// `skep refresh` and `skep remove` as a person types them, against a lab that goes by the wall's time.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

let run: ScenarioRun;
beforeAll(async () => {
  const scenario = `
name: upgraded by the command
cluster: blue
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 2 }
  others: { role: worker, desired: 1, byHand: true }
steps:
  - settle: 5m
  - image: { group: workers, agentAfter: 24h }
`;
  run = await ScenarioRun.open(parseScenario(scenario, 'upgrade'), { nodes: 'simulated' });
  await play(run);
  run.lab.clock.follow();
}, 240_000);
afterAll(() => run.close());

const skep = (...args: readonly string[]): Promise<Ended> => startSkep(args, onLab(run.lab.url)).ended;
const members = (group: string): string[] => [...run.lab.autoScaling.group(group).members.keys()];
const refreshOf = (group: string): string | undefined => run.lab.autoScaling.group(group).refresh?.status;

describe('skep refresh', () => {
  it('--dry-run says what would be done, and does nothing', async () => {
    const { code, stdout } = await skep('refresh', 'workers', '--dry-run', '--share', '50');
    expect(stdout).toContain('workers: 2 instances would be replaced, replacements first, 50 % of the group at once');
    expect([code, refreshOf('workers')]).toEqual([0, undefined]);
  }, 240_000);

  it.each([
    ['a group that is not there', ['nobody'], 'there is no Auto Scaling group nobody'],
    ['a group of nobody', ['others'], 'others is no group of a cluster'],
    ['another stage', ['workers', '--stage', 'prod'], 'workers is no group of stage prod'],
    ['half a share', ['workers', '--share', '0'], '--share 0: a number from 1 to 100 is wanted'],
    ['no number', ['workers', '--template-version', '$Latest'], 'the number of a version is wanted'],
    ['nobody to be asked', ['workers'], 'stdin is not a terminal, so nobody can be asked: pass --yes to confirm'],
  ])(
    'refuses, with 1: %s',
    async (_, args, text) => {
      const { code, stderr } = await skep('refresh', ...args);
      expect(stderr).toContain(text);
      expect([code, refreshOf('workers')]).toEqual([1, undefined]);
    },
    240_000,
  );

  it('refuses managers by a share, with 2', async () => {
    const { code, stderr } = await skep('refresh', 'managers', '--share', '50', '--yes');
    expect(stderr).toContain('--share is for workers');
    expect(code).toBe(2);
  }, 240_000);

  it('replaces all workers, and tells how far it is', async () => {
    const before = members('workers');
    const { code, stdout, stderr } = await skep('refresh', 'workers', '--share', '100', '--yes');
    expect(stderr).not.toContain('Error');
    expect(stdout).toMatch(/started \S+: it goes on without this command; skep refresh workers --cancel ends it\n/);
    expect(stdout).toContain('workers: InProgress, 0 %, 2 to go\n');
    expect(stdout.endsWith('workers: Successful, 100 %\n')).toBe(true);
    expect([code, members('workers').filter((one) => before.includes(one))]).toEqual([0, []]);
  }, 240_000);

  it('is refused while another one is under way, and --roll-back and --cancel end that one', async () => {
    expect(await skep('refresh', 'workers', '--cancel')).toMatchObject({ code: 2 });
    const begun = await skep('refresh', 'workers', '--template-version', '2', '--no-follow', '--yes');
    expect(begun.stdout).toContain('goes back to version 1 of the launch template');
    const again = await skep('refresh', 'workers', '--yes');
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining('a refresh of workers is under way (InProg'),
    ]);
    const { code, stdout } = await skep('refresh', 'workers', '--roll-back');
    expect([code, stdout]).toEqual([0, expect.stringContaining('workers: RollbackSuccessful')]);
  }, 240_000);
});

describe('skep remove', () => {
  it('refuses what is not skep’s, and the last manager', async () => {
    const [other = '', manager = ''] = [...members('others'), ...members('managers')];
    expect((await skep('remove', 'i-1')).stderr).toContain('an EC2 instance id like');
    expect((await skep('remove', 'i-00000000000000000')).stderr).toContain('is in no Auto Scaling group');
    expect((await skep('remove', other)).stderr).toContain(`${other} is not skep's to remove`);
    const { code, stderr } = await skep('remove', manager, '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining('is the last manager')]);
  }, 240_000);

  it('takes a worker out, and follows it until it is gone', async () => {
    const [worker = ''] = members('workers');
    const { code, stdout } = await skep('remove', worker, '--yes');
    expect(stdout).toContain(`${worker} of workers would be drained and terminated, and workers would want 1\n`);
    expect(stdout).toContain(`${worker}: Terminating:Wait`);
    expect(stdout.endsWith(`${worker} is gone\n`)).toBe(true);
    expect([code, members('workers').length]).toEqual([0, 1]);
  }, 240_000);
});
