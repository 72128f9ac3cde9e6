// A table that an older stack has left (it was removed, or its first deployment failed half-way) is taken into the new one: its name is given,
// so that a stack which would make it anew is refused for ever. CloudFormation calls it an import, and does not touch what is in it.
import { z } from 'zod';

export interface StackOfTable {
  /** Calls AWS. */
  readonly request: (service: string, method: string, input: object) => Promise<unknown>;
  /** Of the stack, and of the table. */
  readonly name: string;
  /** That is to be deployed. */
  readonly template: { readonly Resources: Readonly<Record<string, unknown>> };
  readonly pause: (ms: number) => Promise<unknown>;
}

interface Ended {
  readonly status: string;
  readonly because: string | undefined;
}

const TWO_SECONDS = 2000;
const LOGICAL_ID = 'Table';

const table = z.object({ Table: z.object({ KeySchema: z.array(z.object({ AttributeName: z.string() })) }) });
const resources = z.object({ StackResources: z.array(z.object({ LogicalResourceId: z.string() })) });
const body = z.looseObject({ Resources: z.record(z.string(), z.unknown()) });
const original = z.object({
  TemplateBody: z.union([z.string().transform((text): unknown => JSON.parse(text)), z.unknown()]).pipe(body),
});
const changeSet = z.object({ Status: z.string(), StatusReason: z.string().optional() });
const stacks = z.object({
  Stacks: z.tuple([z.object({ StackStatus: z.string(), StackStatusReason: z.string().optional() })]),
});

/**
 * @returns whether a table was taken in
 * @throws if it is a table of something else, or if CloudFormation does not import it
 */
export async function takeInTable(stack: StackOfTable): Promise<boolean> {
  const { request, name } = stack;
  const found = await ifThere(request('DynamoDB', 'describeTable', { TableName: name }));
  const there = found === undefined ? undefined : await ifThere(resourcesOf(stack));
  if (there === undefined || there.includes(LOGICAL_ID)) {
    return false;
  }
  const keys = table.parse(found).Table.KeySchema.map(({ AttributeName }) => AttributeName);
  if (keys.join() !== 'pk,sk') {
    throw new Error(
      `there is a table ${name}, which is not skep's (its keys are ${keys.join()}): choose another stage`,
    );
  }
  await importTable(stack);
  return true;
}

async function resourcesOf({ request, name }: StackOfTable): Promise<readonly string[]> {
  const found = await request('CloudFormation', 'describeStackResources', { StackName: name });
  return resources.parse(found).StackResources.map(({ LogicalResourceId }) => LogicalResourceId);
}

/** Undefined for what is not there, as the framework passes it on. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (/ResourceNotFound|not found|does not exist/i.test(String(error))) {
      return undefined;
    }
    throw error;
  }
}

/** The stack as it is, and the table beside it: an import may change nothing else. */
async function importTable({ request, name, template, pause }: StackOfTable): Promise<void> {
  const { TemplateBody: before } = original.parse(await request('CloudFormation', 'getTemplate', { StackName: name }));
  const after = { ...before, Resources: { ...before.Resources, [LOGICAL_ID]: template.Resources[LOGICAL_ID] } };
  const set = { StackName: name, ChangeSetName: `skep-import-${Date.now()}` };
  await request('CloudFormation', 'createChangeSet', {
    ...set,
    ChangeSetType: 'IMPORT',
    TemplateBody: JSON.stringify(after),
    Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
    ResourcesToImport: [
      { ResourceType: 'AWS::DynamoDB::Table', LogicalResourceId: LOGICAL_ID, ResourceIdentifier: { TableName: name } },
    ],
  });
  const made = await until(pause, async () => {
    const { Status, StatusReason } = changeSet.parse(await request('CloudFormation', 'describeChangeSet', set));
    return { status: Status, because: StatusReason };
  });
  if (made.status !== 'CREATE_COMPLETE') {
    throw new Error(`the table ${name} cannot be taken in: ${made.because ?? made.status}`);
  }
  await request('CloudFormation', 'executeChangeSet', set);
  const done = await until(pause, async () => {
    const [seen] = stacks.parse(await request('CloudFormation', 'describeStacks', { StackName: name })).Stacks;
    return { status: seen.StackStatus, because: seen.StackStatusReason };
  });
  if (done.status !== 'IMPORT_COMPLETE') {
    throw new Error(`the table ${name} was not taken in (${done.status}): ${done.because ?? ''}`);
  }
}

/** Looks until nothing is in progress or pending any more. */
async function until(pause: StackOfTable['pause'], look: () => Promise<Ended>): Promise<Ended> {
  for (;;) {
    const seen = await look();
    if (!/_(IN_PROGRESS|PENDING)$/.test(seen.status)) {
      return seen;
    }
    await pause(TWO_SECONDS);
  }
}
