// Warm pools, as EC2 Auto Scaling is asked for them.
import { z } from 'zod';

import type { AutoScaling } from './auto-scaling.ts';
import type { Group, WarmPool } from './group.ts';
import { pageOf } from './pages.ts';
import type { Operation } from './service.ts';
import { describeMember } from './shown-members.ts';
import type { ShownMembers } from './shown-members.ts';
import { awsName as name, flag } from './inputs.ts';

const put = z.strictObject({
  AutoScalingGroupName: name,
  MaxGroupPreparedCapacity: z.coerce.number().int().min(-1).max(500).optional(),
  MinSize: z.coerce.number().int().min(0).max(500).optional(),
  PoolState: z.enum(['Stopped', 'Running', 'Hibernated']).optional(),
  InstanceReusePolicy: z.strictObject({ ReuseOnScaleIn: flag.optional() }).optional(),
});
const describe = z.strictObject({
  AutoScalingGroupName: name,
  MaxRecords: z.coerce.number().int().min(1).max(50).optional(),
  NextToken: z.string().optional(),
});
const remove = z.strictObject({ AutoScalingGroupName: name, ForceDelete: flag.default(false) });

export function warmPoolOperations(autoScaling: AutoScaling, shown: ShownMembers): Record<string, Operation> {
  const { warmPools } = autoScaling;
  return {
    PutWarmPool: (input) => {
      const asked = put.parse(input);
      warmPools.put(autoScaling.group(asked.AutoScalingGroupName), {
        state: asked.PoolState,
        min: asked.MinSize,
        prepared: asked.MaxGroupPreparedCapacity,
        reuse: asked.InstanceReusePolicy?.ReuseOnScaleIn,
      });
      return {};
    },
    DescribeWarmPool: (input) => {
      const asked = describe.parse(input);
      const group = autoScaling.group(asked.AutoScalingGroupName);
      const limits = { limit: asked.MaxRecords, token: asked.NextToken };
      const { items, next } = pageOf(shown.warm(group), limits, 50, 'InvalidNextToken');
      return {
        ...(group.warmPool === undefined ? {} : { WarmPoolConfiguration: configurationOf(group.warmPool) }),
        Instances: items.map(describeMember),
        ...(next === undefined ? {} : { NextToken: next }),
      };
    },
    DeleteWarmPool: (input) => {
      const asked = remove.parse(input);
      warmPools.delete(autoScaling.group(asked.AutoScalingGroupName), asked.ForceDelete);
      return {};
    },
  };
}

/** The members of DescribeAutoScalingGroups that describe the pool. */
export const poolOf = (group: Group, shown: ShownMembers): Record<string, unknown> =>
  group.warmPool === undefined
    ? {}
    : { WarmPoolConfiguration: configurationOf(group.warmPool), WarmPoolSize: shown.warm(group).length };

function configurationOf({ state, min, prepared, reuse, isDeleted }: WarmPool): Record<string, unknown> {
  return {
    PoolState: state,
    MinSize: min,
    ...(prepared === undefined ? {} : { MaxGroupPreparedCapacity: prepared }),
    InstanceReusePolicy: { ReuseOnScaleIn: reuse },
    ...(isDeleted ? { Status: 'PendingDelete' } : {}),
  };
}
