// A tidy over a real table, with what AWS would say: what is read for a plan, what a person is told, and what of the plan is written.
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstanceStatusCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { tidy, tidyRequest } from '../../../src/operations/tidy.ts';
import { TidyStore } from '../../../src/store/tidy-store.ts';
import { CA_DIGEST, INSTANCE, NODE_ID, NOW, SWARM_ID } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const region = { region: 'eu-west-1' };
const ec2 = mockClient(EC2Client);
const autoScaling = mockClient(AutoScalingClient);
const db = await useTable();

let clusters = 0;
let cluster = '';
let raised: string[] = [];
let logged: string[] = [];
beforeEach(() => {
  clusters += 1;
  cluster = `c${clusters}`;
  raised = [];
  logged = [];
  ec2.reset();
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  // Asked by one tidy in six, by a digest of the cluster's name and the time.
  ec2.on(DescribeInstanceStatusCommand).resolves({ InstanceStatuses: [] });
  autoScaling.reset();
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
});

const put = (item: Record<string, unknown>): Promise<unknown> =>
  db.client.send(new PutCommand({ TableName: TABLE, Item: item }));
const founded = (more: object = {}): Promise<unknown> =>
  put({ ...keys.state(cluster), status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST, ...more });
const ask = (request: object): Promise<unknown> =>
  tidy(
    {
      store: new TidyStore(db.client, TABLE),
      autoScaling: new AutoScalingClient(region),
      states: new SFNClient(region),
      ec2: new EC2Client(region),
      ...{ stage: 'dev', tokenKey: 'key', now: () => NOW },
      raise: (metric) => raised.push(metric),
      log: (message) => logged.push(message),
    },
    tidyRequest.parse({ v: 1, cluster, ...request }),
  );
/** A page of a swarm without nodes. */
const empty = { total: 0, nodes: '' };

describe('the plan of a tidy', () => {
  it('costs no question to EC2 where nothing is in doubt', async () => {
    await founded();
    expect(await ask({ pages: [empty] })).toMatchObject({ repairs: [], reports: [] });
    expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(0);
  });

  it('says where there is no swarm', async () => {
    await put({ ...keys.state(cluster), status: 'new' });
    expect(await ask({ pages: [], founded: false })).toMatchObject({ seen: { founded: false } });
  });

  it.each<[string, boolean, string]>([
    ['asks for all nodes where the healthy ones are others than the table has', true, 'NotAsExpected'],
    ['is given up where a manager tells a digest although it was asked for all', false, 'CommandFailed'],
  ])('%s', async (_what, brief, name) => {
    await founded();
    await expect(ask({ pages: [{ ...empty, healthy: 1, digest: 'a'.repeat(64) }], brief })).rejects.toMatchObject({
      name,
    });
  });

  it.each<[string, number, string[]]>([
    ['by an alarm, too, where the hold is an hour old', 3600, ['ClusterHeld']],
    ['by its report alone, where the hold is younger', 3599, []],
  ])('tells of a hold %s', async (_what, age, alarms) => {
    await founded({ hold: { since: NOW - age, because: 'we look' } });
    expect(await ask({ pages: [empty] })).toMatchObject({
      repairs: [],
      reports: [{ because: expect.stringContaining('is held since') }],
    });
    expect([raised, logged]).toEqual([alarms, ['report']]);
  });
});

describe('a repair of the table', () => {
  it('is written once, and says how many items it has changed', async () => {
    await founded();
    const items = [{ instance: INSTANCE, group: 'workers', role: 'worker', nodeId: NODE_ID }];

    expect(await ask({ repair: { kind: 'record', items } })).toEqual({ done: 1 });
    expect(await db.get(keys.node(cluster, INSTANCE))).toMatchObject({ nodeId: NODE_ID, phase: 'ready' });
    expect(await ask({ repair: { kind: 'erase', items: [{ instance: INSTANCE, owner: 'tidy' }] } })).toEqual({
      done: 1,
    });
    expect(await ask({ repair: { kind: 'erase', items: [{ instance: INSTANCE, owner: 'another' }] } })).toEqual({
      done: 0,
    });
  });
});
