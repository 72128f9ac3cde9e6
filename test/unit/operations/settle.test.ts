// What becomes of an execution that failed, and of a launch that did, over a real table: what is started, recorded, told and given back.
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { keys, ownerKey } from '../../../src/core/names.ts';
import { settle, settleRequest } from '../../../src/operations/settle.ts';
import { Foreigners } from '../../../src/store/foreigners.ts';
import { MembershipLock } from '../../../src/store/membership-lock.ts';
import { Verdicts } from '../../../src/store/verdicts.ts';
import { EXECUTION, INSTANCE, NOW, nodeOf } from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-scale-out';
const states = mockClient(SFNClient);
let raised: string[] = [];
const db = await useTable();
const lock = new MembershipLock(db.client, TABLE);

let clusters = 0;
let cluster = '';
beforeEach(() => {
  states.reset();
  states.on(StartExecutionCommand).resolves({});
  raised = [];
  clusters += 1;
  cluster = `c${clusters}`;
});

const ask = (request: object): Promise<unknown> =>
  settle(
    {
      ...{ table: db.table, lock, verdicts: new Verdicts(db.client, TABLE) },
      ...{ foreigners: new Foreigners(db.client, TABLE), states: new SFNClient({ region: 'eu-west-1' }) },
      raise: (metric) => raised.push(metric),
      log: () => undefined,
      now: () => NOW,
    },
    settleRequest.parse(request),
  );

describe('a launch that failed', () => {
  const hook = { actionToken: 'token' };
  const verdictFor = (changes: object = {}): object => ({
    ...{ group: `workers-${cluster}`, instance: INSTANCE, cluster, role: 'worker', hook },
    ...changes,
  });
  const failed = (changes: object = {}, about: object = {}): Promise<unknown> =>
    ask({ v: 1, verdictFor: verdictFor(about), failure: { Error: 'JoinFailed', Cause: 'no way' }, ...changes });
  const nodeItem = () => db.get(keys.node(cluster, INSTANCE));

  it('is abandoned three times in a row, and then the group is not asked for more', async () => {
    const ends = [await failed(), await failed(), await failed(), await failed()];

    expect(ends.map((end) => (end as { error: string }).error)).toEqual([
      ...['LaunchAbandoned', 'LaunchAbandoned', 'LaunchAbandoned'],
      'LaunchContinued',
    ]);
    expect(raised).toEqual(Array.from({ length: 4 }, () => 'LaunchAbandoned'));
  });

  it('does not count where no hook waits: that is a tidy which joined an instance in service', async () => {
    for (let time = 0; time < 4; time += 1) {
      expect(await failed({}, { hook: {} })).toMatchObject({ error: 'LaunchAbandoned' });
    }
    expect(await db.get(keys.group(`workers-${cluster}`))).toBeUndefined();
  });

  it('is no launch of the group where its engine is in a foreign swarm: that is noted with the node, and does not count', async () => {
    const own = { ...keys.node(cluster, INSTANCE), ...nodeOf({ owner: ownerKey(EXECUTION) }) };
    await db.client.send(new PutCommand({ TableName: TABLE, Item: own }));
    const failure = { Error: 'ForeignSwarm', Cause: 'another swarm' };

    expect(await failed({ failure, execution: EXECUTION })).toMatchObject({ error: 'SwarmLeftAlone' });
    expect(await nodeItem()).toMatchObject({ foreignSwarm: { at: NOW, because: 'another swarm' } });
    expect(await db.get(keys.group(`workers-${cluster}`))).toBeUndefined();
  });

  it('notes no foreign swarm in the item of a node that another execution acts on by now', async () => {
    const others = { ...keys.node(cluster, INSTANCE), ...nodeOf({ owner: 'somebody-else' }) };
    await db.client.send(new PutCommand({ TableName: TABLE, Item: others }));
    await failed({ failure: { Error: 'ForeignSwarm', Cause: 'x' }, execution: EXECUTION });

    expect(await nodeItem()).not.toHaveProperty('foreignSwarm');
  });

  it.each([
    ['manager', false],
    ['worker', true],
  ] as const)('of a %s gives the membership lock back only where it may have had it', async (role, isKept) => {
    await lock.take({ cluster, instance: INSTANCE }, NOW);
    await failed({ keep: true }, { role });

    expect((await db.get(keys.membershipLock(cluster))) !== undefined).toBe(isKept);
  });
});

describe('an execution that failed', () => {
  const input = (attempt?: number): string =>
    JSON.stringify({
      detail: { EC2InstanceId: INSTANCE, NotificationMetadata: JSON.stringify({ cluster }) },
      ...(attempt === undefined ? {} : { skep: { attempt, replaces: [] } }),
    });
  const ended = (changes: object): Promise<unknown> =>
    ask({
      detail: { executionArn: EXECUTION, stateMachineArn: MACHINE, status: 'FAILED', input: input(), ...changes },
    });
  const started = () => states.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);

  it('and left its action open is started once more, by a name that an event which comes twice has too', async () => {
    expect(await ended({ status: 'ABORTED' })).toMatchObject({ kind: 'again' });
    await ended({ status: 'ABORTED' });

    const [first, second] = started();
    expect(first).toMatchObject({ stateMachineArn: MACHINE, name: `again-1-${ownerKey(EXECUTION)}` });
    expect(second).toEqual(first);
    expect(JSON.parse(first?.input ?? '')).toMatchObject({ skep: { replaces: [EXECUTION], attempt: 1 } });
    expect(raised).toEqual([]);
  });

  it('is no failure where the second start of the same name is refused', async () => {
    states
      .on(StartExecutionCommand)
      .rejects(Object.assign(new Error('there is one'), { name: 'ExecutionAlreadyExists' }));

    expect(await ended({ status: 'TIMED_OUT' })).toMatchObject({ kind: 'again' });
  });

  it('is tried again by Lambda where the start failed for another reason', async () => {
    states.on(StartExecutionCommand).rejects(new Error('no'));

    await expect(ended({ status: 'TIMED_OUT' })).rejects.toThrow('no');
  });

  it('rings and is told in the verdict where three runs have failed', async () => {
    expect(await ended({ status: 'ABORTED', input: input(3) })).toMatchObject({ kind: 'give-up' });
    expect(raised).toEqual(['ForcedCompletion']);
    expect(await db.get(keys.forced(cluster))).toMatchObject({ instance: INSTANCE, at: NOW });
  });

  it.each([
    ['LaunchAbandoned', [], 'failed'],
    ['ManagerRetained', ['ManagerHeld'], 'failed'],
    ['Forced', ['ForcedCompletion'], 'forced'],
  ] as const)('with %s has ended its action itself: rings %j, and is told as %s', async (error, rings, record) => {
    expect(await ended({ error })).toMatchObject({ kind: 'closed' });
    expect(started()).toEqual([]);
    expect(raised).toEqual(rings);
    const kept = record === 'failed' ? keys.failed(cluster) : keys.forced(cluster);
    expect(await db.get(kept)).toMatchObject({ instance: INSTANCE, at: NOW });
    expect(await db.get(record === 'failed' ? keys.forced(cluster) : keys.failed(cluster))).toBeUndefined();
  });

  it('that a person started by hand with anything else is told of no cluster', async () => {
    expect(await ended({ error: 'LaunchAbandoned', input: '{"by":"hand"}' })).toMatchObject({ kind: 'closed' });
    expect(await db.get(keys.failed(cluster))).toBeUndefined();
  });

  it('is not started again where its input was too long to be told: nothing is known that a run could begin with', async () => {
    expect(await ended({ status: 'ABORTED', input: undefined })).toMatchObject({ kind: 'give-up' });
    expect(started()).toEqual([]);
    expect(raised).toEqual(['ForcedCompletion']);
  });
});
