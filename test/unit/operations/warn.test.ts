// What is done when AWS says that it takes an instance, over a real table: whose it is, and what is started.
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';

import { EVENTS } from '../../../src/core/events/all.ts';
import { readLifecycleEvent } from '../../../src/core/lifecycle/event.ts';
import { keys } from '../../../src/core/names.ts';
import { warn } from '../../../src/operations/warn.ts';
import { Warnings } from '../../../src/store/warnings.ts';
import { NODE_ID, NOW, nodeOf } from '../support/examples.ts';
import { TABLE, openTable } from '../support/table.ts';
import type { TestTable } from '../support/table.ts';

const states = mockClient(SFNClient);
let db: TestTable;
beforeAll(async () => {
  db = await openTable();
});
afterAll(() => db.close());

const instanceOf = (number: number): string => `i-0${String(number).padStart(16, '0')}`;
const notice = (instance: string, more: object = {}): unknown => ({
  version: '0',
  source: 'aws.ec2',
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  time: new Date(NOW * 1000).toISOString(),
  region: 'eu-west-1',
  detail: { 'instance-id': instance, 'instance-action': 'terminate' },
  ...more,
});

let calls: string[] = [];
let happened: string[] = [];
async function hear(event: unknown, now = NOW + 1): Promise<string> {
  calls = [];
  happened = [];
  const send = db.client.send.bind(db.client) as (command: unknown) => Promise<never>;
  const counting = Object.assign(Object.create(db.client) as typeof db.client, {
    send: (command: { constructor: { name: string } }) => {
      calls.push(command.constructor.name);
      return send(command);
    },
  });
  return warn(
    {
      warnings: new Warnings(counting, TABLE),
      states: new SFNClient({}),
      events: EVENTS,
      stage: 'dev',
      scaleIn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-scale-in',
      raise: (metric) => happened.push(`raised ${metric}`),
      log: (message) => happened.push(`logged ${message}`),
      debug: () => undefined,
      countUnknown: () => happened.push('counted'),
      pause: () => Promise.resolve(happened.push('paused')),
      now: () => now,
    },
    event,
  );
}

const put = (cluster: string, instance: string, changes: Parameters<typeof nodeOf>[0] = {}): Promise<unknown> =>
  db.client.send(
    new PutCommand({
      TableName: TABLE,
      Item: { ...keys.node(cluster, instance), ...nodeOf({ instance, ...changes }) },
    }),
  );
const started = () => states.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);

beforeEach(() => {
  states.reset();
  states.on(StartExecutionCommand).resolves({});
});

describe('a warning of a stranger', () => {
  it('is one read, and nothing else', async () => {
    expect(await hear(notice(instanceOf(1)))).toBe('foreign');
    expect([calls, happened, started()]).toEqual([['QueryCommand'], [], []]);
  });

  it.each(['LOCK#membership', 'FOUNDER'])('is one also where an item %s names the instance', async (sk) => {
    const instance = instanceOf(sk.length);
    await db.client.send(
      new PutCommand({ TableName: TABLE, Item: { pk: 'CLUSTER#own', sk, instance, since: 1, leaseUntil: 1 } }),
    );

    expect(await hear(notice(instance))).toBe('foreign');
  });
});

describe('an event that is none of these', () => {
  it('is counted where nobody knows it', async () => {
    expect(await hear({ source: 'aws.ec2', 'detail-type': 'EC2 Something New', detail: {} })).toBe('unknown');
    expect([calls, happened]).toEqual([[], ['counted']]);
  });

  it('rings where it is broken, and is not read from the table', async () => {
    expect(await hear(notice('i-0;reboot'))).toBe('rejected');
    expect([calls, happened]).toEqual([[], ['raised EventRejected']]);
  });
});

describe('a warning of a worker', () => {
  it('is noted in the item of its node, and starts its scale-in with who goes with it', async () => {
    const [own, other, stays, gone, manager] = [11, 12, 13, 14, 15].map(instanceOf) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const nodeId = (letter: string): string => letter.repeat(25);
    await put('together', own, { nodeId: nodeId('a') });
    await put('together', other, { nodeId: nodeId('b'), diesAt: NOW + 100 });
    await put('together', stays, { nodeId: nodeId('c') });
    await put('together', gone, { nodeId: nodeId('d'), diesAt: NOW + 100, phase: 'gone' });
    await put('together', manager, { nodeId: nodeId('e'), diesAt: NOW + 100, role: 'manager' });

    expect(await hear(notice(own))).toBe('evacuate');
    expect(happened).toEqual(['logged warned', 'paused']);
    expect(await db.get(keys.node('together', own))).toMatchObject({ diesAt: NOW + 120, phase: 'ready' });
    const [{ name, input = '' } = {}] = started();
    expect(name).toBe(`warned-${own}-${NOW + 120}`);
    const event = JSON.parse(input) as { together: string[] };
    expect(event.together.toSorted()).toEqual([`${nodeId('a')}@${own}`, `${nodeId('b')}@${other}`]);
    expect(readLifecycleEvent('dev', event)).toMatchObject({
      kind: 'act',
      action: {
        kind: 'terminate',
        instance: own,
        group: 'workers',
        ask: 'leave',
        warned: { together: event.together },
      },
    });
  });

  it('that comes twice starts one scale-in', async () => {
    await put('twice', instanceOf(21));
    states.on(StartExecutionCommand).rejects(Object.assign(new Error('is there'), { name: 'ExecutionAlreadyExists' }));

    expect(await hear(notice(instanceOf(21)))).toBe('evacuate');
  });

  it('that cannot be started fails, so that it is tried again', async () => {
    await put('fails', instanceOf(22));
    states.on(StartExecutionCommand).rejects(Object.assign(new Error('later'), { name: 'ThrottlingException' }));

    await expect(hear(notice(instanceOf(22)))).rejects.toThrow('later');
  });

  it('that leaves already, or of a manager, is noted only', async () => {
    await put('leaving', instanceOf(31), { phase: 'leaving', nodeId: NODE_ID });
    await put('leaving', instanceOf(32), { role: 'manager' });

    expect([await hear(notice(instanceOf(31))), await hear(notice(instanceOf(32)))]).toEqual(['tell', 'tell']);
    expect(await db.get(keys.node('leaving', instanceOf(31)))).toMatchObject({ diesAt: NOW + 120 });
    expect(started()).toEqual([]);
  });
});
