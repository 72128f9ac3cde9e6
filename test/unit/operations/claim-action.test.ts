// A claim over a real table, with Auto Scaling and Step Functions mocked: what is asked again before an event is believed or refused, and what of a
// refusal is kept.
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import { SFNClient, SendTaskFailureCommand } from '@aws-sdk/client-sfn';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { lifecycleExample } from '../../../src/core/events/lifecycle-action.ts';
import { ownerKey, keys } from '../../../src/core/names.ts';
import { claimAction, claimRequest } from '../../../src/operations/claim-action.ts';
import { Refusals } from '../../../src/store/refusals.ts';
import { CA_DIGEST, EXECUTION, LEADER, SWARM_ID } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import type { TestTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const autoScaling = mockClient(AutoScalingClient);
const states = mockClient(SFNClient);
const TIME = Date.parse('2026-11-20T10:00:00Z') / 1000;
let raised: string[] = [];
let paused: number[] = [];
let logged: string[] = [];
const db = await useTable();

let scenes = 0;
/** Each test has a cluster, a group and an instance of its own. */
let scene = { cluster: '', group: '', instance: '' };
beforeEach(async () => {
  autoScaling.reset();
  states.reset();
  [raised, paused, logged] = [[], [], []];
  scenes += 1;
  scene = { cluster: `c${scenes}`, group: `workers-${scenes}`, instance: `i-0${String(scenes).padStart(16, '0')}` };
  states.on(SendTaskFailureCommand).resolves({});
  autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [] });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [tagged()] as never });
  const state = { ...keys.state(scene.cluster), status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST };
  await db.client.send(new PutCommand({ TableName: TABLE, Item: state }));
  await db.table.changeLeader(scene.cluster, TIME, () => LEADER);
});

const tagged = (
  tags: Readonly<Record<string, string>> = { 'skep:cluster': scene.cluster, 'skep:role': 'worker' },
): object => ({
  AutoScalingGroupName: scene.group,
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});
const shown = (LifecycleState: string, AutoScalingGroupName = scene.group): void => {
  const one = { InstanceId: scene.instance, AutoScalingGroupName, LifecycleState };
  autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [one as never] });
};
function event(transition: 'launch' | 'terminate', changes: object = {}): object {
  const example = lifecycleExample(transition) as { detail: object };
  const { cluster, group: AutoScalingGroupName, instance: EC2InstanceId } = scene;
  const NotificationMetadata = JSON.stringify({ cluster, role: 'worker' });
  return {
    ...example,
    detail: { ...example.detail, AutoScalingGroupName, EC2InstanceId, NotificationMetadata, ...changes },
  };
}

const claim = (raw: object, more: object = {}, send = db.table) =>
  claimAction(
    {
      ...{ table: send, refusals: new Refusals(db.client, TABLE), stage: 'dev' },
      ...{ autoScaling: new AutoScalingClient({ region: 'x' }), states: new SFNClient({ region: 'x' }) },
      raise: (metric) => raised.push(metric),
      log: (message) => logged.push(message),
      pause: (ms) => Promise.resolve(paused.push(ms)),
      now: () => TIME + 5,
    },
    claimRequest.parse({ v: 1, execution: EXECUTION, event: raw, ...more }),
  );
const node = () => db.get(keys.node(scene.cluster, scene.instance));

describe('an event', () => {
  it('of a worker that is to join is claimed, with the execution as the owner of the node', async () => {
    expect(await claim(event('launch'))).toMatchObject({ route: 'join', cluster: scene.cluster });
    expect(await node()).toMatchObject({ owner: ownerKey(EXECUTION), phase: 'launching' });
  });

  it('of a hook that is none of the stage is left alone: nothing is asked', async () => {
    expect(await claim(event('launch', { LifecycleHookName: 'somebody' }))).toMatchObject({ route: 'ignore' });
    expect(autoScaling.calls()).toEqual([]);
  });

  it('that comes a second time is left to the execution that handles it', async () => {
    await claim(event('launch'));

    expect(await claim(event('launch'), { execution: `${EXECUTION}-else` })).toMatchObject({ route: 'ignore' });
    expect(await node()).toMatchObject({ owner: ownerKey(EXECUTION) });
  });

  it('of the end of an instance that is still joining takes the node over, and the join is told so', async () => {
    await claim(event('launch'));
    const parked = { TableName: TABLE, Key: keys.node(scene.cluster, scene.instance) };
    await db.client.send(
      new UpdateCommand({
        ...parked,
        UpdateExpression: 'SET taskToken = :token, phase = :joining',
        ExpressionAttributeValues: { ':token': 't', ':joining': 'joining' },
      }),
    );

    expect(await claim(event('terminate'), { execution: `${EXECUTION}-else` })).toMatchObject({ route: 'leave' });
    expect(await node()).toMatchObject({ owner: ownerKey(`${EXECUTION}-else`), phase: 'leaving' });
    expect(states.commandCalls(SendTaskFailureCommand).map(({ args }) => args[0].input)).toEqual([
      expect.objectContaining({ taskToken: 't', error: 'Superseded' }),
    ]);
  });
});

describe('what Auto Scaling says beside its event', () => {
  it('may lag, so an instance that it calls well is asked for again, until it has said it seven times', async () => {
    shown('InService');

    await expect(claim(event('terminate'), { attempt: 6 })).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await claim(event('terminate'), { attempt: 7 })).toMatchObject({ route: 'reject', rejection: 'BadEvent' });
    expect(await node()).toBeUndefined();
  });

  it('does not keep an older machine waiting, which does not say which attempt it is', async () => {
    shown('InService', 'another-group');

    expect(await claim(event('launch'))).toMatchObject({ route: 'reject' });
  });

  it('is not asked for a warning: of that the table knows', async () => {
    expect(await claim({ ...event('terminate'), source: 'skep.warning' })).toMatchObject({ route: 'reject' });
    expect(autoScaling.commandCalls(DescribeAutoScalingInstancesCommand)).toEqual([]);
  });
});

describe('the group of an event', () => {
  it('is asked for again where an answer lacks it: nothing is refused for one answer', async () => {
    autoScaling
      .on(DescribeAutoScalingGroupsCommand)
      .resolvesOnce({ AutoScalingGroups: [] })
      .resolvesOnce({ AutoScalingGroups: [] })
      .resolves({ AutoScalingGroups: [tagged()] as never });

    expect(await claim(event('launch'))).toMatchObject({ route: 'join' });
    expect(paused).toEqual([500, 1000]);
  });

  it('is given up after four answers without it', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });

    expect(await claim(event('launch'))).toMatchObject({ route: 'reject' });
    // For the claim, and once more for the clusters that hear of the refusal.
    expect(paused).toEqual([500, 1000, 1500, 500, 1000, 1500]);
  });

  it('is read once an hour, not for each of its events', async () => {
    await claim(event('launch'));
    await claim(event('terminate'), { execution: `${EXECUTION}-else` });

    expect(autoScaling.commandCalls(DescribeAutoScalingGroupsCommand)).toHaveLength(1);
  });
});

describe('an event that is refused', () => {
  const refused = (cluster: string) => new Refusals(db.client, TABLE).ofCluster(cluster);

  it('rings, is completed, and is kept for the verdicts of the clusters that its hook or its tag names', async () => {
    const bad = event('launch', { NotificationMetadata: JSON.stringify({ cluster: scene.cluster, role: 'leader' }) });
    const tags = { 'skep:cluster': `${scene.cluster}-tag`, 'skep:role': 'worker' };
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [tagged(tags)] as never });

    expect(await claim(bad)).toMatchObject({ route: 'reject', completion: { AutoScalingGroupName: scene.group } });
    expect(raised).toEqual(['EventRejected']);
    expect(await refused(scene.cluster)).toEqual([expect.objectContaining({ group: scene.group, at: TIME + 5 })]);
    expect(await refused(`${scene.cluster}-tag`)).toHaveLength(1);
  });

  it('is not completed where the group bears no tag of a cluster: AWS would deny it, and the hook ends by itself', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [tagged({})] as never });

    expect(await claim(event('launch', { NotificationMetadata: '{}' }))).not.toHaveProperty('completion');
  });

  it('is kept for nobody where it names no hook to complete', async () => {
    expect(await claim({ not: 'an event' })).toMatchObject({ route: 'reject', rejection: 'BadEvent' });
    expect([raised, autoScaling.calls()]).toEqual([['EventRejected'], []]);
  });

  it('because hook and tags disagree is kept for both clusters', async () => {
    const tags = { 'skep:cluster': `${scene.cluster}-tag`, 'skep:role': 'worker' };
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [tagged(tags)] as never });

    expect(await claim(event('launch'))).toMatchObject({ route: 'reject', rejection: 'MetadataMismatch' });
    expect([raised, await refused(scene.cluster), await refused(`${scene.cluster}-tag`)]).toEqual([
      ['EventRejected'],
      [expect.anything()],
      [expect.anything()],
    ]);
  });

  it('because nobody declared its cluster is kept for the stage: no tidy looks after such a one', async () => {
    const stray = `${scene.cluster}-stray`;
    const tags = { 'skep:cluster': stray, 'skep:role': 'worker' };
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [tagged(tags)] as never });
    const NotificationMetadata = JSON.stringify({ cluster: stray, role: 'worker' });

    expect(await claim(event('launch', { NotificationMetadata }))).toMatchObject({ rejection: 'ClusterUndeclared' });
    expect(await refused(stray)).toEqual([]);
    expect(await new Refusals(db.client, TABLE).ofNobody()).toContainEqual(
      expect.objectContaining({ group: scene.group }),
    );
  });
});

describe('two claims at once', () => {
  /** The table, of which each of the first reads is followed by a write of somebody else's. */
  function contended(times: number): TestTable['table'] {
    let left = times;
    return Object.assign(Object.create(db.table) as TestTable['table'], {
      readFacts: async (action: Parameters<TestTable['table']['readFacts']>[0]) => {
        const facts = await db.table.readFacts(action);
        if (left > 0) {
          left -= 1;
          const Item = { ...keys.node(scene.cluster, scene.instance), somebody: `wrote ${left}`, ...busy(left) };
          await db.client.send(new PutCommand({ TableName: TABLE, Item }));
        }
        return facts;
      },
      writeClaim: db.table.writeClaim.bind(db.table),
    });
  }
  const busy = (left: number): object => ({
    ...{ instance: scene.instance, group: scene.group, role: 'worker', phase: 'gone' },
    ...{ owner: `somebody-${left}`, ownerArn: `${EXECUTION}-${left}`, leaseUntil: 0 },
  });

  it('are decided by what is there then: whoever lost reads again', async () => {
    expect(await claim(event('launch'), {}, contended(4))).toMatchObject({ route: 'join' });
    expect(logged.filter((message) => message === 'claim conflicts')).toHaveLength(4);
  });

  it('five times at most: then the machine tries again later', async () => {
    await expect(claim(event('launch'), {}, contended(5))).rejects.toMatchObject({ name: 'Throttled' });
  });
});
