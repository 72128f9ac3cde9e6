// A rebalance over a real table: who may begin, why it ends, and what is kept of it.
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { wish } from '../../../src/core/rebalance/wish.ts';
import { keys } from '../../../src/core/names.ts';
import { rebalance, rebalanceRequest } from '../../../src/operations/rebalance.ts';
import { Holds } from '../../../src/store/holds.ts';
import { RebalanceLock } from '../../../src/store/rebalance-lock.ts';
import { CA_DIGEST, NOW, SWARM_ID } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const states = mockClient(SFNClient);
const db = await useTable();
const lock = new RebalanceLock(db.client, TABLE);
const holds = new Holds(db.client, TABLE);

let clusters = 0;
let cluster = '';
let logged: string[] = [];
beforeEach(async () => {
  states.reset();
  logged = [];
  clusters += 1;
  cluster = `c${clusters}`;
  await db.client.send(
    new PutCommand({
      TableName: TABLE,
      Item: { ...keys.state(cluster), status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST },
    }),
  );
});

const ask = (request: object): Promise<unknown> =>
  rebalance(
    {
      ...{ table: db.table, holds, lock, states: new SFNClient({ region: 'eu-west-1' }), now: () => NOW },
      log: (message) => logged.push(message),
    },
    rebalanceRequest.parse({ v: 1, execution: 'mine', cluster, ...request }),
  );
const begin = (more: object = {}): Promise<unknown> => ask({ do: 'begin', wish: { cluster, ...more } });

describe('a rebalance that is to begin', () => {
  it('has the lock of its cluster from then on, and begins again where it was interrupted', async () => {
    expect(await begin()).toEqual(wish.parse({ cluster }));
    expect(await begin()).toEqual(wish.parse({ cluster }));
    expect(await lock.read(cluster)).toMatchObject({ execution: 'mine' });
  });

  it('takes no lock as a dry run', async () => {
    await begin({ dryRun: true });
    expect(await lock.read(cluster)).toBeUndefined();
  });

  it('is refused while another one runs', async () => {
    await lock.take(cluster, 'another', NOW);
    states.on(DescribeExecutionCommand, { executionArn: 'another' }).resolves({ status: 'RUNNING' });

    await expect(begin()).rejects.toMatchObject({
      name: 'RebalanceUnderWay',
      message: expect.stringContaining('another'),
    });
  });

  it('takes over from one that was stopped, and has given nothing back', async () => {
    await lock.take(cluster, 'another', NOW);
    states.on(DescribeExecutionCommand, { executionArn: 'another' }).resolves({ status: 'ABORTED' });

    await begin();
    expect(await lock.read(cluster)).toMatchObject({ execution: 'mine' });
  });
});

describe('a round', () => {
  const round = (more: object = {}): Promise<unknown> =>
    ask({
      ...{ do: 'decide', runs: [], page: {}, failed: '', troubles: 0, rounds: 3, closing: '', digest: '' },
      startedAt: new Date(NOW * 1000).toISOString(),
      ...more,
    });

  it('goes on where nothing is against it', async () => {
    await begin();
    expect(await round()).toMatchObject({ closing: '', over: true, changes: [] });
  });

  it('ends what was cancelled, what another has taken over, and what is held', async () => {
    expect(await round()).toMatchObject({ closing: 'it was cancelled' });
    await begin();
    await lock.cancel(cluster);
    expect(await round()).toMatchObject({ closing: 'it was cancelled' });
    await lock.release(cluster, 'mine');
    await begin();
    await holds.place(cluster, 'we look', NOW);
    expect(await round()).toMatchObject({ closing: expect.stringContaining('is held since') });
  });

  it('counts a page that nobody can read like a command that came to nothing', async () => {
    await begin();
    expect(await round({ page: { unreadable: 'cut' }, troubles: 1 })).toMatchObject({
      closing: 'PageUnreadable',
      troubles: 2,
    });
  });

  it('keeps to why it ends, once that was said', async () => {
    expect(await round({ closing: 'for its own reason' })).toMatchObject({ closing: 'for its own reason' });
  });
});

describe('a rebalance that ends', () => {
  const report = { planned: 2, made: 0, remaining: 0, services: [], leftOut: [], notTold: 0, even: 1 };

  it('gives its lock back, and keeps for which workers it has ended well', async () => {
    await begin();
    const workers = 'a'.repeat(64);
    expect(await ask({ do: 'finish', runs: [], report, workers })).toEqual(report);

    expect(await lock.read(cluster)).toBeUndefined();
    expect(await db.get(keys.rebalanced(cluster))).toMatchObject({ workers });
    expect(logged).toEqual(['rebalance ended']);
  });

  it("keeps nothing where it was a person's, and leaves the lock of another alone", async () => {
    await lock.take(cluster, 'another', NOW);
    await ask({ do: 'finish', runs: [], report });

    expect(await lock.read(cluster)).toMatchObject({ execution: 'another' });
    expect(await db.get(keys.rebalanced(cluster))).toBeUndefined();
  });
});
