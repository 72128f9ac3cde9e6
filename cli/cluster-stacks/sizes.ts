// The sizes of the groups as Auto Scaling has them: CloudFormation compares a template with the one before, and not with these.
import { paginateDescribeAutoScalingGroups, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';

import type { StackFacts } from '../../src/core/cluster/plan.ts';
import { sizesWords, surplus } from '../../src/core/cluster/sizes.ts';
import type { Sizes } from '../../src/core/cluster/sizes.ts';
import type { StackWish } from '../../src/core/cluster/stacks.ts';
import type { Ports } from './present.ts';

interface SizeCheck {
  /** In words; undefined where the sizes are as the file says. */
  readonly correction: string | undefined;
  /** How many nodes the file has no room for. */
  readonly surplus: number;
}

const wantedOf = ({ parameters }: StackWish): Pick<Sizes, 'min' | 'max'> => ({
  min: Number(parameters['MinSize']),
  max: Number(parameters['MaxSize']),
});

export async function lookAtSizes(ports: Ports, wish: StackWish, stack: StackFacts): Promise<SizeCheck> {
  const now = wish.group === undefined ? undefined : await sizesOf(ports, stack);
  return now === undefined
    ? { correction: undefined, surplus: 0 }
    : { correction: sizesWords(wantedOf(wish), now), surplus: surplus(wantedOf(wish), now) };
}

/** Where somebody has scaled a group by hand, or a `down` was ended half-way. What scaling has chosen within the bounds stays. */
export async function correctSizes(ports: Ports, wish: StackWish, stack: StackFacts | undefined): Promise<void> {
  const name = stack?.outputs['GroupName'];
  if (stack === undefined || name === undefined) {
    return;
  }
  const { correction } = await lookAtSizes(ports, wish, stack);
  if (correction !== undefined) {
    const { min, max } = wantedOf(wish);
    ports.say(`${wish.name}: ${correction}`);
    await ports.autoScaling.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize: min, MaxSize: max }),
    );
  }
}

async function sizesOf({ autoScaling: client }: Ports, { outputs }: StackFacts): Promise<Sizes | undefined> {
  const name = outputs['GroupName'];
  if (name === undefined) {
    return undefined;
  }
  for await (const page of paginateDescribeAutoScalingGroups({ client }, { AutoScalingGroupNames: [name] })) {
    for (const { MinSize: min = 0, MaxSize: max = 0, DesiredCapacity: desired = 0 } of page.AutoScalingGroups ?? []) {
      return { min, max, desired };
    }
  }
  return undefined;
}
