// Whom a person's command asks: the leader first, three managers at most, and nobody after an answer that is final.
import { GetCommandInvocationCommand, SSMClient, SendCommandCommand } from '@aws-sdk/client-ssm';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Manager } from '../../../src/core/model.ts';
import { commandByHand, plannedSwarm } from '../../../src/core/steps/by-hand.ts';
import { keys } from '../../../src/core/names.ts';
import { askManagers, swarmOnRecord } from '../../../src/operations/ask-managers.ts';
import { CA_DIGEST, INSTANCE, LEADER, NODE_ID, NOW, SWARM_ID } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const ssm = mockClient(SSMClient);
const db = await useTable();

const manager = (number: number): Manager => ({
  instance: `i-0000000000000000${number}`,
  nodeId: `manager${number}vvzfzci6j9ohzl1v6`.slice(0, 25).padEnd(25, 'x'),
  address: `10.0.1.${number}:2377`,
});
const [one, two, three, four] = [manager(1), manager(2), manager(3), manager(4)] as const;

describe('the swarm on record', () => {
  const state = (cluster: string, item: object): Promise<unknown> =>
    db.client.send(new PutCommand({ TableName: TABLE, Item: { ...keys.state(cluster), ...item } }));
  const founded = { status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST };

  it('has its leader first, and each other manager once', async () => {
    await state('swarm', { ...founded, epoch: 2 });
    await db.table.changeLeader('swarm', NOW, () => ({ leader: two, managers: [one, two, three] }));

    expect(await swarmOnRecord(db.table, 'swarm')).toEqual({
      ...{ swarmId: SWARM_ID, epoch: 2 },
      managers: [two, one, three],
    });
  });

  it('is none of a cluster that nobody declared, that has no swarm, or of which no manager is on record', async () => {
    await state('declared', { status: 'new' });
    await state('leaderless', founded);
    await state('erased', { status: 'new' });
    await db.table.changeLeader('erased', NOW, () => LEADER);

    for (const cluster of ['undeclared', 'declared', 'leaderless', 'erased']) {
      expect(await swarmOnRecord(db.table, cluster)).toBeUndefined();
    }
  });
});

describe('managers are asked', () => {
  let asked: string[] = [];
  beforeEach(() => {
    ssm.reset();
    asked = [];
    ssm.on(SendCommandCommand).callsFake(({ InstanceIds: [target] }: { InstanceIds: string[] }) => ({
      Command: { CommandId: `command-of-${target}` },
    }));
  });

  /** @param codes the exit code by instance: 0 where nothing is said */
  const ask = (
    managers: readonly Manager[],
    codes: Readonly<Record<string, number>> = {},
  ): ReturnType<typeof askManagers> => {
    ssm.on(GetCommandInvocationCommand).callsFake(({ InstanceId: target }: { InstanceId: string }) => ({
      Status: (codes[target] ?? 0) === 0 ? 'Success' : 'Failed',
      ResponseCode: codes[target] ?? 0,
      StandardOutputContent: `{"told":"by ${target}"}`,
      StandardErrorContent: '',
    }));
    const ports = { ssm: new SSMClient({ region: 'eu-west-1' }), stage: 'dev', sleep: () => Promise.resolve() };
    return askManagers(
      { ...ports, now: () => NOW },
      { swarmId: SWARM_ID, epoch: 0, managers },
      (it) =>
        commandByHand(
          'availability',
          { cluster: 'prod', stage: 'dev', tokenKey: '', now: NOW },
          {
            plan: { instance: INSTANCE, swarm: plannedSwarm({ swarmId: SWARM_ID, epoch: 0 }) },
            nodeId: NODE_ID,
            managers: [it],
          },
        ),
      (instance) => asked.push(instance),
    );
  };

  it('until one does it', async () => {
    expect(await ask([one, two, three], { [one.instance]: 41 })).toMatchObject({
      ...{ ok: true, output: { told: `by ${two.instance}` } },
    });
    expect(asked).toEqual([one.instance, two.instance]);
  });

  it('three of them, and what the last one said is told', async () => {
    const codes = { [one.instance]: 40, [two.instance]: 40, [three.instance]: 41 };

    expect(await ask([one, two, three, four], codes)).toMatchObject({ ok: false, error: 'NoLeader' });
    expect(asked).toEqual([one.instance, two.instance, three.instance]);
  });

  it('and nobody more after an error that another one would answer as well', async () => {
    expect(await ask([one, two], { [one.instance]: 43 })).toMatchObject({ ok: false, error: 'UnknownNode' });
    expect(asked).toEqual([one.instance]);
  });

  it('none, where none is on record', async () => {
    expect(await ask([])).toMatchObject({ ok: false, error: 'CommandUndelivered' });
    expect(asked).toEqual([]);
  });
});
