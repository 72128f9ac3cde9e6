import { GetCommandInvocationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, expect, it } from '@jest/globals';

import { hearEnd } from '../../../src/steps/hear.ts';
import { INSTANCE } from '../support/examples.ts';
import { mockClient } from '../../support/mock-client.ts';

const ssm = mockClient(SSMClient);
const client = new SSMClient({ region: 'eu-west-1' });
const command = { commandId: 'a-command', instance: INSTANCE, verb: 'drain' } as const;
const pauses: number[] = [];
const pause = (ms: number): Promise<void> => {
  pauses.push(ms);
  return Promise.resolve();
};
beforeEach(() => {
  ssm.reset();
  pauses.length = 0;
});

const notYet = Object.assign(new Error('not yet'), { name: 'InvocationDoesNotExist' });
const ended = { Status: 'Success' as const, ResponseCode: 0, StandardOutputContent: '{"member":true}' };

it('an end that can be read is read once', async () => {
  ssm.on(GetCommandInvocationCommand).resolves(ended);

  expect(await hearEnd(client, command, pause)).toMatchObject({ outcome: { ok: true, output: { member: true } } });
  expect(pauses).toEqual([]);
});

it('an event that was faster than the answer is waited for: neither "not there" nor "in progress" is its end', async () => {
  ssm
    .on(GetCommandInvocationCommand)
    .rejectsOnce(notYet)
    .resolvesOnce({ Status: 'InProgress', ResponseCode: -1 })
    .resolves(ended);

  expect(await hearEnd(client, command, pause)).toMatchObject({ outcome: { ok: true } });
  expect(pauses).toHaveLength(2);
});

it('after five seconds it is left to the next try of the event, whose error says so', async () => {
  ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });

  await expect(hearEnd(client, command, pause)).rejects.toMatchObject({ name: 'AwsUnavailable' });
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(5000);
});

it('another error is no delay', async () => {
  ssm.on(GetCommandInvocationCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));

  await expect(hearEnd(client, command, pause)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
