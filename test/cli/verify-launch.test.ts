// `skep verify --launch` against a lab: one instance is started, followed and removed, however it ends; wrong in one point, that line fails.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AwsError } from '../../lab/aws/services/service.ts';
import type { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { describeGroup } from '../../src/aws/auto-scaling.ts';
import type { Group } from '../../src/aws/auto-scaling.ts';
import { removeInstance } from '../../src/aws/instance-refresh.ts';
import { launchFindings } from '../../src/core/verify/launch.ts';
import { launchToVerify } from '../../src/operations/launch-to-verify.ts';
import type { LaunchOutcome, LaunchPorts } from '../../src/operations/launch-to-verify.ts';
import { STACK, onLab, startSkep } from '../support/skep-command.ts';
import type { Ended, Started } from '../support/skep-command.ts';
import { answerOtherwise, verifyPorts } from '../support/verify-lab.ts';
import { playSmallCluster } from '../support/small-cluster.ts';

let run: ScenarioRun;
beforeAll(async () => {
  run = await playSmallCluster('verify --launch');
}, 120_000);
afterAll(() => run.close());

const group = async (): Promise<Group> => {
  const found = await describeGroup(verifyPorts(run.lab).autoScaling, 'workers');
  if (found === undefined) throw new Error('there is no group');
  return found;
};

/** The instances that there are, and what the group wants: nothing is left behind where both are as before. */
async function asItIs(): Promise<unknown> {
  await run.lab.clock.advance(5 * 60_000);
  const { desired, instances } = await group();
  return { desired, instances, hooks: run.lab.autoScaling.actions.size };
}

async function launch(change: Partial<LaunchPorts> = {}, confirmed?: Group): Promise<LaunchOutcome> {
  const pause = (ms: number): Promise<void> => run.lab.clock.advance(ms);
  const ports = {
    ...verifyPorts(run.lab),
    pause,
    pauseAnyway: pause,
    say: () => undefined,
    leaves: () => undefined,
    ...change,
  };
  return launchToVerify(ports, confirmed ?? (await group()));
}

const wrongIn = ({ seen, reading }: LaunchOutcome): string[] =>
  launchFindings(seen, reading)
    .filter(({ verdict }) => verdict !== 'holds')
    .map((one) => `${one.verdict}: ${one.id}: ${one.seen}`);

describe('one instance that is started for it', () => {
  it('shows that everything holds, and leaves nothing behind', async () => {
    const before = await asItIs();
    const outcome = await launch();

    expect(wrongIn(outcome)).toEqual([]);
    expect(outcome).toMatchObject({ left: undefined, seen: { lifecycle: 'InService', gone: true } });
    expect(await asItIs()).toEqual(before);
  }, 120_000);

  it('shows a document whose patterns the agent refuses, and no other line', async () => {
    await takeStep(run, { fault: { document: 'shift', status: 'Failed', exitCode: -1, times: 1 } });

    expect(wrongIn(await launch())).toEqual(['wrong: launch-patterns: Failed, exit code -1, without output']);
  }, 120_000);

  /** A new instance's first command is answered by this error. */
  const answeringFirst = (name: string): (() => void) =>
    answerOtherwise(run.lab, 'ssm.SendCommand', async (input, real) => {
      const [instance = ''] = input['InstanceIds'] as string[];
      const isNew = run.lab.ec2.isThere(instance);
      return real().catch((error: unknown) => {
        throw isNew && String(input['Comment']).startsWith('skep verify') ? new AwsError(name, 'not now') : error;
      });
    });

  it('shows another name for an agent that is not there yet, and no other line', async () => {
    const outcome = await launch().finally(answeringFirst('TargetNotConnected'));

    expect(wrongIn(outcome)).toEqual(['wrong: launch-refused-early: TargetNotConnected']);
  }, 120_000);

  it.each(['AccessDeniedException', 'ThrottlingException', 'TimeoutError', 'ExpiredTokenException'])(
    'takes %s for no word about the agent: nothing is settled by it, and the instance is removed at once',
    async (name) => {
      const from = run.lab.clock.now();
      const outcome = await launch().finally(answeringFirst(name));

      expect(wrongIn(outcome).every((line) => line.startsWith('not settled'))).toBe(true);
      expect(wrongIn(outcome)[0]).toContain(
        `launch-refused-early: it ended early (${name === 'TimeoutError' ? 'AwsUnavailable' : name}: not now)`,
      );
      expect([run.lab.clock.now() - from < 120_000, outcome.left]).toEqual([true, undefined]);
      await asItIs();
    },
    120_000,
  );

  it('is removed where the looking ends in its middle: a person thinks better of it, or credentials end', async () => {
    const before = await asItIs();
    const says: string[] = [];
    const outcome = await launch({
      say: (text) => says.push(text),
      pause: async (ms) => {
        if (says.some((text) => text.endsWith('is launched'))) throw new AwsError('ExpiredTokenException', 'it ended');
        await run.lab.clock.advance(ms);
      },
    });

    expect(wrongIn(outcome)).toHaveLength(10);
    expect(wrongIn(outcome)[0]).toMatch(/^not settled: launch-refused-early: it ended early \(ExpiredTokenException/);
    expect(outcome.left).toBeUndefined();
    expect(await asItIs()).toEqual(before);
  }, 120_000);

  it('is named with what to do, where it cannot be removed', async () => {
    const before = await asItIs();
    const end = answerOtherwise(run.lab, 'autoscaling.TerminateInstanceInAutoScalingGroup', () =>
      Promise.reject(new AwsError('ExpiredToken', 'the security token is expired')),
    );
    const { left = '', seen } = await launch().finally(end);

    expect(left).toContain(`${seen.instance ?? ''} runs in workers: skep remove ${seen.instance ?? ''} takes it out`);
    await takeStep(run, {
      terminate: { group: 'workers', leader: false, decrement: true, youngest: true, retained: false },
    });
    expect(await asItIs()).toEqual(before);
  }, 120_000);

  it('is not started where the group cannot have one more', async () => {
    const before = await asItIs();
    const end = answerOtherwise(run.lab, 'autoscaling.SetDesiredCapacity', () =>
      Promise.reject(new AwsError('ValidationError', 'New SetDesiredCapacity value 2 is above max value 1')),
    );
    const outcome = await launch().finally(end);

    expect(wrongIn(outcome)[0]).toContain('above max value 1');
    expect(await asItIs()).toEqual(before);
  }, 120_000);
});

describe('a group that others scale meanwhile', () => {
  it('is left alone where it wants more by now than a person has seen', async () => {
    const before = await asItIs();
    const confirmed = { ...(await group()), desired: 3 };

    await expect(launch({}, confirmed)).rejects.toThrow('workers wants 1 instances by now, and not 3');
    expect(await asItIs()).toEqual(before);
  }, 120_000);

  it.each([
    ['scaled out', 3, 'somebody else has set what workers wants to 3, and it wants one less now'],
    ['set back', 1, 'somebody else has set what workers wants to 1'],
  ])(
    'loses the instance that was started, and no other one, where it is %s',
    async (_, wanted, said) => {
      const [serving] = (await group()).instances;
      const says: string[] = [];
      const outcome = await launch({
        say: (text) => {
          says.push(text);
          // At the end of the looking, so that Auto Scaling has not begun to end one by itself.
          if (text.endsWith('is InService')) run.lab.autoScaling.group('workers').desired = wanted;
        },
      });

      const leaves = `${outcome.seen.instance ?? ''} leaves workers, drained first if it has joined`;
      expect(outcome.done).toBe(`${leaves}; ${said}`);
      expect(wrongIn(outcome)).toEqual(['not settled: terminate-gone: it was not come to']);
      expect((await group()).instances).toContainEqual(serving);
      run.lab.autoScaling.setDesired('workers', 1);
      await asItIs();
    },
    120_000,
  );
});

describe('the command', () => {
  const verify = (...args: readonly string[]): Started =>
    startSkep(['verify', '--launch', ...args], onLab(run.lab.url));
  /** The time of the lab passes until the command has ended. */
  const passing = async ({ ended }: Started): Promise<Ended> => {
    const over = new AbortController();
    const last = ended.finally(() => {
      over.abort();
    });
    while (!over.signal.aborted) {
      await run.lab.clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return last;
  };

  it.each([
    [[], '--launch starts an instance in one group: say which by --group NAME'],
    [['--group', 'managers'], 'managers is a group of managers'],
    [['--group', 'nobodys'], 'there is no Auto Scaling group nobodys'],
    [['--group', 'workers'], 'pass --yes to confirm'],
  ])(
    'starts nothing with %j',
    async (args, said) => {
      const { code, stderr } = await verify(...args).ended;

      expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
      expect(await group()).toMatchObject({ desired: 1 });
    },
    60_000,
  );

  it('starts nothing in a cluster that is held', async () => {
    await takeStep(run, { hold: { because: 'a look at the network' } });
    const { code, stderr } = await verify('--group', 'workers', '--yes').ended;
    await takeStep(run, { unhold: {} });

    expect([code, stderr]).toEqual([2, expect.stringContaining('the cluster is held (a look at the network)')]);
    expect(await group()).toMatchObject({ desired: 1 });
  }, 60_000);

  it('says before what each costs, and Ctrl-C leaves nothing behind', async () => {
    const before = await asItIs();
    const started = verify('--group', 'workers', '--yes');
    const whole = passing(started);
    while (!started.stderr().includes('is launched')) await new Promise((resolve) => setTimeout(resolve, 20));
    started.child.kill('SIGINT');
    const { code, stderr } = await whole;

    expect(stderr).toMatch(
      /launch-patterns +the agent takes the patterns of a document, and runs its script +one command/,
    );
    expect(stderr).toContain('In all one instance as workers launches them');
    expect(stderr).toMatch(
      /\ninterrupted: (i-\w+) leaves workers, drained first if it has joined, and workers wants 1 instance again\n$/,
    );
    expect([code, stderr.match(STACK)]).toEqual([130, null]);
    expect(await asItIs()).toEqual(before);
  }, 120_000);

  it.each([
    [
      'before the instance is known',
      'autoscaling.SetDesiredCapacity',
      'workers may want one instance more than 1: skep nodes tells which came last, and skep remove INSTANCE takes it out',
    ],
    [
      'while it is removed',
      'autoscaling.TerminateInstanceInAutoScalingGroup',
      /^(i-\w+) runs in workers: skep remove \1 takes it out$/,
    ],
  ])(
    'says at a second Ctrl-C what it leaves behind: %s',
    async (_, call, left) => {
      const before = await asItIs();
      const stuck = Promise.withResolvers<unknown>();
      const asked = { reached: false };
      const end = answerOtherwise(run.lab, call, () => {
        asked.reached = true;
        return stuck.promise;
      });
      const started = verify('--group', 'workers', '--yes');
      const whole = passing(started);
      const isLaunched = (): boolean => started.stderr().includes('is launched');
      while (!asked.reached && !isLaunched()) await new Promise((resolve) => setTimeout(resolve, 20));
      started.child.kill('SIGINT');
      while (!asked.reached) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 100));
      started.child.kill('SIGINT');
      const { code, stderr } = await started.ended;
      // The time of the lab waits for what is asked of it.
      stuck.reject(new AwsError('ValidationError', 'too late'));
      end();
      await whole;

      const [, said] = /\ninterrupted: (.*)\n$/.exec(stderr) ?? [];
      expect(said).toEqual(typeof left === 'string' ? left : expect.stringMatching(left));
      expect(code).toBe(130);
      const [, instance] = /(i-\w+) is launched/.exec(stderr) ?? [];
      if (instance !== undefined) await removeInstance(verifyPorts(run.lab).autoScaling, instance, true);
      expect(await asItIs()).toEqual(before);
    },
    60_000,
  );
});
