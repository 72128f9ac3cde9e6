// The leader record: by whom documents are sent, and what becomes of it when they tell of other managers.
import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { storeAndDeliver } from '../../../src/steps/deliver.ts';
import { keys, ownerKey } from '../../../src/core/names.ts';
import { CA_DIGEST, EXECUTION, LEADER, MANAGER_INSTANCE, NODE_ID, NOW, SWARM_ID } from '../support/examples.ts';
import {
  useStepScene,
  db,
  ports,
  raised,
  record,
  recorded,
  scene,
  sends,
  sentBy,
  sfn,
  time,
  woken,
} from '../support/step-scene.ts';
import { TABLE } from '../support/table.ts';

useStepScene();

const OTHER = 'i-0cccccccccccccccc';
const LOCK = { verb: 'lock', step: 'Lock' } as const;

type Scene = Awaited<ReturnType<typeof scene>>;
const clusterOf = ({ plan }: Scene): string => plan.cluster ?? '';

describe('a step that is entered again', () => {
  it('does not take the end of its first command for that of its second', async () => {
    const place = await scene({ kind: 'terminate', role: 'manager' });
    const { cluster = '', instance = '' } = place.plan;
    await record(cluster, { instance: OTHER, nodeId: 'b', address: '10.0.1.12:2377' });
    const demote = { verb: 'demote', step: 'Demote', force: true } as const;
    await place.step(demote);
    const [first] = sends();
    const key = { cluster, instance, owner: ownerKey(EXECUTION), belongsTo: 'node' as const, step: 'Demote', try: 1 };
    const refused = { ok: false, error: 'QuorumWouldBreak', cause: 'c', retryable: true } as const;
    await storeAndDeliver(ports, { key, verb: 'demote', ...sentBy(), outcome: refused, now: NOW });
    await place.step({ ...LOCK, refused: true });
    await place.step({ ...demote, taskToken: 'second' });

    expect(sends().map(({ Comment }) => Comment)).toEqual([first?.Comment, first?.Comment?.replace(/1$/, '2')]);
    // The event comes a second time, with what was so before.
    const late = {
      key,
      verb: 'demote',
      ...sentBy(),
      outcome: { ok: true, output: { member: false } },
      now: NOW,
    } as const;
    expect(await storeAndDeliver(ports, late)).toBe(false);
    expect(await storeAndDeliver(ports, { ...late, key: { ...key, try: 2 } })).toBe(true);
    expect(woken()).toContain('second ok');
  });
});

describe('what the managers tell', () => {
  const told = (...lines: [string, string, string][]) =>
    lines.map(([instance, reach, address]) => `${nodeIdOf(instance)} ${instance} ${reach} ${address}:2377`);
  const nodeIdOf = (instance: string): string => (instance === MANAGER_INSTANCE ? LEADER.leader.nodeId : 'other');
  const other = { instance: OTHER, nodeId: 'other', address: '10.0.1.12:2377' };

  /** A worker's drain ends, which was sent a second later. */
  const drained = async (place: Scene, managers: unknown, sent = NOW + 1): Promise<unknown> => {
    const { cluster = '', instance = '' } = place.plan;
    time.now = sent;
    await place.step({ verb: 'drain', step: 'Drain' });
    const key = { cluster, instance, owner: ownerKey(EXECUTION), belongsTo: 'node' as const, step: 'Drain', try: 1 };
    const outcome = { ok: true, output: { member: true, nodeId: NODE_ID, managers } } as const;
    await storeAndDeliver(ports, { key, verb: 'drain', ...sentBy(), outcome, now: sent + 1 });
    const [ended] = sfn.commandCalls(SendTaskSuccessCommand).slice(-1);
    // An execution has no use for it.
    expect(JSON.parse(ended?.args[0].input.output ?? '')).toEqual({ member: true, nodeId: NODE_ID });
    return recorded(cluster);
  };

  it('is on record when it is another leader, under the next term', async () => {
    const place = await scene({ kind: 'terminate' });
    await record(clusterOf(place), other);
    const managers = told([MANAGER_INSTANCE, 'unreachable', '10.0.1.11'], [OTHER, 'leader', '10.0.1.12']);

    expect(await drained(place, managers)).toEqual({ leader: other, managers: [other], term: 3, asOf: NOW + 2 });
  });

  it('costs nothing when it is what is on record', async () => {
    const place = await scene({ kind: 'terminate' });
    const asked: string[] = [];
    db.endpoint.observers.push(({ operation }) => asked.push(operation));
    const after = await drained(place, told([MANAGER_INSTANCE, 'leader', '10.0.1.11']));
    db.endpoint.observers.pop();

    expect(after).toMatchObject({ term: 1 });
    // The step begins, its command is kept, its result is stored, and the test itself reads the record.
    expect(asked).toEqual(['UpdateItem', 'UpdateItem', 'UpdateItem', 'GetItem']);
  });

  it('is not believed when it was seen before the last change of the record', async () => {
    const place = await scene({ kind: 'terminate' });
    await record(clusterOf(place), other);

    expect(await drained(place, told([MANAGER_INSTANCE, 'leader', '10.0.1.11']), NOW)).toMatchObject({ term: 2 });
  });

  it.each<[string, Record<string, unknown> | undefined, string[]]>([
    ['is lost', undefined, ['LeaderRecordLost']],
    ['is garbage', { leader: 'me', managers: 'us', term: { of: 'office' } }, ['LeaderRecordLost']],
    ['names a manager of another cluster', { ...foreign(), term: 5 }, []],
  ])('makes a record anew that %s, and whoever may be a manager was asked', async (_what, item, alarms) => {
    const place = await scene({ kind: 'terminate' });
    const cluster = clusterOf(place);
    await joinedManager(cluster);
    await (item === undefined ? forget(cluster) : write({ ...keys.leader(cluster), ...item }));
    const plan = { ...place.plan, swarm: { swarmId: SWARM_ID, caDigest: CA_DIGEST, managers: foreign().managers } };
    const drain = { verb: 'drain', step: 'Drain', plan } as const;
    if (item?.['term'] === 5) {
      await place.step(drain);
      const key = {
        cluster,
        instance: place.plan.instance ?? '',
        owner: ownerKey(EXECUTION),
        belongsTo: 'node' as const,
        step: 'Drain',
        try: 1,
      };
      const outcome = { ok: false, error: 'NotManager', cause: 'c', retryable: true } as const;
      await storeAndDeliver(ports, { key, verb: 'drain', ...sentBy(), outcome, now: NOW });
    }
    time.now = NOW + 5;
    await place.step({ ...drain, attempt: 1 });

    const [last] = sends().slice(-1);
    expect(last?.InstanceIds).toEqual([MANAGER_INSTANCE]);
    expect(raised).toEqual(alarms);
    const number = Number(last?.Comment?.split(' ').at(-1));
    const key = {
      cluster,
      instance: place.plan.instance ?? '',
      owner: ownerKey(EXECUTION),
      belongsTo: 'node' as const,
      step: 'Drain',
      try: number,
    };
    const managers = told([MANAGER_INSTANCE, 'leader', '10.0.1.11']);
    const outcome = { ok: true, output: { member: true, managers } } as const;
    await storeAndDeliver(ports, { key, verb: 'drain', ...sentBy(), outcome, now: NOW + 6 });
    const after = await recorded(cluster);
    expect(after).toMatchObject({ leader: LEADER.leader, managers: LEADER.managers });
    expect(after?.term).toBeGreaterThan(5);
  });

  it('is waited for when nobody at all is known: nothing is sent, and nothing given up', async () => {
    const place = await scene({ kind: 'terminate' });
    await forget(clusterOf(place));
    const plan = { ...place.plan, swarm: { swarmId: SWARM_ID, caDigest: CA_DIGEST, managers: [] } };
    await place.step({ verb: 'drain', step: 'Drain', plan });

    expect([sends(), woken()]).toEqual([[], []]);
    expect(raised).toEqual(['LeaderRecordLost', 'NoManagerAnswers']);
  });
});

function foreign() {
  const leader = { instance: 'i-0fffffffffffffff0', nodeId: 'foreign', address: '10.9.9.9:2377' };
  return { leader, managers: [leader] };
}

const write = (Item: Record<string, unknown>): Promise<unknown> =>
  db.client.send(new PutCommand({ TableName: TABLE, Item }));
const forget = (cluster: string): Promise<unknown> =>
  db.client.send(new DeleteCommand({ TableName: TABLE, Key: keys.leader(cluster) }));
/** What the founder's own item says after its init. */
const joinedManager = (cluster: string): Promise<unknown> =>
  db.client.send(
    new UpdateCommand({
      TableName: TABLE,
      Key: keys.node(cluster, MANAGER_INSTANCE),
      UpdateExpression: 'SET nodeId = :node, address = :address, phase = :phase',
      ExpressionAttributeValues: {
        ':node': LEADER.leader.nodeId,
        ':address': LEADER.leader.address,
        ':phase': 'ready',
      },
    }),
  );
