// A recovery over a real table, with EC2 and Step Functions mocked: who may begin, whom it ends, and what is on record afterwards.
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeExecutionCommand,
  SFNClient,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { keys } from '../../../src/core/names.ts';
import { recover, recoverRequest } from '../../../src/operations/recover.ts';
import { LeaderItem } from '../../../src/store/leader-item.ts';
import { MembershipLock } from '../../../src/store/membership-lock.ts';
import { RECOVERY, RecoveryStore } from '../../../src/store/recovery-store.ts';
import {
  CA_DIGEST,
  INSTANCE,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  OTHER_INSTANCE,
  SWARM_ID,
  nodeOf,
} from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const ec2 = mockClient(EC2Client);
const states = mockClient(SFNClient);
const db = await useTable();
const lock = new MembershipLock(db.client, TABLE);

let clusters = 0;
let cluster = '';
beforeEach(async () => {
  ec2.reset();
  states.reset();
  ec2.on(DescribeInstancesCommand).resolves({});
  ec2.on(TerminateInstancesCommand).resolves({});
  states.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
  clusters += 1;
  cluster = `c${clusters}`;
  const Item = { ...keys.state(cluster), status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST, epoch: 1 };
  await db.client.send(new PutCommand({ TableName: TABLE, Item }));
});

const ask = (request: object, execution = 'mine'): Promise<unknown> =>
  recover(
    {
      ...{ table: db.table, waiters: db.waiters, store: new RecoveryStore(db.client, TABLE) },
      ...{ leader: new LeaderItem(db.client, TABLE), lock },
      ...{ states: new SFNClient({ region: 'eu-west-1' }), ec2: new EC2Client({ region: 'eu-west-1' }) },
      log: () => undefined,
      now: () => NOW,
    },
    recoverRequest.parse({ v: 1, cluster, execution, ...request }),
  );
const lockItem = () => db.get(keys.membershipLock(cluster));
const ended = () => ec2.commandCalls(TerminateInstancesCommand).map(({ args }) => args[0].input.InstanceIds);
const raiseEpoch = (epoch: number): Promise<unknown> =>
  db.client.send(
    new UpdateCommand({
      TableName: TABLE,
      Key: keys.state(cluster),
      UpdateExpression: 'SET epoch = :epoch',
      ExpressionAttributeValues: { ':epoch': epoch },
    }),
  );
/** EC2 shows these, by filter of their ids or by their tags. */
const shows = (instances: Readonly<Record<string, string>>): void => {
  const all = Object.entries(instances).map(([InstanceId, Name]) => ({ InstanceId, State: { Name } as never }));
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: all }] });
};

describe('who may be a manager', () => {
  it('is whoever the record, an item or a tag names: the survey asks those that may run', async () => {
    await db.table.changeLeader(cluster, NOW, () => LEADER);
    const item = { ...keys.node(cluster, INSTANCE), ...nodeOf({ role: 'manager', phase: 'joined' }) };
    await db.client.send(new PutCommand({ TableName: TABLE, Item: item }));
    shows({ [MANAGER_INSTANCE]: 'running', [OTHER_INSTANCE]: 'running' });

    const found = (await ask({ do: 'find' })) as { candidates: object[]; survey: string[]; swarm: object };

    expect(found.candidates).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ instance: MANAGER_INSTANCE, state: 'running', phase: 'ready' }),
        // Its item names it, and EC2 does not show it any more.
        expect.objectContaining({ instance: INSTANCE, state: 'gone', phase: 'joined', nodeId: NODE_ID }),
        // Only its tags do.
        { instance: OTHER_INSTANCE, state: 'running' },
      ]),
    );
    expect(found.candidates).toHaveLength(3);
    expect(JSON.stringify(found.survey)).not.toContain(INSTANCE);
    expect(found.swarm).toMatchObject({ swarmId: SWARM_ID });
  });
});

describe('a recovery begins', () => {
  const begin = (more: object = {}, execution?: string) =>
    ask({ do: 'begin', terminate: [], epoch: 1, ...more }, execution);

  it('with the membership lock, which it takes from an instance, and again where it was interrupted', async () => {
    await lock.take({ cluster, instance: INSTANCE }, NOW);

    await begin();
    await begin();

    expect(await lockItem()).toMatchObject({ instance: RECOVERY, execution: 'mine' });
  });

  it('and ends the instances that it was told, once it has the lock', async () => {
    await begin({ terminate: [INSTANCE] });

    expect(ended()).toEqual([[INSTANCE]]);
  });

  it('not while another one is at work: nothing is ended', async () => {
    await begin({}, 'other');

    await expect(begin({ terminate: [INSTANCE] })).rejects.toMatchObject({ name: 'RecoveryUnderWay' });
    expect([ended(), await lockItem()]).toEqual([[], expect.objectContaining({ execution: 'other' })]);
  });

  it('in the place of one that was stopped', async () => {
    await begin({}, 'other');
    states.on(DescribeExecutionCommand).resolves({ status: 'ABORTED' });

    await begin();

    expect(await lockItem()).toMatchObject({ execution: 'mine' });
  });

  it('not where the cluster was recovered since it was planned: it would fence what was recovered from', async () => {
    await raiseEpoch(2);

    await expect(begin({ terminate: [INSTANCE] })).rejects.toMatchObject({ name: 'RecoveryUnderWay' });
    expect([ended(), await lockItem()]).toEqual([[], undefined]);
  });

  it('not where another one has ended between the look and the lock: that is given back', async () => {
    const read = db.table.readState.bind(db.table);
    const readState = (name: string): ReturnType<typeof read> => read(name);
    let reads = 0;
    db.table.readState = async (name) => {
      reads += 1;
      if (reads === 2) await raiseEpoch(2);
      return readState(name);
    };
    try {
      await expect(begin({ terminate: [INSTANCE] })).rejects.toMatchObject({ name: 'RecoveryUnderWay' });
    } finally {
      db.table.readState = read;
    }
    expect([ended(), await lockItem()]).toEqual([[], undefined]);
  });

  it('of an older version, which does not say which epoch it was planned in', async () => {
    await raiseEpoch(2);

    await begin({ epoch: undefined });

    expect(await lockItem()).toMatchObject({ execution: 'mine' });
  });
});

describe('instances that are to end', () => {
  it('are looked at under the lock: one that EC2 does not show any more has ended', async () => {
    shows({ [INSTANCE]: 'shutting-down' });

    expect(await ask({ do: 'check', ending: [INSTANCE, OTHER_INSTANCE] })).toEqual({ left: [INSTANCE] });
    expect(await lockItem()).toMatchObject({ execution: 'mine' });
  });
});

describe('the end of a recovery', () => {
  const told = { nodeId: NODE_ID, address: '10.0.1.7:2377', epoch: 2 };
  const record = (execution?: string) => ask({ do: 'record', survivor: INSTANCE, told }, execution);

  it('records the survivor and the epoch, and gives the lock back', async () => {
    await ask({ do: 'begin', terminate: [], epoch: 1 });

    expect(await record()).toEqual({ epoch: 2 });
    expect(await db.table.readState(cluster)).toMatchObject({ epoch: 2 });
    expect((await db.table.readLeader(cluster)).record).toMatchObject({ leader: { instance: INSTANCE } });
    expect(await lockItem()).toBeUndefined();
  });

  it('changes nothing where the event of the command was faster, and leaves the lock to whoever has it by now', async () => {
    await raiseEpoch(2);
    await db.table.changeLeader(cluster, NOW, () => LEADER);
    await ask({ do: 'begin', terminate: [] }, 'other');

    await record();

    expect((await db.table.readLeader(cluster)).record).toMatchObject({ leader: LEADER.leader });
    expect(await lockItem()).toMatchObject({ execution: 'other' });
  });

  it('wakes managers that wait for the lock, and those that wait for another manager', async () => {
    states.on(SendTaskSuccessCommand).resolves({});
    states.on(SendTaskFailureCommand).resolves({});
    await ask({ do: 'begin', terminate: [], epoch: 1 });
    await lock.queue({ cluster, instance: OTHER_INSTANCE }, 'in-the-queue', NOW, NOW);
    await db.waiters.add({ cluster, owner: 'o' }, 'manager', 'for-a-manager', NOW + 9);

    await ask({ do: 'release' });

    expect(states.commandCalls(SendTaskSuccessCommand).map(({ args }) => args[0].input.taskToken)).toEqual([
      'in-the-queue',
    ]);
    expect(states.commandCalls(SendTaskFailureCommand).map(({ args }) => args[0].input)).toEqual([
      expect.objectContaining({ taskToken: 'for-a-manager', error: 'ManagersChanged' }),
    ]);
    expect(await lockItem()).toMatchObject({ instance: OTHER_INSTANCE });
  });
});
