// The operations of CloudFormation that the lab answers, over the stacks of stacks.ts.
import { z } from 'zod';

import { pageOf } from '../services/pages.ts';
import { AwsError } from '../services/service.ts';
import type { Operation, Service } from '../services/service.ts';
import {
  describeChangeSet,
  describeEvent,
  describeParameters,
  describeResource,
  describeStack,
  summarizeChangeSet,
  summarizeStack,
  summarizeTemplate,
} from './answers.ts';
import type { Drift } from './drift.ts';
import { asked } from './inputs.ts';
import { wholeStackOperations } from './stack-api.ts';
import type { StackRecord, StackResource } from './stack-record.ts';
import type { Stacks } from './stacks.ts';

const { flag, list, name, token, clientToken, parameter } = asked;
const setName = z.string().regex(/^([a-zA-Z][-a-zA-Z0-9]*)$|^(arn:[-a-zA-Z0-9:/]*)$/);
const ofStack = { StackName: name };
const ofSet = { ChangeSetName: setName, StackName: name.optional() };
const paged = { NextToken: token };
const createSet = z.strictObject({
  StackName: name,
  ChangeSetName: z
    .string()
    .regex(/^[a-zA-Z][-a-zA-Z0-9]*$/)
    .max(128),
  ChangeSetType: z.enum(['CREATE', 'UPDATE']).default('UPDATE'),
  Description: z.string().min(1).max(1024).optional(),
  TemplateBody: z.string().min(1).optional(),
  UsePreviousTemplate: flag.default(false),
  Parameters: list(parameter),
  Capabilities: asked.capabilities,
  Tags: asked.tags,
  NotificationARNs: list(z.string()),
  ClientToken: z.string().min(1).max(128).optional(),
});
const statuses = z.array(z.string().regex(/^[A-Z_]+$/));
const inputs = {
  describeStacks: z.strictObject({ StackName: z.string().optional(), ...paged }),
  listStacks: z.strictObject({ StackStatusFilter: statuses.optional(), ...paged }),
  set: z.strictObject(ofSet),
  pagedSet: z.strictObject({ ...ofSet, ...paged }),
  execute: z.strictObject({ ...ofSet, ClientRequestToken: clientToken, DisableRollback: flag.default(false) }),
  pagedStack: z.strictObject({ ...ofStack, ...paged }),
  resources: z.strictObject({
    StackName: name.optional(),
    LogicalResourceId: z.string().optional(),
    PhysicalResourceId: z.string().optional(),
  }),
  resource: z.strictObject({ ...ofStack, LogicalResourceId: z.string() }),
  template: z.strictObject({
    StackName: name.optional(),
    ChangeSetName: setName.optional(),
    TemplateStage: z.enum(['Original', 'Processed']).optional(),
  }),
  summary: z.strictObject({ StackName: name.optional(), TemplateBody: z.string().min(1).optional() }),
  validate: z.strictObject({ TemplateBody: z.string().min(1) }),
  delete: z.strictObject({ ...ofStack, RetainResources: list(z.string()), ClientRequestToken: clientToken }),
  exports: z.strictObject(paged),
  imports: z.strictObject({ ExportName: z.string(), ...paged }),
};

/** How many there are on a page. */
const PAGE = 100;

export function cloudFormationApi(stacks: Stacks, drift: Drift): Service {
  return {
    name: 'cloudformation',
    operations: {
      ...ofChangeSets(stacks),
      ...ofStacks(stacks),
      ...wholeStackOperations(stacks, drift),
      ...ofResources(stacks),
      ...ofTemplates(stacks),
    },
  };
}

type Operations = Readonly<Record<string, Operation>>;

function ofChangeSets(stacks: Stacks): Operations {
  return {
    CreateChangeSet: (input) => {
      const given = createSet.parse(input);
      if (given.UsePreviousTemplate && given.TemplateBody !== undefined) {
        throw new AwsError('ValidationError', 'You cannot specify both usePreviousTemplate and Template Body.');
      }
      const { stack, set } = stacks.createChangeSet({
        stackName: given.StackName,
        name: given.ChangeSetName,
        kind: given.ChangeSetType,
        description: given.Description,
        template: given.TemplateBody,
        parameters: given.Parameters,
        options: {
          capabilities: given.Capabilities,
          tags: given.Tags,
          notificationArns: given.NotificationARNs,
        },
      });
      return { Id: set.id, StackId: stack.id };
    },
    DescribeChangeSet: (input) => {
      const given = inputs.pagedSet.parse(input);
      const { stack, set } = stacks.changeSet(given.ChangeSetName, given.StackName);
      const { items, more } = page(set.changes, given.NextToken);
      return { ...describeChangeSet(stack, set, items), ...more };
    },
    ListChangeSets: (input) => {
      const given = inputs.pagedStack.parse(input);
      const stack = stacks.find(given.StackName, `Stack [${given.StackName}] does not exist`);
      const { items, more } = page([...stack.changeSets.values()], given.NextToken);
      return { Summaries: items.map((set) => summarizeChangeSet(stack, set)), ...more };
    },
    DeleteChangeSet: (input) => {
      const given = inputs.set.parse(input);
      stacks.deleteChangeSet(given.ChangeSetName, given.StackName);
      return {};
    },
    ExecuteChangeSet: (input) => {
      const given = inputs.execute.parse(input);
      const { stack, set } = stacks.changeSet(given.ChangeSetName, given.StackName);
      stacks.execute(stack, set, given.DisableRollback, given.ClientRequestToken);
      return {};
    },
  };
}

function ofStacks(stacks: Stacks): Operations {
  return {
    DescribeStacks: (input) => {
      const { StackName, NextToken } = inputs.describeStacks.parse(input);
      const found = StackName === undefined ? stacks.all.filter(({ isGone }) => !isGone) : [stacks.find(StackName)];
      const { items, more } = page(found, NextToken);
      return { Stacks: items.map(describeStack), ...more };
    },
    ListStacks: (input) => {
      const { StackStatusFilter: wanted, NextToken } = inputs.listStacks.parse(input);
      const found = stacks.all.filter(({ status }) => wanted?.includes(status) ?? true);
      const { items, more } = page(found, NextToken);
      return { StackSummaries: items.map(summarizeStack), ...more };
    },
    DeleteStack: (input) => {
      const { StackName, RetainResources, ClientRequestToken } = inputs.delete.parse(input);
      stacks.delete(StackName, RetainResources, ClientRequestToken);
      return {};
    },
    ListExports: (input) => {
      const { items, more } = page(stacks.exports, inputs.exports.parse(input).NextToken);
      const exported = items.map(({ stack, output }) => ({
        ExportingStackId: stack.id,
        Name: output.exportName,
        Value: output.value,
      }));
      return { Exports: exported, ...more };
    },
    ListImports: (input) => {
      const { ExportName, NextToken } = inputs.imports.parse(input);
      const importers = stacks.importersOf(ExportName);
      if (importers.length === 0) {
        throw new AwsError('ValidationError', `Export '${ExportName}' is not imported by any stack.`);
      }
      const { items, more } = page(importers, NextToken);
      return { Imports: items, ...more };
    },
  };
}

function ofResources(stacks: Stacks): Operations {
  return {
    DescribeStackEvents: (input) => {
      const { StackName, NextToken } = inputs.pagedStack.parse(input);
      const stack = stacks.find(StackName, `Stack [${StackName}] does not exist`);
      const { items, more } = page(stack.events.toReversed(), NextToken);
      return { StackEvents: items.map((event) => describeEvent(stack, event)), ...more };
    },
    DescribeStackResources: (input) => {
      const { StackName, LogicalResourceId: logical, PhysicalResourceId: physical } = inputs.resources.parse(input);
      const stack = StackName === undefined ? ownerOf(stacks, physical) : stacks.find(StackName);
      const found = [...stack.resources.values()].filter(({ logicalId }) => logicalId === (logical ?? logicalId));
      return { StackResources: found.map((one) => describeResource(stack, one, 'Timestamp')) };
    },
    DescribeStackResource: (input) => {
      const { StackName, LogicalResourceId: logical } = inputs.resource.parse(input);
      const stack = stacks.find(StackName, `Stack '${StackName}' does not exist`);
      const found = stack.resources.get(logical);
      if (found === undefined) {
        throw new AwsError('ValidationError', `Resource ${logical} does not exist for stack ${stack.name}`);
      }
      return { StackResourceDetail: describeResource(stack, found, 'LastUpdatedTimestamp') };
    },
    ListStackResources: (input) => {
      const { StackName, NextToken } = inputs.pagedStack.parse(input);
      const stack = stacks.find(StackName);
      const { items, more } = page([...stack.resources.values()], NextToken);
      return { StackResourceSummaries: items.map((one) => summaryOf(stack, one)), ...more };
    },
  };
}

/** A summary names neither the stack nor what it is described by. */
function summaryOf(stack: StackRecord, resource: StackResource): Record<string, unknown> {
  const all = describeResource(stack, resource, 'LastUpdatedTimestamp');
  return Object.fromEntries(Object.entries(all).filter(([member]) => member !== 'StackId' && member !== 'StackName'));
}

function ownerOf(stacks: Stacks, physicalId: string | undefined): StackRecord {
  if (physicalId === undefined) {
    throw new AwsError('ValidationError', 'Either StackName or PhysicalResourceId must be specified.');
  }
  const owner = stacks.all.find(({ resources }) =>
    [...resources.values()].some(({ record }) => record?.id === physicalId),
  );
  if (owner === undefined) {
    throw new AwsError('ValidationError', `Stack for ${physicalId} does not exist`);
  }
  return owner;
}

function ofTemplates(stacks: Stacks): Operations {
  const textOf = (stackName: string | undefined): string => {
    if (stackName === undefined) {
      throw new AwsError('ValidationError', 'Either StackName or TemplateBody must be specified.');
    }
    const stack = stacks.find(stackName);
    if (stack.isGiven) {
      throw new AwsError('ValidationError', `the lab does not keep the template of ${stackName}, skep's own stack`);
    }
    return stack.template;
  };
  return {
    GetTemplate: (input) => {
      const { StackName, ChangeSetName } = inputs.template.parse(input);
      const text =
        ChangeSetName === undefined ? textOf(StackName) : stacks.changeSet(ChangeSetName, StackName).set.template;
      return { TemplateBody: text, StagesAvailable: ['Original', 'Processed'] };
    },
    GetTemplateSummary: (input) => {
      const { StackName, TemplateBody } = inputs.summary.parse(input);
      const template = stacks.parse(TemplateBody ?? textOf(StackName));
      const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))];
      return {
        ...summarizeTemplate(template),
        Parameters: describeParameters(template, true),
        ResourceTypes: types,
        ...(template.AWSTemplateFormatVersion === undefined ? {} : { Version: template.AWSTemplateFormatVersion }),
      };
    },
    ValidateTemplate: (input) => {
      const template = stacks.parse(inputs.validate.parse(input).TemplateBody);
      return { ...summarizeTemplate(template), Parameters: describeParameters(template, false) };
    },
  };
}

function page<T>(all: readonly T[], token: string | undefined): { items: readonly T[]; more: { NextToken?: string } } {
  const { items, next } = pageOf(all, { limit: undefined, token }, PAGE, 'ValidationError');
  return { items, more: next === undefined ? {} : { NextToken: next } };
}
