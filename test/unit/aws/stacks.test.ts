import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import {
  ChangeRefused,
  eventsAfter,
  lastEvent,
  listStacks,
  makeChangeSet,
  readStack,
} from '../../../src/aws/stacks.ts';
import { mockClient } from '../../support/mock-client.ts';

const formation = mockClient(CloudFormationClient);
const client = new CloudFormationClient({ region: 'eu-west-1' });
beforeEach(() => {
  formation.reset();
});

const stack = (StackName: string): { StackName: string; StackStatus: 'CREATE_COMPLETE'; CreationTime: Date } => ({
  StackName,
  StackStatus: 'CREATE_COMPLETE',
  CreationTime: new Date(0),
});

describe('the stacks', () => {
  it('are read to the last page', async () => {
    formation
      .on(DescribeStacksCommand)
      .resolvesOnce({ Stacks: [stack('a')], NextToken: 'more' })
      .resolvesOnce({
        Stacks: [
          {
            ...stack('b'),
            Parameters: [{ ParameterKey: 'P', ParameterValue: '1' }],
            Outputs: [{ OutputKey: 'O', OutputValue: '2' }],
          },
        ],
      });
    const [a, b] = await listStacks(client);
    expect(a).toEqual({ name: 'a', status: 'CREATE_COMPLETE', because: undefined, parameters: {}, outputs: {} });
    expect(b).toMatchObject({ name: 'b', parameters: { P: '1' }, outputs: { O: '2' } });
  });

  it('lack one that is deleted', async () => {
    formation.on(DescribeStacksCommand).resolves({ Stacks: [stack('a')] });
    expect(await readStack(client, 'b')).toBeUndefined();
  });
});

describe('a change set', () => {
  const wish = { stack: 's', name: 'c', isNew: false, template: 'text', parameters: { P: '1' } };
  let pauses = 0;
  const make = (): ReturnType<typeof makeChangeSet> => {
    pauses = 0;
    return makeChangeSet(client, wish, () => {
      pauses += 1;
      return Promise.resolve();
    });
  };

  it('is waited for, and told to its last page', async () => {
    const change = (LogicalResourceId: string): object => ({
      ResourceChange: {
        Action: 'Modify',
        LogicalResourceId,
        ResourceType: 'AWS::IAM::Role',
        Replacement: 'True',
        Details: [{ Target: { Attribute: 'Properties', Name: 'Path' } }, { Target: { Attribute: 'Tags' } }],
      },
    });
    formation.on(CreateChangeSetCommand).resolves({});
    formation
      .on(DescribeChangeSetCommand)
      .resolvesOnce({ Status: 'CREATE_IN_PROGRESS' })
      .resolvesOnce({ Status: 'CREATE_COMPLETE', Changes: [change('A')], NextToken: 'more' })
      .resolvesOnce({ Status: 'CREATE_COMPLETE', Changes: [change('B')] });
    const made = await make();
    expect(pauses).toBe(1);
    expect(made?.changes.map(({ logicalId }) => logicalId)).toEqual(['A', 'B']);
    expect(made?.changes[0]).toEqual({
      action: 'Modify',
      logicalId: 'A',
      type: 'AWS::IAM::Role',
      replacement: 'True',
      attributes: ['Path', 'Tags'],
    });
    expect(formation.commandCalls(CreateChangeSetCommand)[0]?.args[0].input).toMatchObject({
      ChangeSetType: 'UPDATE',
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: [{ ParameterKey: 'P', ParameterValue: '1' }],
    });
  });

  it.each([
    "The submitted information didn't contain changes. Submit different information to create a change set.",
    'No updates are to be performed.',
  ])('of nothing is taken away again: %s', async (StatusReason) => {
    formation.on(CreateChangeSetCommand).resolves({});
    formation.on(DescribeChangeSetCommand).resolves({ Status: 'FAILED', StatusReason });
    expect(await make()).toBeUndefined();
    expect(formation.commandCalls(DeleteChangeSetCommand)).toHaveLength(1);
  });

  it('that is refused is taken away, and said', async () => {
    formation.on(CreateChangeSetCommand).resolves({});
    formation.on(DescribeChangeSetCommand).resolves({ Status: 'FAILED', StatusReason: 'No export named x found.' });
    await expect(make()).rejects.toThrow(ChangeRefused);
    await expect(make()).rejects.toThrow('s: No export named x found.');
    expect(formation.commandCalls(DeleteChangeSetCommand)).toHaveLength(2);
  });
});

describe('events', () => {
  const event = (EventId: string): never => ({ EventId, Timestamp: new Date(0) }) as never;

  it('are those after the last one known, the first of them first, and no more pages are read than that takes', async () => {
    formation
      .on(DescribeStackEventsCommand)
      .resolvesOnce({ StackEvents: [event('e'), event('d')], NextToken: 'more' })
      .resolvesOnce({ StackEvents: [event('c'), event('b'), event('a')], NextToken: 'more' })
      .rejects(new Error('read too far'));
    expect((await eventsAfter(client, 's', 'b')).map(({ id }) => id)).toEqual(['c', 'd', 'e']);
  });

  it('are none of a stack that is not there', async () => {
    const missing = Object.assign(new Error('Stack [s] does not exist'), { name: 'ValidationError' });
    formation.on(DescribeStackEventsCommand).rejects(missing);
    expect(await lastEvent(client, 's')).toBeUndefined();
    formation.on(DescribeStackEventsCommand).rejects(Object.assign(new Error('Rate'), { name: 'Throttling' }));
    await expect(lastEvent(client, 's')).rejects.toThrow('Rate');
    formation.on(DescribeStackEventsCommand).resolves({ StackEvents: [event('b'), event('a')] });
    expect(await lastEvent(client, 's')).toBe('b');
  });
});
