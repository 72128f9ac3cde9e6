// Takes every node out of a group, through its hooks: each is drained and leaves the swarm before its instance ends.
import {
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';

import { describeGroup } from '../../src/aws/auto-scaling.ts';
import type { StackFacts } from '../../src/core/cluster/plan.ts';
import type { Ports } from './present.ts';

/** @param ends the instances that were kept and may go now; without it they are waited for */
export async function emptyGroup(ports: Ports, { outputs }: StackFacts, ends = false): Promise<void> {
  const name = outputs['GroupName'];
  if (name === undefined) {
    // Its stack was never finished, or is half deleted.
    return;
  }
  await narrow(ports, name);
  let told = '';
  for (;;) {
    const group = await describeGroup(ports.autoScaling, name);
    if (group === undefined || group.instances.length === 0) {
      return;
    }
    const retained = group.instances.filter(({ lifecycle }) => lifecycle === 'Terminating:Retained');
    if (ends) {
      await endRetained(
        ports,
        retained.map(({ instance }) => instance),
      );
    }
    const line = `${name}: ${group.instances.map(({ instance, lifecycle }) => `${instance} ${lifecycle}`).join(', ')}`;
    if (line !== told) {
      ports.say(line);
      told = line;
    }
    await ports.pause();
  }
}

async function narrow({ autoScaling, say }: Ports, name: string): Promise<void> {
  const group = await describeGroup(autoScaling, name);
  if (group !== undefined && (group.desired > 0 || group.instances.length > 0)) {
    say(`${name}: scaling it to 0, ${group.instances.length} instance(s) go`);
    await autoScaling.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize: 0, DesiredCapacity: 0 }),
    );
  }
}

/** They stay until they are ended by their id, and the group cannot go before. It wants none, so that none is launched in their place. */
async function endRetained({ autoScaling, say }: Ports, instances: readonly string[]): Promise<void> {
  for (const instance of instances) {
    say(`${instance}: was kept, and its swarm is to go: ending it`);
    await autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: instance, ShouldDecrementDesiredCapacity: false }),
    );
  }
}
