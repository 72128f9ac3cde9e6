// Names in DNS over a real table, with AWS mocked: when records are looked at, who waits for them, and who does not.
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { ChangeResourceRecordSetsCommandInput, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { nameNode, repairNames, unnameNode } from '../../../src/operations/dns.ts';
import type { DnsPorts, Leaver } from '../../../src/operations/dns.ts';
import { DnsStore } from '../../../src/store/dns-store.ts';
import { Holds } from '../../../src/store/holds.ts';
import { INSTANCE, NOW, OTHER_INSTANCE, nodeOf } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const ZONE = 'Z0123456789ABCDEFGHIJ';
const autoScaling = mockClient(AutoScalingClient);
const ec2 = mockClient(EC2Client);
const route53 = mockClient(Route53Client);
const db = await useTable();
const store = new DnsStore(db.client, TABLE);
const holds = new Holds(db.client, TABLE);

let scenes = 0;
let owners = 0;
let cluster = '';
let now = NOW;
let raised: string[] = [];
let records: ResourceRecordSet[] = [];
/** What happens in the pauses of whoever is at work on a name, one after the other. */
let meanwhile: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  for (const mock of [autoScaling, ec2, route53]) mock.reset();
  scenes += 1;
  cluster = `c${scenes}`;
  now = NOW;
  [raised, records, meanwhile] = [[], [], []];
  await db.client.send(new PutCommand({ TableName: TABLE, Item: { ...keys.state(cluster), status: 'founded' } }));
  groups({ name: 'managers', role: 'manager' });
  running({ [INSTANCE]: '10.0.0.1', [OTHER_INSTANCE]: '10.0.0.2' });
  route53.on(GetHostedZoneCommand).resolves({ HostedZone: { Name: 'example.internal.' } as never });
  route53.on(GetChangeCommand).resolves({ ChangeInfo: { Status: 'PENDING' } as never });
  route53.on(ListResourceRecordSetsCommand).callsFake(() => ({ ResourceRecordSets: records }));
  route53
    .on(ChangeResourceRecordSetsCommand)
    .callsFake(({ ChangeBatch: batch }: ChangeResourceRecordSetsCommandInput) => {
      for (const { Action, ResourceRecordSet: set } of batch?.Changes ?? []) {
        records = records.filter((one) => one.Type !== set?.Type || one.SetIdentifier !== set?.SetIdentifier);
        if (set !== undefined && Action !== 'DELETE') records.push(set);
      }
      return { ChangeInfo: { Id: `/change/${records.length}` } };
    });
});

const ports = (): DnsPorts => ({
  ...{ autoScaling: new AutoScalingClient({ region: 'x' }), ec2: new EC2Client({ region: 'x' }) },
  ...{ route53: new Route53Client({ region: 'x' }), store, holds, stage: 'dev', region: 'eu-west-1' },
  raise: (metric) => raised.push(metric),
  log: () => undefined,
  now: () => now,
  owner: () => `owner-${(owners += 1)}`,
  pause: async () => meanwhile.shift()?.(),
  domains: new Map(),
});
function groups(...all: { name: string; role: string; tags?: Readonly<Record<string, string>> }[]): void {
  const AutoScalingGroups = all.map(({ name, role, tags = { 'skep:dns-zone': ZONE } }) => ({
    AutoScalingGroupName: name,
    Tags: Object.entries({ 'skep:cluster': cluster, 'skep:role': role, ...tags }).map(([Key, Value]) => ({
      Key,
      Value,
    })),
  }));
  autoScaling
    .on(DescribeAutoScalingGroupsCommand)
    .callsFake(({ AutoScalingGroupNames: names }: { AutoScalingGroupNames?: string[] }) => ({
      AutoScalingGroups: AutoScalingGroups.filter(
        (one) => names === undefined || names.includes(one.AutoScalingGroupName),
      ),
    }));
}
/** What EC2 shows: an instance without an address is there, and does not run. */
function running(addresses: Readonly<Record<string, string | undefined>>): void {
  const Instances = Object.entries(addresses).map(([InstanceId, PrivateIpAddress]) => ({
    ...{ InstanceId, PrivateIpAddress },
    State: { Name: PrivateIpAddress === undefined ? 'terminated' : 'running' },
  }));
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: Instances as never }] });
}
const node = (instance: string, phase: 'ready' | 'leaving', group = 'managers'): Promise<unknown> =>
  db.client.send(
    new PutCommand({
      TableName: TABLE,
      Item: { ...keys.node(cluster, instance), ...nodeOf({ instance, phase, group, role: 'manager' }) },
    }),
  );
const named = () => records.flatMap(({ Type, SetIdentifier }) => (Type === 'A' ? [SetIdentifier] : [])).toSorted();
const looks = () => route53.commandCalls(ListResourceRecordSetsCommand).length;
const changes = () => route53.commandCalls(ChangeResourceRecordSetsCommand).length;
const leaver = (changed: Partial<Leaver> = {}): Leaver => ({
  ...{ cluster, group: 'managers', instance: INSTANCE, drained: false },
  ...{ since: NOW, deadline: NOW + 3600, timeout: 1800, ...changed },
});

describe('a node that has become Ready', () => {
  it('gets a record, once: its event may come twice', async () => {
    await node(INSTANCE, 'ready');
    await nameNode(ports(), 'managers', INSTANCE);
    await nameNode(ports(), 'managers', INSTANCE);

    expect([named(), changes(), looks()]).toEqual([[INSTANCE], 1, 1]);
  });

  it('gets none in a group that wants no name, that is gone, or of a cluster that is held', async () => {
    await node(INSTANCE, 'ready');
    groups({ name: 'managers', role: 'manager', tags: {} });
    await nameNode(ports(), 'managers', INSTANCE);
    groups();
    await nameNode(ports(), 'managers', INSTANCE);
    groups({ name: 'managers', role: 'manager' });
    await holds.place(cluster, 'a test', NOW);
    await nameNode(ports(), 'managers', INSTANCE);

    expect([named(), looks()]).toEqual([[], 0]);
  });

  it('of a group with a tag that says nothing rings', async () => {
    groups({ name: 'managers', role: 'manager', tags: { 'skep:dns-zone': 'example.internal' } });
    await nameNode(ports(), 'managers', INSTANCE);

    expect(raised).toEqual(['DnsFailed']);
  });

  it('shares its name with the nodes of the other groups that want the same one', async () => {
    groups(
      { name: 'managers', role: 'manager' },
      { name: 'more', role: 'manager' },
      { name: 'none', role: 'manager', tags: {} },
      { name: 'elsewhere', role: 'manager', tags: { 'skep:dns-zone': 'Z9' } },
    );
    const [unnamed, elsewhere] = ['i-0aaaaaaaaaaaaaaa1', 'i-0aaaaaaaaaaaaaaa2'];
    running({ [INSTANCE]: '10.0.0.1', [OTHER_INSTANCE]: '10.0.0.2', [unnamed]: '10.0.0.3', [elsewhere]: '10.0.0.4' });
    await node(INSTANCE, 'ready');
    await node(OTHER_INSTANCE, 'ready', 'more');
    await node(unnamed, 'ready', 'none');
    await node(elsewhere, 'ready', 'elsewhere');
    await nameNode(ports(), 'managers', INSTANCE);

    expect(named()).toEqual([INSTANCE, OTHER_INSTANCE].toSorted());
  });
});

describe('a node that leaves', () => {
  beforeEach(async () => {
    await node(INSTANCE, 'ready');
    await node(OTHER_INSTANCE, 'ready');
    await repairNames(ports(), cluster);
    route53.resetHistory();
    await node(INSTANCE, 'leaving');
  });

  it('loses its record, and waits until those who know its address have noticed', async () => {
    // Long after the last change of the name: it counts from its own.
    now += 200;
    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 15, kept: false });
    expect(named()).toEqual([OTHER_INSTANCE]);
  });

  it('is looked at every ten seconds at most, however often it is asked', async () => {
    await unnameNode(ports(), leaver());
    now += 9;
    await unnameNode(ports(), leaver());
    expect(route53.commandCalls(GetChangeCommand)).toHaveLength(0);
    now += 1;
    await unnameNode(ports(), leaver());
    expect(route53.commandCalls(GetChangeCommand)).toHaveLength(1);
  });

  it('goes on where the TTL has passed since all servers knew', async () => {
    await unnameNode(ports(), leaver());
    route53.on(GetChangeCommand).resolves({ ChangeInfo: { Status: 'INSYNC' } as never });
    now += 10;
    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 70, kept: false });
    now += 70;
    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 0, kept: false });
  });

  it('does not wait where it is dead: a client that knows its address is not served by that', async () => {
    running({ [INSTANCE]: undefined, [OTHER_INSTANCE]: '10.0.0.2' });

    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 0, kept: false });
    expect(named()).toEqual([OTHER_INSTANCE]);
  });

  it('keeps its record while nobody else is there, and does not wait; once it is drained, the record goes', async () => {
    await node(OTHER_INSTANCE, 'leaving');

    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 0, kept: true });
    expect(named()).toContain(INSTANCE);
    expect(await unnameNode(ports(), leaver({ drained: true }))).toEqual({ wait: 0, kept: false });
    expect(named()).not.toContain(INSTANCE);
  });

  it('comes again in three seconds where somebody else is at work on the name, as long as it may wait', async () => {
    const key = { cluster, zone: ZONE, name: `managers.${cluster}.example.internal` };
    await store.take(key, 'another', NOW);

    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 3, kept: false });
    now += 721;
    await store.take(key, 'another', now);
    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 0, kept: false });
  });

  it('waits for nothing in a cluster that is held, or in a group that wants no name', async () => {
    await holds.place(cluster, 'a test', NOW);
    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 0, kept: false });
    await holds.lift(cluster);
    groups({ name: 'managers', role: 'manager', tags: {} });
    expect(await unnameNode(ports(), leaver())).toEqual({ wait: 0, kept: false });

    expect(named()).toContain(INSTANCE);
  });

  it('is seen to by whoever is at work on the name already', async () => {
    await node(INSTANCE, 'ready');
    // It leaves while a repair is at work, and finds the name taken.
    meanwhile = [
      async () => {
        await node(INSTANCE, 'leaving');
        expect(await unnameNode(ports(), leaver())).toMatchObject({ wait: 3 });
      },
    ];
    await repairNames(ports(), cluster);

    expect(named()).toEqual([OTHER_INSTANCE]);
  });
});

describe('the names of a cluster', () => {
  it('are repaired each once, and how many there are is told', async () => {
    groups({ name: 'managers', role: 'manager' }, { name: 'more', role: 'manager' });
    await node(INSTANCE, 'ready');

    expect(await repairNames(ports(), cluster)).toBe(1);
    expect(named()).toEqual([INSTANCE]);
  });

  it('are left alone under a hold', async () => {
    await node(INSTANCE, 'ready');
    await holds.place(cluster, 'a test', NOW);

    expect(await repairNames(ports(), cluster)).toBe(0);
    expect(named()).toEqual([]);
  });

  it('that have a record of somebody else ring, and are not written over', async () => {
    const name = `managers.${cluster}.example.internal.`;
    records = [{ Name: name, Type: 'CNAME', TTL: 60, ResourceRecords: [{ Value: 'elsewhere.' }] }];
    await node(INSTANCE, 'ready');
    await repairNames(ports(), cluster);

    expect([raised, changes()]).toEqual([['DnsFailed'], 0]);
  });

  it('of nodes that the table does not know are another stage’s: its records are not even read', async () => {
    await repairNames(ports(), cluster);

    expect(looks()).toBe(0);
  });

  it('are free again where AWS refused a change', async () => {
    await node(INSTANCE, 'ready');
    route53
      .on(ChangeResourceRecordSetsCommand)
      .rejectsOnce(Object.assign(new Error('no'), { name: 'PriorRequestNotComplete' }));

    await expect(repairNames(ports(), cluster)).rejects.toThrow('no');
    expect(await store.take({ cluster, zone: ZONE, name: `managers.${cluster}.example.internal` }, 'next', NOW)).toBe(
      true,
    );
  });
});
