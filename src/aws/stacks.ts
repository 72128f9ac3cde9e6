// CloudFormation: the stacks that there are, change sets, and how a stack becomes what it was told to be.
import {
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  paginateDescribeStackEvents,
  paginateDescribeStacks,
  paginateListExports,
  paginateListImports,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import type { Change, CloudFormationClient, Stack, StackEvent } from '@aws-sdk/client-cloudformation';

import type { ResourceChange, StackFacts } from '../core/cluster/plan.ts';
import { errorName } from './errors.ts';

/** A change to a stack that CloudFormation has looked through, and not carried out. */
export interface ChangeSet {
  readonly stack: string;
  readonly name: string;
  readonly changes: readonly ResourceChange[];
}

export interface ChangeWish {
  readonly stack: string;
  /** Of the change set. */
  readonly name: string;
  readonly isNew: boolean;
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** CloudFormation looked through a change, and refuses it. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused';
}

/** All of the account and region: there is no call for those with a prefix. */
export async function listStacks(client: CloudFormationClient): Promise<StackFacts[]> {
  const stacks: StackFacts[] = [];
  for await (const page of paginateDescribeStacks({ client }, {})) {
    stacks.push(...(page.Stacks ?? []).map(factsOf));
  }
  return stacks;
}

/** @returns undefined where it is not there, or no more */
export async function readStack(client: CloudFormationClient, name: string): Promise<StackFacts | undefined> {
  try {
    const { Stacks: stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return stacks.map(factsOf).find((stack) => stack.name === name);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

function factsOf({ StackName, StackStatus, StackStatusReason, Parameters, Outputs }: Stack): StackFacts {
  return {
    name: StackName ?? '',
    status: StackStatus ?? '',
    because: StackStatusReason,
    parameters: Object.fromEntries((Parameters ?? []).map((one) => [one.ParameterKey ?? '', one.ParameterValue ?? ''])),
    outputs: Object.fromEntries((Outputs ?? []).map((one) => [one.OutputKey ?? '', one.OutputValue ?? ''])),
  };
}

/**
 * Makes a change set and waits until CloudFormation has looked through it.
 *
 * @returns undefined where nothing would change: the change set is away again
 * @throws {ChangeRefused} where it would fail. Then it is away again, too
 */
export async function makeChangeSet(
  client: CloudFormationClient,
  wish: ChangeWish,
  pause: () => Promise<void>,
): Promise<ChangeSet | undefined> {
  const { stack, name, isNew, template, parameters } = wish;
  await client.send(
    new CreateChangeSetCommand({
      StackName: stack,
      ChangeSetName: name,
      ChangeSetType: isNew ? 'CREATE' : 'UPDATE',
      TemplateBody: template,
      // Roles without names of their own: nothing more is asked for.
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    }),
  );
  for (;;) {
    const { status, because, changes } = await readChangeSet(client, stack, name);
    if (status === 'CREATE_COMPLETE') {
      return { stack, name, changes };
    }
    if (status === 'FAILED') {
      await dropChangeSet(client, { stack, name });
      // The one way in which CloudFormation says that there is nothing to do.
      if (/didn't contain changes|No updates are to be performed/.test(because)) {
        return undefined;
      }
      throw new ChangeRefused(`CloudFormation refuses the change to ${stack}: ${because}`);
    }
    await pause();
  }
}

/** @throws after the last page */
async function readChangeSet(
  client: CloudFormationClient,
  stack: string,
  name: string,
): Promise<{ status: string; because: string; changes: ResourceChange[] }> {
  const changes: ResourceChange[] = [];
  for (let token: string | undefined; ;) {
    const page = await client.send(
      new DescribeChangeSetCommand({
        StackName: stack,
        ChangeSetName: name,
        ...(token === undefined ? {} : { NextToken: token }),
      }),
    );
    changes.push(...(page.Changes ?? []).flatMap(resourceChange));
    token = page.NextToken;
    if (token === undefined) {
      return { status: page.Status ?? '', because: page.StatusReason ?? '', changes };
    }
  }
}

function resourceChange({ ResourceChange: change }: Change): ResourceChange[] {
  if (change === undefined) {
    return [];
  }
  const attributes = (change.Details ?? []).flatMap(({ Target }) => Target?.Name ?? Target?.Attribute ?? []);
  return [
    {
      action: change.Action ?? '',
      logicalId: change.LogicalResourceId ?? '',
      type: change.ResourceType ?? '',
      replacement: change.Replacement,
      attributes: [...new Set(attributes)],
    },
  ];
}

export async function carryOut(
  client: CloudFormationClient,
  { stack, name }: Pick<ChangeSet, 'stack' | 'name'>,
): Promise<void> {
  await client.send(new ExecuteChangeSetCommand({ StackName: stack, ChangeSetName: name }));
}

export async function dropChangeSet(
  client: CloudFormationClient,
  { stack, name }: Pick<ChangeSet, 'stack' | 'name'>,
): Promise<void> {
  await client.send(new DeleteChangeSetCommand({ StackName: stack, ChangeSetName: name }));
}

export async function deleteStack(client: CloudFormationClient, name: string): Promise<void> {
  await client.send(new DeleteStackCommand({ StackName: name }));
}

export interface Event {
  readonly id: string;
  readonly logicalId: string;
  readonly status: string;
  readonly because: string;
}

/** @returns undefined where nothing has happened to it so far, as it is not there */
export async function lastEvent(client: CloudFormationClient, stack: string): Promise<string | undefined> {
  try {
    const page = await client.send(new DescribeStackEventsCommand({ StackName: stack }));
    return page.StackEvents?.[0]?.EventId;
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** The same name and status as of a wrong call: only its words tell. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && error.message.includes('does not exist');

/**
 * What has happened to a stack after that event, the first of it first. By the event and not by time: a person's clock may differ.
 */
export async function eventsAfter(
  client: CloudFormationClient,
  stack: string,
  last: string | undefined,
): Promise<Event[]> {
  const events: Event[] = [];
  try {
    for await (const page of paginateDescribeStackEvents({ client }, { StackName: stack })) {
      const read = (page.StackEvents ?? []).map(eventOf);
      const end = read.findIndex(({ id }) => id === last);
      events.push(...(end === -1 ? read : read.slice(0, end)));
      if (end !== -1) {
        break;
      }
    }
  } catch (error) {
    // It has gone since it was seen.
    if (!isMissing(error)) {
      throw error;
    }
  }
  return events.toReversed();
}

function eventOf(event: StackEvent): Event {
  return {
    id: event.EventId ?? '',
    logicalId: event.LogicalResourceId ?? '',
    status: event.ResourceStatus ?? '',
    because: event.ResourceStatusReason ?? '',
  };
}

/** The resources of a stack, and how each is. */
export async function stackParts(
  client: CloudFormationClient,
  stack: string,
): Promise<{ readonly logicalId: string; readonly type: string; readonly status: string }[]> {
  const parts: { logicalId: string; type: string; status: string }[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
    parts.push(
      ...(page.StackResourceSummaries ?? []).map((one) => ({
        logicalId: one.LogicalResourceId ?? '',
        type: one.ResourceType ?? '',
        status: one.ResourceStatus ?? '',
      })),
    );
  }
  return parts;
}

/** The names of all that the stacks of the account and region export. */
export async function listExports(client: CloudFormationClient): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListExports({ client }, {})) {
    names.push(...(page.Exports ?? []).flatMap(({ Name }) => Name ?? []));
  }
  return names;
}

/** The stacks that import any of these. */
export async function importersOf(client: CloudFormationClient, exports: readonly string[]): Promise<string[]> {
  const importers = new Set<string>();
  for (const ExportName of exports) {
    try {
      for await (const page of paginateListImports({ client }, { ExportName })) {
        for (const name of page.Imports ?? []) importers.add(name);
      }
    } catch (error) {
      // That nobody imports it, and that there is no such export, are errors of the same name.
      if (errorName(error) !== 'ValidationError') throw error;
    }
  }
  return [...importers].toSorted();
}
