// A table that an older stack has left, against a stand-in of DynamoDB and CloudFormation: taken in, or refused by name.
import { describe, expect, it } from '@jest/globals';

import { takeInTable } from '../../resources/kept-table.ts';

interface World {
  /** The keys of the table that there is. */
  readonly table?: readonly string[];
  /** Of the stack, before. */
  readonly resources?: readonly string[];
  readonly setStatus?: string;
  readonly stackStatus?: string;
}

const missing = (code: string): Error => Object.assign(new Error(`${code}: it does not exist`), { code });

/** Says each thing once that it is not ready yet, as AWS does. */
function standIn({ table, resources, setStatus = 'CREATE_COMPLETE', stackStatus = 'IMPORT_COMPLETE' }: World) {
  const calls: (readonly [method: string, input: Record<string, unknown>])[] = [];
  let looks = 0;
  const answers: Readonly<Record<string, () => unknown>> = {
    describeTable: () => {
      if (table === undefined) throw missing('ResourceNotFoundException');
      return { Table: { KeySchema: table.map((AttributeName) => ({ AttributeName })) } };
    },
    describeStackResources: () => {
      if (resources === undefined) throw missing('ValidationError');
      return { StackResources: resources.map((LogicalResourceId) => ({ LogicalResourceId })) };
    },
    getTemplate: () => ({
      TemplateBody: JSON.stringify({ Resources: { ServerlessDeploymentBucket: {} }, Outputs: {} }),
    }),
    createChangeSet: () => ({}),
    describeChangeSet: () => ({ Status: looks++ === 0 ? 'CREATE_IN_PROGRESS' : setStatus, StatusReason: 'why' }),
    executeChangeSet: () => ({}),
    describeStacks: () => ({
      Stacks: [{ StackStatus: looks++ === 2 ? 'IMPORT_IN_PROGRESS' : stackStatus, StackStatusReason: 'why' }],
    }),
  };
  const request = (_service: string, method: string, input: object): Promise<unknown> => {
    calls.push([method, input as Record<string, unknown>]);
    return Promise.resolve().then(() => answers[method]?.());
  };
  const template = {
    Resources: { Table: { Type: 'AWS::DynamoDB::Table', DeletionPolicy: 'RetainExceptOnCreate' }, Other: {} },
  };
  const taken = takeInTable({ request, name: 'skep-dev', template, pause: () => Promise.resolve() });
  return { taken, calls, methods: () => calls.map(([method]) => method) };
}

const KEYS = ['pk', 'sk'];
const BUCKET = ['ServerlessDeploymentBucket'];

describe('a deployment', () => {
  it('where there is no table imports nothing', async () => {
    const { taken, methods } = standIn({ resources: BUCKET });
    expect(await taken).toBe(false);
    expect(methods()).toEqual(['describeTable']);
  });

  it('whose stack has the table already imports nothing', async () => {
    const { taken, methods } = standIn({ table: KEYS, resources: [...BUCKET, 'Table'] });
    expect(await taken).toBe(false);
    expect(methods()).toEqual(['describeTable', 'describeStackResources']);
  });

  it('takes in a table that was left over, and changes nothing else of the stack', async () => {
    const { taken, calls } = standIn({ table: KEYS, resources: BUCKET });
    expect(await taken).toBe(true);
    const [, input = {}] = calls.find(([method]) => method === 'createChangeSet') ?? [];
    expect(input).toMatchObject({
      StackName: 'skep-dev',
      ChangeSetType: 'IMPORT',
      ResourcesToImport: [
        {
          ResourceType: 'AWS::DynamoDB::Table',
          LogicalResourceId: 'Table',
          ResourceIdentifier: { TableName: 'skep-dev' },
        },
      ],
    });
    expect(Object.keys((JSON.parse(String(input['TemplateBody'])) as { Resources: object }).Resources)).toEqual([
      'ServerlessDeploymentBucket',
      'Table',
    ]);
    expect(calls.at(-1)?.[0]).toBe('describeStacks');
  });

  it('refuses a table that is not skep’s, before anything of the stack is made', async () => {
    const { taken, methods } = standIn({ table: ['id'], resources: BUCKET });
    await expect(taken).rejects.toThrow("there is a table skep-dev, which is not skep's (its keys are id)");
    expect(methods()).not.toContain('createChangeSet');
  });

  it.each([
    ['the change set fails', { setStatus: 'FAILED' }, 'the table skep-dev cannot be taken in: why'],
    [
      'the import is rolled back',
      { stackStatus: 'IMPORT_ROLLBACK_COMPLETE' },
      'was not taken in (IMPORT_ROLLBACK_COMPLETE): why',
    ],
  ])('ends with the reason where %s', async (_what, world, said) => {
    await expect(standIn({ table: KEYS, resources: BUCKET, ...world }).taken).rejects.toThrow(said);
  });
});
