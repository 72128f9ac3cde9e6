// What is done when AWS says that it takes an instance, over a real table: whose it is, and what is started.
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { EVENTS } from '../../../src/core/events/all.ts';
import type { WarnedGroup } from '../../../src/core/events/respond.ts';
import { readLifecycleEvent } from '../../../src/core/lifecycle/event.ts';
import { USUAL_POLICY } from '../../../src/core/lifecycle/warning-policy.ts';
import { keys } from '../../../src/core/names.ts';
import { warn } from '../../../src/operations/warn.ts';
import { Warnings } from '../../../src/store/warnings.ts';
import { NODE_ID, NOW, nodeOf } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const states = mockClient(SFNClient);
const db = await useTable();

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

let group: WarnedGroup | undefined;
let calls: string[] = [];
let happened: string[] = [];
/** @param isEmpty the table has nothing, and answers at once */
async function hear(event: unknown, now = NOW + 1, isEmpty = false): Promise<string> {
  calls = [];
  happened = [];
  const send = db.client.send.bind(db.client) as (command: unknown) => Promise<never>;
  const counting = Object.assign(Object.create(db.client) as typeof db.client, {
    send: (command: { constructor: { name: string } }) => {
      calls.push(command.constructor.name);
      return isEmpty ? Promise.resolve({} as never) : send(command);
    },
  });
  return warn(
    {
      warnings: new Warnings(counting, TABLE),
      states: new SFNClient({}),
      groupNamed: (name) => Promise.resolve(name === 'workers' ? group : undefined),
      events: EVENTS,
      stage: 'dev',
      scaleIn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-scale-in',
      tidy: 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-tidy',
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

describe('an announcement of AWS Health', () => {
  const health = (...instances: string[]): unknown => ({
    ...EVENTS.find(({ source }) => source === 'aws.health')?.example,
    detail: {
      service: 'EC2',
      eventTypeCategory: 'scheduledChange',
      eventTypeCode: 'AWS_EC2_INSTANCE_STOP_SCHEDULED',
      startTime: new Date((NOW + 86_400) * 1000).toUTCString(),
      affectedEntities: instances.map((entityValue) => ({ entityValue })),
    },
  });
  const declare = (cluster: string, tidyEvery?: number): Promise<unknown> =>
    db.client.send(
      new PutCommand({
        TableName: TABLE,
        Item: { pk: keys.clusters(), sk: cluster, ...(tidyEvery === undefined ? {} : { tidyEvery }) },
      }),
    );

  it('is noted in the item of the node, and starts a tidy of its cluster, also of a manager', async () => {
    await declare('told');
    await put('told', instanceOf(41));
    await put('told', instanceOf(42), { role: 'manager' });

    expect(await hear(health(instanceOf(41), instanceOf(43), instanceOf(42)))).toBe('tidy,foreign');
    for (const instance of [41, 42].map(instanceOf)) {
      expect(await db.get(keys.node('told', instance))).toMatchObject({
        announced: 'instance-stop',
        announcedAt: NOW + 86_400,
        phase: 'ready',
      });
    }
    // Both of the same minute: the second is refused by its name.
    const inputs = states.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);
    expect(new Set(inputs.map(({ name }) => name))).toEqual(new Set([`warned-told-${Math.floor((NOW + 1) / 60)}`]));
    expect(inputs.map(({ input }) => input)).toEqual(Array(2).fill('{"cluster":"told"}'));
  });

  it('that comes again, from another region or as another page, changes nothing', async () => {
    await declare('again');
    await put('again', instanceOf(51));
    await hear(health(instanceOf(51)));
    states.resetHistory();

    expect(await hear(health(instanceOf(51)))).toBe('nothing');
    expect(started()).toEqual([]);
  });

  it('starts no tidy where a person has said that nobody is to look after the cluster', async () => {
    await declare('left', 0);
    await put('left', instanceOf(61));

    expect(await hear(health(instanceOf(61)))).toBe('tidy');
    expect(started()).toEqual([]);
    expect(await db.get(keys.node('left', instanceOf(61)))).toMatchObject({ announced: 'instance-stop' });
  });

  it('of a thousand strangers is a read each, and nothing else', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => instanceOf(10_000 + n));

    expect(await hear(health(...many), NOW, true)).toBe('foreign');
    expect([calls.length, new Set(calls), happened, started()]).toEqual([1000, new Set(['QueryCommand']), [], []]);
  });
});

describe('a recommendation to rebalance', () => {
  const recommendation = (instance: string): unknown =>
    notice(instance, { 'detail-type': 'EC2 Instance Rebalance Recommendation', detail: { 'instance-id': instance } });
  const noted = (cluster: string, instance: string): Promise<unknown> =>
    db.get(keys.node(cluster, instance)).then((item) => item?.['recommendedAt']);
  beforeEach(() => {
    group = { policy: { ...USUAL_POLICY, recommended: 'drain' }, capacityRebalance: false };
  });

  it('is noted where its group wishes to act on it, and a tidy begins', async () => {
    await db.client.send(new PutCommand({ TableName: TABLE, Item: { pk: keys.clusters(), sk: 'risky' } }));
    await put('risky', instanceOf(71));

    expect(await hear(recommendation(instanceOf(71)))).toBe('tidy');
    expect([await noted('risky', instanceOf(71)), started().length]).toEqual([NOW + 1, 1]);
    expect(await hear(recommendation(instanceOf(71)), NOW + 500)).toBe('tidy');
    expect(await noted('risky', instanceOf(71))).toBe(NOW + 1);
  });

  it('is nothing where its group does not say so, where Auto Scaling acts, or where there is no such group', async () => {
    await put('calm', instanceOf(72));
    await put('calm', instanceOf(73), { group: 'unknown' });
    const acting = { policy: { ...USUAL_POLICY, recommended: 'drain' as const }, capacityRebalance: true };
    for (const one of [{ policy: USUAL_POLICY, capacityRebalance: false }, acting]) {
      group = one;
      expect(await hear(recommendation(instanceOf(72)))).toBe('nothing');
    }
    group = { ...acting, capacityRebalance: false };

    expect(await hear(recommendation(instanceOf(73)))).toBe('nothing');
    expect([await noted('calm', instanceOf(72)), await noted('calm', instanceOf(73)), started()]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });

  it('of a stranger is one read', async () => {
    expect(await hear(recommendation(instanceOf(79)))).toBe('foreign');
    expect(calls).toEqual(['QueryCommand']);
  });
});
