// `skep adopt` and `skep release` as a person types them, against a lab with a swarm that was made by hand.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const GROUPS = ['--group', 'managers=manager', '--group', 'workers=worker'];

let run: ScenarioRun;
beforeAll(async () => {
  const scenario = `
name: adopted by the command
cluster: blue
declared: false
groups:
  managers: { role: manager, desired: 3, byHand: true, setup: { hopLimit: 2 } }
  workers: { role: worker, desired: 1, byHand: true }
steps:
  - settle: 5m
  - swarm: { groups: [managers, workers] }
  - advance: 10s
`;
  run = await ScenarioRun.open(parseScenario(scenario, 'adopt'), { nodes: 'simulated' });
  await play(run);
  // A process waits for commands by the wall's time.
  run.lab.clock.follow();
}, 240_000);
afterAll(() => run.close());

const skep = (...args: readonly string[]): Promise<Ended> => startSkep(args, onLab(run.lab.url)).ended;

const hooksOf = (group: string): number => run.lab.autoScaling.group(group).hooks.size;

describe('skep adopt', () => {
  it('--check names what it found, with what to do, and what it would do, and changes nothing', async () => {
    const { code, stdout } = await skep('adopt', 'blue', ...GROUPS, '--check');
    expect(stdout).toContain('warning: HopLimit i-');
    expect(stdout).toContain('    set the hop limit of instance metadata to 1');
    expect(stdout).toContain('4 instance(s) are nodes of the swarm');
    expect(stdout).toContain('  give group workers the hook skep-dev-terminate\n');
    expect(stdout).not.toContain('is taken in');
    expect([code, hooksOf('workers')]).toEqual([0, 0]);
    expect((await skep('status')).stdout).not.toContain('blue');
  }, 240_000);

  it('is in nobody’s way where something is in its own: nothing is changed, and it ends with 2', async () => {
    const { code, stdout, stderr } = await skep('adopt', 'blue', '--group', 'workers=worker');
    expect(stdout).toContain('in the way: NoLeader blue: ');
    expect(stderr).toContain('1 of these are in the way: nothing was changed');
    expect([code, hooksOf('workers')]).toEqual([2, 0]);
  }, 240_000);

  it('takes the swarm in, and has nothing to do when it is run again', async () => {
    const { code, stdout, stderr } = await skep('adopt', 'blue', ...GROUPS);
    expect(stderr).not.toContain('Error');
    expect(stdout).toMatch(/\nhold the cluster until all of this is done\n[\s\S]*\nend the hold\nblue is taken in\./);
    expect([code, hooksOf('managers'), hooksOf('workers')]).toEqual([0, 2, 2]);
    const again = await skep('adopt', 'blue', ...GROUPS);
    expect(again.stdout).toContain('blue is taken in already: nothing to do\n');
    expect(again.code).toBe(0);
  }, 240_000);

  it('is undone by skep release, which asks first', async () => {
    expect(await skep('release', 'blue')).toMatchObject({ code: 1, stdout: '' });
    const { code, stdout } = await skep('release', 'blue', '--yes');
    expect(stdout).toContain('blue is released: its swarm and its groups are as they were');
    expect([code, hooksOf('managers'), hooksOf('workers')]).toEqual([0, 0, 0]);
    expect(await skep('release', 'blue', '--yes')).toMatchObject({ code: 1 });
  }, 240_000);
});
