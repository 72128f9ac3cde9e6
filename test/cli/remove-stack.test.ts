// `skep remove-stack` in a lab: removed, deployed again with another key, and the cluster goes on.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { AttachRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { deployAgain } from '../../lab/deployment.ts';
import type { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { planRemoval } from '../../src/core/removal/removal.ts';
import type { RemovalStep } from '../../src/core/removal/removal.ts';
import { carryOutRemoval, lookToRemove } from '../../src/operations/remove-stage.ts';
import type { RemovalPorts } from '../../src/operations/remove-stage.ts';
import { STACK, onLab, startSkep } from '../support/skep-command.ts';
import { answerOtherwise, refusing } from '../support/verify-lab.ts';
import { playSmallCluster } from '../support/small-cluster.ts';

let run: ScenarioRun;
let ports: RemovalPorts;
beforeAll(async () => {
  run = await playSmallCluster('remove-stack');
  const client = {
    ...{ endpoint: run.lab.url, region: 'eu-west-1' },
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  };
  ports = {
    stage: 'dev',
    autoScaling: new AutoScalingClient(client),
    cloudFormation: new CloudFormationClient(client),
    iam: new IAMClient(client),
    states: new SFNClient(client),
    pause: () => run.lab.clock.advance(2000),
  };
}, 120_000);
afterAll(() => run.close());

const readyNodes = async (): Promise<number> => {
  const view = await run.lab.view('demo');
  return view?.nodes.filter(({ status }) => status === 'ready').length ?? 0;
};
const kindsOf = (steps: readonly RemovalStep[]): string[] => [...new Set(steps.map(({ kind }) => kind))];

describe('skep remove-stack', () => {
  it('says what it would do, and with --check does nothing', async () => {
    const { code, stdout } = await startSkep(['remove-stack', '--check'], onLab(run.lab.url)).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('take the hook skep-dev-terminate off the group managers');
    expect(stdout).toContain('take the policy skep-dev-worker-node-eu-west-1 from the role skep-workers');
    expect(stdout).toContain('delete the stack skep-dev. The table stays');
    expect(run.lab.autoScaling.group('workers').hooks.size).toBe(2);
  }, 60_000);

  it('asks nobody who is not there', async () => {
    const { code, stderr } = await startSkep(['remove-stack'], onLab(run.lab.url)).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('nobody can be asked: pass --yes');
  }, 60_000);

  it('says so where credentials end in the middle, and goes on with the rest when it is run again', async () => {
    const planned = planRemoval(await lookToRemove(ports), false);
    const end = answerOtherwise(run.lab, 'iam.DetachRolePolicy', refusing('ExpiredToken', 'the token is expired'));
    const { code, stderr } = await startSkep(['remove-stack', '--yes'], onLab(run.lab.url)).ended;
    end();
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('expired')]);
    expect(code).not.toBe(0);
    expect(stderr).not.toMatch(STACK);
    const left = planRemoval(await lookToRemove(ports), false);
    expect(kindsOf(planned.steps)).toEqual(['hook', 'detach', 'stack']);
    expect(kindsOf(left.steps)).toEqual(['detach', 'stack']);
    expect(await readyNodes()).toBe(2);
  }, 60_000);

  it('removes it: no hooks, no policies, no stack, and nodes that stay what they are', async () => {
    const planned = planRemoval(await lookToRemove(ports), false);
    expect(planned.stops).toEqual([]);
    const taken: RemovalStep[] = [];
    expect(await carryOutRemoval(ports, planned, (step) => taken.push(step))).toEqual({
      status: undefined,
      because: undefined,
    });
    expect(kindsOf(taken)).toEqual(['detach', 'stack']);
    expect([...run.lab.autoScaling.groups.values()].map(({ hooks }) => hooks.size)).toEqual([0, 0]);
    expect(await readyNodes()).toBe(2);
    expect((await lookToRemove(ports)).hooks).toEqual([]);
  }, 60_000);

  it('nothing of it answers any more: an instance that comes becomes no node', async () => {
    await takeStep(run, { scale: { group: 'workers', to: 2 } });
    await run.lab.clock.advance(10 * 60_000);
    expect(await readyNodes()).toBe(2);
  }, 60_000);

  it('deployed again with another key, the cluster goes on: hooks are put back, and the tokens are published anew', async () => {
    const [old] = run.lab.stack.keys;
    deployAgain(run.lab, '11111111-2222-4333-8444-555555555555');
    const tokens = '/skep/dev/demo/join-token/worker';
    expect(run.lab.parameterStore.keyOf(tokens)).toBe(old?.arn);
    for (const { arn, logicalId } of run.lab.stack.managedPolicies) {
      const RoleName = logicalId === 'ManagerNodePolicy' ? 'skep-managers' : 'skep-workers';
      await ports.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: arn }));
    }
    const tidy = startSkep(['tidy', 'demo', '--repair-hooks'], onLab(run.lab.url));
    // The command waits for the tidy, and the lab's time passes only where somebody lets it.
    const passing = setInterval(() => void run.lab.clock.advance(5000), 50);
    await tidy.ended;
    clearInterval(passing);
    await run.lab.clock.advance(15 * 60_000);
    await run.lab.runUntilIdle(10 * 60_000);
    expect(run.lab.parameterStore.keyOf(tokens)).toBe(run.lab.stack.keys[0]?.arn);
    expect(run.lab.autoScaling.group('workers').hooks.size).toBe(2);
    await takeStep(run, { scale: { group: 'workers', to: 3 } });
    await run.lab.runUntilIdle(10 * 60_000);
    expect(await readyNodes()).toBe(4);
    expect(run.lab.defects).toEqual([]);
  }, 120_000);
});
