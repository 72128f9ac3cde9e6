// Instances whose agents never come, as in a subnet without a way to Systems Manager: `skep cluster up` says so while it waits for them.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { expect, it } from '@jest/globals';

import type { Ports } from '../../cli/cluster-stacks/present.ts';
import { silentWatch } from '../../cli/cluster-stacks/silent.ts';
import { PERSON } from '../../lab/aws/iam/access-keys.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';

it('a network that does not reach Systems Manager is guessed at, once, where instances wait in vain', async () => {
  const groups = '{ mute: { role: worker, desired: 1, agentAfter: 20h }, heard: { role: worker, desired: 1 } }';
  const run = await ScenarioRun.open(parseScenario(`{ name: mute, groups: ${groups}, steps: [] }`, 'mute'), {
    nodes: 'simulated',
  });
  try {
    const { clock, url, stack, autoScaling } = run.lab;
    const at = { endpoint: url, region: stack.region, credentials: PERSON };
    const said: string[] = [];
    const ports = {
      autoScaling: new AutoScalingClient(at),
      ssm: new SSMClient(at),
      now: () => new Date(clock.now()),
      say: (line: string) => void said.push(line),
    } as unknown as Ports;
    const look = silentWatch(ports, 'demo');
    for (let minute = 0; minute < 15; minute += 1) {
      await look();
      await clock.advance(60_000);
    }
    const [mute = ''] = autoScaling.group('mute').members.keys();
    expect(said).toEqual([expect.stringMatching(new RegExp(`^${mute}: after 8 minutes there still is no SSM agent`))]);
  } finally {
    await run.close();
  }
}, 240_000);
