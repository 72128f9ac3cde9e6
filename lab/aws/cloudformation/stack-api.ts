// The operations that make and change a stack without a change set, as Terraform does it, and those that look for drift.
import { z } from 'zod';

import { pageOf } from '../services/pages.ts';
import { AwsError } from '../services/service.ts';
import type { Operation } from '../services/service.ts';
import { describeDrift } from './drift.ts';
import type { Drift } from './drift.ts';
import { asked } from './inputs.ts';
import type { StackRequest, Stacks } from './stacks.ts';

const common = {
  StackName: asked.name,
  TemplateBody: z.string().min(1).optional(),
  Parameters: asked.list(asked.parameter),
  Capabilities: asked.capabilities,
  Tags: asked.tags,
  NotificationARNs: asked.list(z.string()),
  ClientRequestToken: asked.clientToken,
  DisableRollback: asked.flag.optional(),
};
const create = z.strictObject({
  ...common,
  StackName: z
    .string()
    .regex(/^[a-zA-Z][-a-zA-Z0-9]*$/)
    .max(128),
  OnFailure: z.enum(['DO_NOTHING', 'ROLLBACK', 'DELETE']).optional(),
});
const update = z.strictObject({ ...common, UsePreviousTemplate: asked.flag.default(false) });
const detect = z.strictObject({ StackName: asked.name });
const detection = z.strictObject({ StackDriftDetectionId: z.string().min(1).max(36) });
const drifts = z.strictObject({
  StackName: asked.name,
  StackResourceDriftStatusFilters: asked.list(z.enum(['IN_SYNC', 'MODIFIED', 'DELETED', 'NOT_CHECKED'])),
  NextToken: asked.token,
  MaxResults: z.coerce.number().int().min(1).max(100).optional(),
});

const wished = (input: z.output<typeof update>): StackRequest => ({
  stackName: input.StackName,
  template: input.TemplateBody,
  parameters: input.Parameters,
  options: { capabilities: input.Capabilities, tags: input.Tags, notificationArns: input.NotificationARNs },
  disableRollback: input.DisableRollback ?? false,
  token: input.ClientRequestToken,
});

export function wholeStackOperations(stacks: Stacks, drift: Drift): Readonly<Record<string, Operation>> {
  return {
    CreateStack: (input) => {
      const { OnFailure: onFailure, ...rest } = create.parse(input);
      if (onFailure !== undefined && rest.DisableRollback !== undefined) {
        throw new AwsError('ValidationError', 'You can specify either DisableRollback or OnFailure, but not both.');
      }
      if (onFailure === 'DELETE') {
        throw new AwsError('ValidationError', 'the lab does not know OnFailure DELETE');
      }
      const wish = wished({ ...rest, UsePreviousTemplate: false });
      const disableRollback = wish.disableRollback || onFailure === 'DO_NOTHING';
      return { StackId: stacks.create({ ...wish, disableRollback }).id };
    },
    UpdateStack: (input) => {
      const given = update.parse(input);
      if (given.UsePreviousTemplate === (given.TemplateBody !== undefined)) {
        const why = given.UsePreviousTemplate
          ? 'You cannot specify both usePreviousTemplate and Template Body.'
          : 'Either Template URL or Template Body must be specified.';
        throw new AwsError('ValidationError', why);
      }
      return { StackId: stacks.update(wished(given)).id };
    },
    DetectStackDrift: (input) => {
      const { StackName } = detect.parse(input);
      const stack = stacks.find(StackName, `Stack [${StackName}] does not exist`);
      return { StackDriftDetectionId: drift.detect(stack) };
    },
    DescribeStackDriftDetectionStatus: (input) => drift.status(detection.parse(input).StackDriftDetectionId),
    DescribeStackResourceDrifts: (input) => {
      const { StackName, StackResourceDriftStatusFilters: wanted, NextToken, MaxResults } = drifts.parse(input);
      const stack = stacks.find(StackName, `Stack [${StackName}] does not exist`);
      const { at = 0, resources = [] } = stack.drift ?? {};
      const found = resources.filter(({ status }) => wanted.length === 0 || wanted.includes(status));
      const { items, next } = pageOf(found, { limit: MaxResults, token: NextToken }, 100, 'ValidationError');
      const more = next === undefined ? {} : { NextToken: next };
      return { StackResourceDrifts: items.map((one) => describeDrift(stack, at, one)), ...more };
    },
  };
}
