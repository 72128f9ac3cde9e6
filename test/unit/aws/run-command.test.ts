import { GetCommandInvocationCommand, ListCommandsCommand, SSMClient, SendCommandCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { findCommand, readInvocation, sendCommand } from '../../../src/aws/run-command.ts';
import { INSTANCE } from '../support/examples.ts';
import { mockClient } from '../../support/mock-client.ts';

const ssm = mockClient(SSMClient);
const client = new SSMClient({ region: 'eu-west-1' });
beforeEach(() => {
  ssm.reset();
});

const awsError = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('what it said'), { name, $metadata: { httpStatusCode } });

const command = {
  verb: 'drain',
  target: INSTANCE,
  parameters: { cluster: 'prod', nodeId: 'none' },
  deliveryTimeout: 600,
  lockUntil: undefined,
} as const;

describe('sending a command', () => {
  it('names the document of the stage, one instance, and each parameter as a list', async () => {
    ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'the-id' } });

    expect(await sendCommand(client, 'dev', command, 'a comment')).toEqual({ kind: 'sent', commandId: 'the-id' });
    expect(ssm.commandCalls(SendCommandCommand).map(({ args }) => args[0].input)).toEqual([
      {
        InstanceIds: [INSTANCE],
        DocumentName: 'skep-dev-drain',
        DocumentVersion: '$LATEST',
        TimeoutSeconds: 600,
        Comment: 'a comment',
        Parameters: { cluster: ['prod'], nodeId: ['none'] },
      },
    ]);
  });

  it.each([
    ['InvalidInstanceId', 400, 'refused'],
    ['InternalServerError', 500, 'uncertain'],
    ['ServiceUnavailable', 503, 'uncertain'],
  ])('%s (%s): %s', async (name, status, kind) => {
    ssm.on(SendCommandCommand).rejects(awsError(name, status));

    expect(await sendCommand(client, 'dev', command, '')).toEqual({ kind, because: 'what it said' });
  });

  it('a connection that broke leaves it open whether there is a command', async () => {
    ssm.on(SendCommandCommand).rejects(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));

    expect(await sendCommand(client, 'dev', command, '')).toMatchObject({ kind: 'uncertain' });
  });

  it.each(['ThrottlingException', 'InvalidDocument'])('%s: surely not sent', async (name) => {
    ssm.on(SendCommandCommand).rejects(awsError(name, 400));

    await expect(sendCommand(client, 'dev', command, '')).rejects.toMatchObject({ name });
  });

  it('AccessDeniedException: the caller is to judge, with the error itself', async () => {
    const error = awsError('AccessDeniedException', 400);
    ssm.on(SendCommandCommand).rejects(error);

    expect(await sendCommand(client, 'dev', command, '')).toEqual({ kind: 'denied', error });
  });
});

describe('finding a command again', () => {
  const SINCE = Date.UTC(2026, 0, 1, 12) / 1000;

  it('by its comment, exactly', async () => {
    ssm.on(ListCommandsCommand, { InstanceId: INSTANCE }).resolves({
      Commands: [
        { CommandId: 'a', Comment: 'skep1 prod i-1 me Join 11' },
        { CommandId: 'b', Comment: 'skep1 prod i-1 me Join 1' },
      ],
    });

    expect(await findCommand(client, INSTANCE, 'skep1 prod i-1 me Join 1', SINCE)).toBe('b');
    expect(await findCommand(client, INSTANCE, 'skep1 prod i-1 me Join 2', SINCE)).toBeUndefined();
  });

  it('over all pages, but only among what was sent since, give or take a minute', async () => {
    ssm.on(ListCommandsCommand).resolves({ Commands: [{ CommandId: 'a', Comment: 'other' }], NextToken: 'two' });
    ssm
      .on(ListCommandsCommand, { NextToken: 'two' })
      .resolves({ Commands: [{ CommandId: 'b', Comment: 'skep1 prod i-1 me Join 1' }] });

    expect(await findCommand(client, INSTANCE, 'skep1 prod i-1 me Join 1', SINCE)).toBe('b');
    const asked = ssm.commandCalls(ListCommandsCommand).map(({ args }) => args[0].input);
    const Filters = [{ key: 'InvokedAfter', value: expect.stringMatching(/^2026-01-01T11:59:00(\.000)?Z$/) }];
    expect(asked).toEqual([
      expect.objectContaining({ InstanceId: INSTANCE, Filters }),
      expect.objectContaining({ InstanceId: INSTANCE, Filters, NextToken: 'two' }),
    ]);
  });
});

describe('reading an invocation', () => {
  it('all that counts of it', async () => {
    ssm.on(GetCommandInvocationCommand).resolves({
      Comment: 'c',
      Status: 'Failed',
      StatusDetails: 'Failed',
      ResponseCode: 11,
      StandardOutputContent: 'out',
      StandardErrorContent: 'err',
    });

    expect(await readInvocation(client, 'id', INSTANCE)).toEqual({
      comment: 'c',
      status: 'Failed',
      statusDetails: 'Failed',
      responseCode: 11,
      stdout: 'out',
      stderr: 'err',
    });
  });

  it('one that SSM does not show yet is not there yet, and no error', async () => {
    ssm.on(GetCommandInvocationCommand).rejects(awsError('InvocationDoesNotExist', 400));

    expect(await readInvocation(client, 'id', INSTANCE)).toBeUndefined();
  });

  it('any other error is one', async () => {
    ssm.on(GetCommandInvocationCommand).rejects(awsError('ThrottlingException', 400));

    await expect(readInvocation(client, 'id', INSTANCE)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('what SSM leaves out has not run', async () => {
    ssm.on(GetCommandInvocationCommand).resolves({});

    expect(await readInvocation(client, 'id', INSTANCE)).toMatchObject({ status: 'Pending', responseCode: -1 });
  });
});
