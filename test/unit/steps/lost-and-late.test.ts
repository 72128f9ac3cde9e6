// Answers of SSM that were lost, and ends of commands that come twice, late, or for somebody else.
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import type { SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';

import { storeAndDeliver } from '../../../src/steps/deliver.ts';
import { ownerKey } from '../../../src/core/names.ts';
import { EXECUTION, NODE_ID, NOW } from '../support/examples.ts';
import {
  useStepScene,
  accept,
  awsError,
  busy,
  db,
  joined,
  ports,
  scene,
  searches,
  sends,
  sentBy,
  ssm,
  time,
  woken,
} from '../support/step-scene.ts';

useStepScene();

describe('an answer that was lost', () => {
  /** SSM takes the command, and its answer never arrives. */
  const loseAnswer = (): void => {
    ssm.on(SendCommandCommand).callsFake((input: SendCommandCommandInput) => {
      accept(input);
      throw awsError('InternalServerError', 500);
    });
  };

  it.each([1, 2])('try %s: the command is searched for by its comment, and not sent twice', async (number) => {
    const { step, ended, item } = await scene();
    if (number === 2) {
      await step();
      await ended(busy);
    }
    loseAnswer();
    const attempt = number - 1;
    await expect(step({ attempt })).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await item()).toMatchObject({ try: number, uncertain: true });
    const before = sends().length;
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    time.now += 2;
    await step({ attempt: attempt + 1, taskToken: 'later' });

    expect(sends()).toHaveLength(before);
    const commandId = `command-${number}`;
    expect(await item()).toMatchObject({ commandId, try: number, taskToken: 'later', waits: 'Join' });
    expect(ssm.commandCalls(GetCommandInvocationCommand).map(({ args }) => args[0].input.CommandId)).toEqual([
      commandId,
    ]);
  });

  it('of a command that has ended meanwhile is no loss: the search looks at what it finds', async () => {
    const { step } = await scene();
    loseAnswer();
    await expect(step()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    ssm.on(GetCommandInvocationCommand).resolves({
      Status: 'Success',
      ResponseCode: 0,
      StandardOutputContent: JSON.stringify(joined.output),
    });
    time.now = NOW + 90;
    await step({ attempt: 1, taskToken: 'token-1' });

    expect(woken()).toEqual(['token-1 ok']);
    expect(sends()).toHaveLength(1);
  });

  it('of a command that SSM never got: the same try is sent again', async () => {
    const { step, item } = await scene();
    ssm.on(SendCommandCommand).rejectsOnce(awsError('InternalServerError', 500)).callsFake(accept);
    await expect(step()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    await step({ attempt: 1, taskToken: 'token-1' });

    expect(searches()).toHaveLength(1);
    expect(sends().map(({ Comment }) => Comment?.split(' ').at(-1))).toEqual(['1', '1']);
    expect(await item()).toMatchObject({ try: 1, taskToken: 'token-1' });
  });

  it('since the function died between its write and its send: searched, then sent', async () => {
    const { step } = await scene({ kind: 'terminate' });
    const drain = { verb: 'drain', step: 'Drain' } as const;
    ssm.on(SendCommandCommand).rejectsOnce(awsError('ThrottlingException')).callsFake(accept);
    await expect(step(drain)).rejects.toMatchObject({ name: 'ThrottlingException' });
    await step({ ...drain, attempt: 1 });

    expect(searches()).toHaveLength(1);
    expect(sends()).toHaveLength(2);
  });
});

describe('an end that comes late', () => {
  const confirm = {
    verb: 'confirm',
    step: 'Confirm',
    node: { nodeId: NODE_ID, zone: 'eu-west-1a', address: 'none' },
  } as const;

  it('of a node that somebody else owns by now changes nothing and wakes nobody', async () => {
    const { step, plan, item } = await scene();
    await step();
    const before = await item();
    const key = {
      cluster: plan.cluster ?? '',
      instance: plan.instance ?? '',
      owner: 'long-ago',
      belongsTo: 'node' as const,
      step: 'Join',
      try: 1,
    };

    expect(await storeAndDeliver(ports, { key, verb: 'join', ...sentBy(), outcome: joined, now: time.now })).toBe(
      false,
    );
    expect(await item()).toEqual(before);
    expect(woken()).toEqual([]);
  });

  it.each([1, 2])('a duplicate of the event of Join never wakes Confirm, attempt %s of it', async (attempts) => {
    const { step, ended, item } = await scene();
    await step();
    await ended(joined);
    ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      await step({ ...confirm, attempt, taskToken: `confirm-${attempt}` });
    }
    const before = await item();

    expect(before).not.toHaveProperty('result');
    expect(await ended(joined)).toBe(false);
    expect(await ended({ ok: false, error: 'NotActive', cause: 'c', retryable: true })).toBe(false);
    expect(await item()).toEqual(before);
    expect(woken()).toEqual(['token-0 ok']);
  });

  it('a duplicate between two steps repeats itself to the token that it ended, which nobody holds any more', async () => {
    const { step, ended, item } = await scene();
    await step();
    await ended(joined);
    const before = await item();
    expect(await ended(joined)).toBe(true);

    expect(await item()).toEqual(before);
    expect(woken()).toEqual(['token-0 ok', 'token-0 ok']);
  });

  it('between the first park of the next step and its try: the token is of the next step, and is not ended', async () => {
    const { step, ended, plan, item } = await scene();
    await step();
    await ended(joined);
    // Attempt 0 of Confirm was lost with its function: attempt 1 parks before it begins.
    const key = {
      cluster: plan.cluster ?? '',
      instance: plan.instance ?? '',
      owner: ownerKey(EXECUTION),
      belongsTo: 'node' as const,
      step: 'Confirm',
    };
    await db.table.park(key, { taskToken: 'of Confirm', waits: 'Confirm' });
    await ended(joined);

    expect(woken()).toEqual(['token-0 ok']);
    expect(await item()).toMatchObject({ taskToken: 'of Confirm', waits: 'Confirm' });
  });

  it('of an earlier step wakes nobody', async () => {
    const { step, ended } = await scene();
    await step(confirm);
    expect(await ended(joined, 1, 'Join')).toBe(false);

    expect(woken()).toEqual([]);
  });

  it('of an older try changes nothing, and does not end the wait for the newer command', async () => {
    const { step, ended, item } = await scene();
    await step();
    await ended(busy);
    await step({ attempt: 1, taskToken: 'token-1' });
    const before = await item();

    for (const late of [busy, joined]) {
      expect(await ended(late, 1)).toBe(false);
    }
    expect(await item()).toEqual(before);
    expect(woken()).toEqual(['token-0 Busy']);
    expect(await ended(joined, 2)).toBe(true);
    expect(woken()).toContain('token-1 ok');
  });
});
