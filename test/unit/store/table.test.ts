import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { WriteConflict } from '../../../src/store/transact.ts';
import { decideClaim } from '../../../src/core/lifecycle/claim.ts';
import type { ClaimFacts } from '../../../src/core/lifecycle/claim.ts';
import { DEFAULT_CONFIG } from '../../../src/core/steps/verbs.ts';
import type { Action } from '../../../src/core/lifecycle/event.ts';
import { keys } from '../../../src/core/names.ts';
import type { StepKey } from '../../../src/core/steps/rendezvous.ts';
import {
  CA_DIGEST,
  COMPLETION,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  SWARM_ID,
  actionOf,
} from '../support/examples.ts';
import { TABLE, useTable } from '../support/table.ts';

const db = await useTable();

let clusters = 0;
/** Every test has a cluster, a group and an instance of its own. */
function place(): { cluster: string; group: string; instance: string } {
  clusters += 1;
  const id = String(clusters).padStart(17, '0');
  return { cluster: `c${clusters}`, group: `g${clusters}`, instance: `i-${id}` };
}

const ownerOf = (key: string): { key: string; arn: string } => ({ key, arn: `arn:of:${key}` });
const groupItem = (cluster: string, role = 'worker') => ({ cluster, role, abandons: 0, readAt: NOW });

/** What the claim function does with an action, in two halves, so that others can come in between. */
type FounderView = ClaimFacts['founderView'];

async function readClaim(action: Action, owner: string, founderView?: FounderView) {
  const seen = await db.table.readFacts(action);
  const group = seen.group ?? groupItem(action.cluster, action.role);
  const claim = decideClaim({
    action,
    completion: COMPLETION,
    facts: { ...seen, group, founderView },
    owner,
    now: NOW,
  });
  return { claim, write: { action, take: claim.take, owner: ownerOf(owner), seen, group, now: NOW } };
}

async function claim(action: Action, owner: string, founderView?: FounderView): Promise<string> {
  const { claim: decided, write } = await readClaim(action, owner, founderView);
  if (write.take !== undefined) {
    await db.table.writeClaim({ ...write, take: write.take });
  }
  return decided.plan.route;
}

const swarm = { swarmId: SWARM_ID, caDigest: CA_DIGEST };

async function founded(where: { cluster: string; group: string; instance: string }): Promise<void> {
  await db.declarations.declare(where.cluster, DEFAULT_CONFIG);
  await claim(actionOf({ ...where, role: 'manager' }), 'founder');
  await found(where);
}

/** As the execution that has claimed the founder. */
const found = ({ cluster, instance }: { cluster: string; instance: string }, of = swarm, owner = 'founder') =>
  db.table.recordFounding({ cluster, swarm: of, leader: { ...LEADER.leader, instance }, owner, now: NOW });

/** Where commands are sent. */
const TARGET = 't';
const SENT = { target: TARGET, commandId: 'c' };

describe('declaring a cluster', () => {
  it('never makes a founded cluster new again', async () => {
    const where = place();
    await founded(where);

    expect(await db.declarations.declare(where.cluster, DEFAULT_CONFIG)).toBe(false);
    expect(await db.table.readState(where.cluster)).toMatchObject({ status: 'founded' });
  });
});

describe('a claim', () => {
  it('writes the action, the node and the group, and reads them back', async () => {
    const where = place();
    await founded(place());
    await db.declarations.declare(where.cluster, DEFAULT_CONFIG);

    expect(await claim(actionOf(where), 'me')).toBe('join');
    expect(await db.table.readFacts(actionOf(where))).toMatchObject({
      state: { status: 'new' },
      node: { instance: where.instance, phase: 'launching', owner: 'me', ownerArn: 'arn:of:me', role: 'worker' },
      action: { owner: 'me', time: NOW, leaseUntil: NOW + 1860 },
      group: { cluster: where.cluster, role: 'worker', abandons: 0, readAt: NOW },
      founder: undefined,
      leader: undefined,
    });
  });

  it('writes the group only when it was read anew: the launches of one group would all conflict on it', async () => {
    const { cluster, group, instance } = place();
    await db.declarations.declare(cluster, DEFAULT_CONFIG);
    await claim(actionOf({ cluster, group, instance }), 'me');
    const others = [place(), place()].map((one) => actionOf({ ...one, cluster, group }));
    const claims = await Promise.all(others.map((action) => readClaim(action, `of ${action.instance}`)));
    await db.table.resetAbandons(group);
    for (const { write } of claims) {
      expect(write.take).toBeDefined();
      await db.table.writeClaim({ ...write, take: write.take ?? { phase: 'gone', leaseUntil: 0, founder: false } });
    }
    expect(await db.get(keys.group(group))).toMatchObject({ readAt: NOW, abandons: 0 });

    const late = await readClaim(actionOf({ ...place(), cluster, group }), 'late');
    const take = { phase: 'launching', leaseUntil: NOW, founder: false } as const;
    await db.table.writeClaim({
      ...late.write,
      take,
      group: { ...late.write.group, role: 'manager', readAt: NOW + 9 },
    });
    expect(await db.get(keys.group(group))).toMatchObject({ readAt: NOW + 9, role: 'manager', abandons: 0 });
  });

  it('of two at once one wins, and the loser writes nothing', async () => {
    const where = place();
    await db.declarations.declare(where.cluster, DEFAULT_CONFIG);
    const racers = await Promise.all(['one', 'two'].map((owner) => readClaim(actionOf(where), owner)));
    const ends = await Promise.allSettled(
      racers.map(async ({ write }) => {
        if (write.take !== undefined) {
          await db.table.writeClaim({ ...write, take: write.take });
        }
      }),
    );

    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []))).toEqual([
      expect.any(WriteConflict),
    ]);
    const winner = ends[0]?.status === 'fulfilled' ? 'one' : 'two';
    expect(await db.table.readFacts(actionOf(where))).toMatchObject({
      node: { owner: winner },
      action: { owner: winner },
    });
    // The loser reads again and finds out.
    expect(await claim(actionOf(where), winner === 'one' ? 'two' : 'one')).toBe('ignore');
  });

  it('of two founders one wins, and nothing of the other stays', async () => {
    const one = place();
    const two = { ...place(), cluster: one.cluster };
    await db.declarations.declare(one.cluster, DEFAULT_CONFIG);
    const first = await readClaim(actionOf({ ...one, role: 'manager' }), 'one');
    const second = await readClaim(actionOf({ ...two, role: 'manager' }), 'two');
    expect([first.claim.plan.route, second.claim.plan.route]).toEqual(['found', 'found']);

    await claim(actionOf({ ...one, role: 'manager' }), 'one');
    const late = second.write.take;
    expect(late).toBeDefined();
    await expect(
      db.table.writeClaim({ ...second.write, take: late ?? { phase: 'launching', leaseUntil: 0, founder: true } }),
    ).rejects.toThrow(WriteConflict);

    // Rolled back: the founder's item is the last of the four that are written.
    expect(await db.get(keys.founder(one.cluster))).toMatchObject({ instance: one.instance });
    expect(await db.get(keys.node(two.cluster, two.instance))).toBeUndefined();
    expect(await db.get(keys.group(two.group))).toBeUndefined();
    expect(await claim(actionOf({ ...two, role: 'manager' }), 'two')).toBe('ask');
  });

  it('of a founder passes on when EC2 says that the one before is gone, and then the one before cannot record a swarm', async () => {
    const one = place();
    const two = { ...place(), cluster: one.cluster };
    await db.declarations.declare(one.cluster, DEFAULT_CONFIG);
    await claim(actionOf({ ...one, role: 'manager' }), 'one');
    expect(
      await claim(actionOf({ ...two, role: 'manager' }), 'two', { instance: one.instance, states: ['running'] }),
    ).toBe('join');
    expect(
      await claim(actionOf({ ...two, role: 'manager' }), 'two', { instance: one.instance, states: ['terminated'] }),
    ).toBe('found');

    expect(await db.get(keys.founder(one.cluster))).toMatchObject({ instance: two.instance });
    await expect(found(one, swarm, 'one')).rejects.toThrow(WriteConflict);
    expect(await db.table.readState(one.cluster)).toEqual({ status: 'new' });
  });

  it('of two who both heard that the founder is gone one wins', async () => {
    const [one, two, three] = [place(), place(), place()];
    const { cluster } = one;
    await db.declarations.declare(cluster, DEFAULT_CONFIG);
    await claim(actionOf({ ...one, role: 'manager' }), 'one');
    const gone = { instance: one.instance, states: ['terminated'] };
    const late = await readClaim(actionOf({ ...three, cluster, role: 'manager' }), 'three', gone);
    await claim(actionOf({ ...two, cluster, role: 'manager' }), 'two', gone);

    expect(late.claim.plan.route).toBe('found');
    const take = { phase: 'launching', leaseUntil: NOW, founder: true } as const;
    await expect(db.table.writeClaim({ ...late.write, take })).rejects.toThrow(WriteConflict);
    expect(await db.get(keys.founder(cluster))).toMatchObject({ instance: two.instance });
  });

  it('of a terminate before the founding does not hold when the founding is recorded at the same moment', async () => {
    const where = place();
    await db.declarations.declare(where.cluster, DEFAULT_CONFIG);
    await claim(actionOf({ ...where, role: 'manager' }), 'founder');
    const { write } = await readClaim(actionOf({ ...where, role: 'manager', kind: 'terminate' }), 'terminate');
    await found(where);
    const take = write.take ?? { phase: 'gone', leaseUntil: 0, founder: false };

    expect(take).toMatchObject({ phase: 'gone', unfounded: true });
    await expect(db.table.writeClaim({ ...write, take })).rejects.toThrow(WriteConflict);
    expect(await claim(actionOf({ ...where, role: 'manager', kind: 'terminate' }), 'terminate')).toBe('leave');
  });

  it('of a terminate takes the node over, and forgets what the join was doing, but not the node id', async () => {
    const where = place();
    await founded({ ...place(), cluster: where.cluster });
    await claim(actionOf(where), 'join');
    const step: StepKey = { ...where, owner: 'join', belongsTo: 'node', step: 'Join', try: 1 };
    await db.table.begin(step, { target: TARGET, taskToken: 'of the join', phase: 'joining' });
    await db.table.park(step, { commandId: 'c', target: TARGET, uncertain: true });
    await db.table.storeResult(step, { ok: true, output: {} }, { phase: 'joined', nodeId: NODE_ID }, NOW, SENT);

    expect(await claim(actionOf({ ...where, kind: 'terminate' }), 'leave')).toBe('leave');
    const item = await db.get(keys.node(where.cluster, where.instance));
    expect(item).toMatchObject({ owner: 'leave', phase: 'leaving', nodeId: NODE_ID, step: 'Claim' });
    expect(Object.keys(item ?? {})).not.toEqual(expect.arrayContaining(['taskToken']));
    expect(['taskToken', 'commandId', 'result', 'uncertain'].filter((name) => name in (item ?? {}))).toEqual([]);
  });

  it('of a launch keeps the node id: what an earlier run has joined must not be lost from sight', async () => {
    const where = place();
    await founded({ ...place(), cluster: where.cluster });
    await claim(actionOf(where), 'first');
    const step: StepKey = { ...where, owner: 'first', belongsTo: 'node', step: 'Join', try: 1 };
    await db.table.begin(step, { target: TARGET, taskToken: 't' });
    await db.table.storeResult(step, { ok: true, output: {} }, { phase: 'ready', nodeId: NODE_ID }, NOW, SENT);

    await claim(actionOf({ ...where, time: NOW + 1, actionToken: 'another' }), 'second');
    expect(await db.get(keys.node(where.cluster, where.instance))).toMatchObject({ owner: 'second', nodeId: NODE_ID });
  });
});

describe('the founding', () => {
  it('is recorded once, and the same again changes nothing', async () => {
    const where = place();
    await founded(where);
    const leader = { ...LEADER.leader, instance: where.instance };
    const before = await db.table.readLeader(where.cluster);
    expect(await found(where)).toBe(true);

    expect(await db.table.readState(where.cluster)).toMatchObject({ status: 'founded', ...swarm });
    expect(before.record).toEqual({ leader, managers: [leader], term: 1, asOf: NOW });
    expect(await db.table.readLeader(where.cluster)).toEqual(before);
  });

  it('is not recorded for a founder that a terminate has taken over meanwhile', async () => {
    const where = place();
    await db.declarations.declare(where.cluster, DEFAULT_CONFIG);
    await claim(actionOf({ ...where, role: 'manager' }), 'founder');
    expect(await claim(actionOf({ ...where, role: 'manager', kind: 'terminate' }), 'terminate')).toBe('complete');

    expect(await found(where)).toBe(false);
    expect(await db.table.readState(where.cluster)).toEqual({ status: 'new' });
    expect(await db.get(keys.leader(where.cluster))).toBeUndefined();
  });

  it('of a second swarm is refused, and nothing of it is written', async () => {
    const where = place();
    await founded(where);
    const other = { swarmId: 'x'.repeat(25), caDigest: 'y'.repeat(50) };

    await expect(found(where, other)).rejects.toThrow(WriteConflict);
    expect(await db.table.readState(where.cluster)).toMatchObject({ status: 'founded', ...swarm });
    expect(await db.get(keys.founder(where.cluster))).toMatchObject({ swarmId: SWARM_ID });
  });

  it('of a second swarm is refused even if the record of the leader is lost: founded is founded', async () => {
    const where = place();
    await founded(where);
    await db.client.send(new DeleteCommand({ TableName: TABLE, Key: keys.leader(where.cluster) }));
    const other = { swarmId: 'x'.repeat(25), caDigest: 'y'.repeat(50) };

    await expect(found(where, other)).rejects.toThrow(WriteConflict);
    expect(await db.table.readState(where.cluster)).toMatchObject({ status: 'founded', ...swarm });
  });

  it('by somebody who is not the founder is refused, and the cluster stays new', async () => {
    const where = place();
    await db.declarations.declare(where.cluster, DEFAULT_CONFIG);
    await claim(actionOf({ ...where, role: 'manager' }), 'founder');

    await expect(found({ ...where, instance: MANAGER_INSTANCE })).rejects.toThrow(WriteConflict);
    expect(await db.table.readState(where.cluster)).toEqual({ status: 'new' });
    expect((await db.table.readLeader(where.cluster)).record).toBeUndefined();
  });

  it('of a cluster that nobody declared is refused', async () => {
    const where = place();

    await expect(found({ ...where, instance: MANAGER_INSTANCE })).rejects.toThrow(WriteConflict);
    expect(await db.table.readState(where.cluster)).toBeUndefined();
  });
});

describe("a step's rendezvous", () => {
  const joined = { ok: true, output: { nodeId: NODE_ID } } as const;

  async function claimed(): Promise<StepKey> {
    const where = place();
    await db.declarations.declare(where.cluster, DEFAULT_CONFIG);
    await claim(actionOf(where), 'me');
    return { ...where, owner: 'me', belongsTo: 'node', step: 'Join', try: 1 };
  }

  it('the sender begins a try, the event finds its token', async () => {
    const step = await claimed();
    await db.table.begin(step, { target: TARGET, taskToken: 'mine', sentAt: NOW });

    expect(await db.table.storeResult(step, joined, { phase: 'joined', nodeId: NODE_ID }, NOW, SENT)).toMatchObject({
      step: 'Join',
      try: 1,
      waits: 'Join',
      taskToken: 'mine',
      sentAt: NOW,
      phase: 'joined',
      nodeId: NODE_ID,
      result: joined,
    });
  });

  it('a new try has nothing of the one before it', async () => {
    const step = await claimed();
    await db.table.begin(step, { target: TARGET, taskToken: 'first' });
    await db.table.park(step, { commandId: 'c', target: TARGET, uncertain: true });
    await db.table.storeResult(step, joined, {}, NOW, SENT);
    const item = await db.table.begin({ ...step, try: 2 }, { target: TARGET, taskToken: 'second' });

    expect(item).toMatchObject({ step: 'Join', try: 2, taskToken: 'second' });
    expect(['commandId', 'result', 'uncertain'].filter((name) => name in (item ?? {}))).toEqual([]);
  });

  it.each<[string, Partial<StepKey>]>([
    ['an older try', { try: 1 }],
    ['a try that has not begun', { try: 3 }],
    ['an older step', { step: 'Claim' }],
    ['a step that has not begun', { step: 'Confirm' }],
    ['another execution', { owner: 'somebody else' }],
  ])('the end of a command of %s changes nothing', async (_what, other) => {
    const step = await claimed();
    await db.table.begin(step, { target: TARGET, taskToken: 'mine' });
    await db.table.begin({ ...step, try: 2 }, { target: TARGET, taskToken: 'mine' });
    const before = await db.get(keys.node(step.cluster, step.instance));

    expect(
      await db.table.storeResult({ ...step, try: 2, ...other }, joined, { phase: 'gone' }, NOW, SENT),
    ).toBeUndefined();
    expect(await db.get(keys.node(step.cluster, step.instance))).toEqual(before);
  });

  it('somebody who does not own the node parks nothing and stores nothing', async () => {
    const step = { ...(await claimed()), owner: 'somebody else' };
    const before = await db.get(keys.node(step.cluster, step.instance));

    expect(await db.table.begin(step, { target: TARGET, taskToken: 'theirs' })).toBeUndefined();
    expect(await db.table.park(step, { taskToken: 'theirs' })).toBeUndefined();
    expect(await db.table.begin(step, { target: TARGET, taskToken: 'theirs' })).toBeUndefined();
    expect(await db.table.storeResult(step, joined, { phase: 'gone' }, NOW, SENT)).toBeUndefined();
    expect(await db.get(keys.node(step.cluster, step.instance))).toEqual(before);
  });

  it('nobody parks in the item of a node that is not there', async () => {
    const { cluster, instance } = place();

    expect(
      await db.table.park(
        { cluster, instance, owner: 'me', belongsTo: 'node' as const, step: 'Join' },
        { taskToken: 't' },
      ),
    ).toBeUndefined();
    expect(await db.get(keys.node(cluster, instance))).toBeUndefined();
  });

  it("another command's end is not stored, whoever has given it the comment of the step, and that of the step's own is", async () => {
    const step = await claimed();
    await db.table.begin(step, { target: TARGET, taskToken: 'mine' });
    await db.table.keepCommand(step, { commandId: 'own', target: TARGET });

    const stored = (commandId: string) => db.table.storeResult(step, joined, {}, NOW, { target: TARGET, commandId });
    expect(await stored('of somebody else')).toBeUndefined();
    expect(await db.table.storeResult(step, joined, {}, NOW, { target: 'another', commandId: 'own' })).toBeUndefined();
    expect(await stored('own')).toMatchObject({ commandId: 'own', result: joined });
  });

  it('a command that ends before anybody has kept which one it is counts', async () => {
    const step = await claimed();
    await db.table.begin(step, { target: TARGET, taskToken: 'mine' });
    expect(await db.table.storeResult(step, joined, {}, NOW, SENT)).toMatchObject({ result: joined });
  });

  it('a node that is gone is kept for late events, then goes too', async () => {
    const step = { ...(await claimed()), step: 'Forget' };
    await db.table.begin(step, { target: TARGET, taskToken: 'mine' });

    expect(await db.table.storeResult(step, joined, { phase: 'gone' }, NOW, SENT)).toMatchObject({
      phase: 'gone',
      expiresAt: NOW + 7 * 86_400,
    });
  });

  it("a tidy's step has an item of its own, changes no node, and goes after a day", async () => {
    const node = await claimed();
    const step = { ...node, owner: 'tidy', belongsTo: 'execution' as const, step: 'Forget-da5el1vvzfzc' };
    await db.table.begin(step, { target: TARGET, taskToken: 'of the tidy', expiresAt: NOW + 86_400 });
    const item = await db.table.storeResult(step, joined, { phase: 'gone' }, NOW, SENT);

    expect(item).toMatchObject({ taskToken: 'of the tidy', expiresAt: NOW + 86_400 });
    expect(item).not.toHaveProperty('phase');
    expect(await db.get(keys.node(node.cluster, node.instance))).toMatchObject({ owner: 'me', phase: 'launching' });
  });
});

describe('launches that were abandoned', () => {
  it('are counted per group, and forgotten after one that went well', async () => {
    const { group } = place();

    expect([await db.table.countAbandon(group), await db.table.countAbandon(group)]).toEqual([1, 2]);
    await db.table.resetAbandons(group);
    expect(await db.table.countAbandon(group)).toBe(1);
    expect(await db.table.countAbandon(`${group}-other`)).toBe(1);
  });
});
