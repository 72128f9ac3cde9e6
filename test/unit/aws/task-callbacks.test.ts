import { SFNClient, SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { endTask, failTask } from '../../../src/aws/task-callbacks.ts';
import { mockClient } from '../../support/mock-client.ts';

const sfn = mockClient(SFNClient);
const client = new SFNClient({ region: 'eu-west-1' });
beforeEach(() => {
  sfn.reset();
});

const named = (name: string): Error => Object.assign(new Error(name), { name });

describe('ending the wait of an execution', () => {
  it('with the output of a document', async () => {
    await endTask(client, 'token', { ok: true, output: { nodeId: 'n' } });

    expect(sfn.commandCalls(SendTaskSuccessCommand).map(({ args }) => args[0].input)).toEqual([
      { taskToken: 'token', output: '{"nodeId":"n"}' },
    ]);
  });

  it('with the error of a document, its cause cut to what Step Functions takes', async () => {
    await endTask(client, 'token', { ok: false, error: 'Busy', cause: 'x'.repeat(40_000), retryable: true });
    const [call] = sfn.commandCalls(SendTaskFailureCommand);

    expect(call?.args[0].input).toMatchObject({ taskToken: 'token', error: 'Busy' });
    expect(call?.args[0].input.cause?.length).toBeLessThanOrEqual(32_768);
  });

  it.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])(
    '%s: nobody waits any more, which is no error',
    async (name) => {
      sfn.on(SendTaskSuccessCommand).rejects(named(name)).on(SendTaskFailureCommand).rejects(named(name));

      await expect(endTask(client, 'token', { ok: true, output: {} })).resolves.toBeUndefined();
      await expect(failTask(client, 'token', 'Superseded', 'why')).resolves.toBe(false);
    },
  );

  it.each(['ThrottlingException', 'InvalidOutput', 'AccessDeniedException'])(
    '%s is an error: the wait goes on',
    async (name) => {
      sfn.on(SendTaskSuccessCommand).rejects(named(name));

      await expect(endTask(client, 'token', { ok: true, output: {} })).rejects.toMatchObject({ name });
    },
  );
});
