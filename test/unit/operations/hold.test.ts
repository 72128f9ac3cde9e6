// A person holds a cluster: what stops, what waits, what is woken. Over a real table, with AWS's other services mocked.
import { RecordLifecycleActionHeartbeatCommand } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from '@jest/globals';

import { WriteConflict } from '../../../src/store/transact.ts';
import { holdCluster, unholdCluster } from '../../../src/operations/hold.ts';
import type { StepRequest } from '../../../src/steps/step.ts';
import { DEFAULT_CONFIG } from '../../../src/core/steps/verbs.ts';
import { latestDeadlineOf } from '../../../src/core/lifecycle/deadline.ts';
import { keys, ownerKey } from '../../../src/core/names.ts';
import { EXECUTION, INSTANCE, NOW, actionOf } from '../support/examples.ts';
import {
  useStepScene,
  autoScaling,
  busy,
  db,
  joined,
  ports,
  scene,
  sends,
  sfn,
  time,
  woken,
} from '../support/step-scene.ts';

useStepScene();

type Scene = Awaited<ReturnType<typeof scene>>;

const HELD = { verb: 'hold', step: 'Held' } satisfies Partial<StepRequest>;
const clusterOf = ({ plan }: Scene): string => plan.cluster ?? '';
const hold = (place: Scene, because = '') => holdCluster(ports, clusterOf(place), because, time.now);
const unhold = (place: Scene) => unholdCluster(ports, clusterOf(place), time.now);
const waiter = (place: Scene) => db.get(keys.waiter(clusterOf(place), 'hold', ownerKey(EXECUTION)));
const action = ({ plan: { group = '', instance = '' } }: Scene) =>
  db.get(keys.action(group, instance, 'autoscaling:EC2_INSTANCE_LAUNCHING'));

describe('holding a cluster', () => {
  it('marks what is under way, as often as it is asked for, and keeps its beginning and its reason', async () => {
    const place = await scene();
    expect(await hold(place, 'a test')).toMatchObject({ hold: { since: NOW, because: 'a test' }, underWay: 2 });
    time.now = NOW + 60;
    expect(await hold(place)).toMatchObject({ hold: { since: NOW, because: 'a test' } });
    expect(await hold(place, 'another')).toMatchObject({ hold: { since: NOW, because: 'another' } });
    expect(await place.item()).toMatchObject({ held: NOW });
    expect(await db.get(keys.state(clusterOf(place)))).toMatchObject({ status: 'founded', hold: { since: NOW } });
  });

  it('of no cluster makes none', async () => {
    expect(await holdCluster(ports, 'nobody', '', NOW)).toBeUndefined();
    expect(await unholdCluster(ports, 'nobody', NOW)).toBeUndefined();
    expect(await db.get(keys.state('nobody'))).toBeUndefined();
  });

  it('meets who claims at the same moment: a founder must have read of it, and what is claimed bears the mark', async () => {
    const cluster = 'beginning';
    await db.declarations.declare(cluster, DEFAULT_CONFIG);
    const founding = actionOf({ cluster, role: 'manager' });
    const seen = await db.table.readFacts(founding);
    await holdCluster(ports, cluster, '', NOW);
    const take = { phase: 'launching', leaseUntil: NOW + 1860, founder: true } as const;
    const group = { cluster, role: 'manager', abandons: 0, readAt: NOW };
    const write = { action: founding, take, owner: { key: 'me', arn: 'me' }, group, now: NOW };

    await expect(db.table.writeClaim({ ...write, seen })).rejects.toThrow(WriteConflict);
    await db.table.writeClaim({ ...write, seen: await db.table.readFacts(founding) });
    expect(await db.get(keys.node(cluster, INSTANCE))).toMatchObject({ phase: 'launching', held: NOW });
  });

  it('is taken back, as often as it is asked for, with all marks', async () => {
    const place = await scene();
    await hold(place);
    expect(await unhold(place)).toEqual({ woken: 0 });
    expect(await unhold(place)).toEqual({ woken: 0 });
    expect(await place.item()).not.toHaveProperty('held');
    expect(await db.get(keys.state(clusterOf(place)))).not.toHaveProperty('hold');
  });
});

describe('an execution under a hold', () => {
  it('sends nothing, and writes nothing that says so', async () => {
    const place = await scene();
    await hold(place);

    await expect(place.step()).rejects.toMatchObject({ name: 'Held' });
    expect(sends()).toEqual([]);
    expect(await place.item()).toMatchObject({ phase: 'launching' });
    expect(await place.item()).not.toHaveProperty('sentAt');
  });

  it('hears the end of the command that it is at, and stops before the next try', async () => {
    const place = await scene();
    await place.step();
    await hold(place);
    expect(await place.ended(busy)).toBe(true);
    await expect(place.step({ attempt: 1, taskToken: 'token-1' })).rejects.toMatchObject({ name: 'Held' });
    expect(sends()).toHaveLength(1);
  });

  it('goes on to its end where the command did what it should', async () => {
    const place = await scene();
    await place.step();
    await hold(place);
    await place.ended(joined);
    expect(woken()).toEqual(['token-0 ok']);
  });

  it('does not wait for the membership lock', async () => {
    const place = await scene({ role: 'manager' });
    await hold(place);
    await expect(place.step({ verb: 'lock', step: 'Lock' })).rejects.toMatchObject({ name: 'Held' });
  });

  it('is not over at its deadline', async () => {
    const place = await scene();
    await hold(place);
    time.now = NOW + 1740;
    await expect(place.step({ step: 'Confirm', verb: 'confirm' })).rejects.toMatchObject({ name: 'Held' });
    await unhold(place);
    await expect(place.step({ step: 'Confirm', verb: 'confirm' })).rejects.toMatchObject({ name: 'Unconfirmed' });
  });

  it('of a tidy changes nothing, and still may ask', async () => {
    const place = await scene();
    await hold(place);
    const plan = { v: 1, route: 'ignore', because: '', cluster: clusterOf(place) } as const;
    const forget = {
      verb: 'forget',
      step: 'Forget-abc',
      plan,
      node: { nodeId: 'abc', zone: 'z', address: 'a' },
    } as const;

    await expect(place.step({ ...forget, force: true })).rejects.toMatchObject({ name: 'Held' });
    await expect(place.step({ verb: 'rotate', step: 'Rotate', plan })).rejects.toMatchObject({ name: 'Held' });
    expect(sends()).toEqual([]);
    await place.step({ verb: 'inspect', step: 'Inspect-0', plan });
    expect(sends()).toHaveLength(1);
  });
});

describe('waiting for the end of a hold', () => {
  const limit = latestDeadlineOf({ time: NOW, timeout: 1800 });

  it('parks the task token, and keeps others from taking the action over', async () => {
    const place = await scene();
    await hold(place);
    await place.step(HELD);

    expect(woken()).toEqual([]);
    expect(await waiter(place)).toMatchObject({ taskToken: 'token-0' });
    expect(await place.item()).toMatchObject({ leaseUntil: limit + 120, waits: 'Held', taskToken: 'token-0' });
    expect(await action(place)).toMatchObject({ leaseUntil: limit + 120 });
  });

  it('is over at once when it ends, with all of its time again', async () => {
    const place = await scene();
    await hold(place);
    await place.step(HELD);
    time.now = NOW + 7200;
    expect(await unhold(place)).toEqual({ woken: 1 });
    expect(woken()).toEqual(['token-0 HoldLifted']);
    expect(await waiter(place)).toBeUndefined();

    await place.step({ ...HELD, attempt: 1, taskToken: 'token-1' });
    const [success] = sfn.calls().filter(({ args }) => 'output' in args[0].input);
    expect(success?.args[0].input).toEqual({
      taskToken: 'token-1',
      output: JSON.stringify({ deadline: NOW + 7200 + 1740 }),
    });
    expect(await action(place)).toMatchObject({ leaseUntil: NOW + 7200 + 1740 + 120 });
    await place.step({ step: 'Join', taskToken: 'token-2', plan: { ...place.plan, deadline: NOW + 7200 + 1740 } });
    expect(sends()).toHaveLength(1);
  });

  it('finds by its next look that nobody woke it', async () => {
    const place = await scene();
    await hold(place);
    await place.step(HELD);
    await ports.holds.lift(clusterOf(place));
    await place.step({ ...HELD, attempt: 1, taskToken: 'token-1' });
    expect(woken()).toEqual(['token-1 ok']);
  });

  it('ends at once where only a mark was left over', async () => {
    const place = await scene();
    await hold(place);
    await ports.holds.lift(clusterOf(place));
    await place.step(HELD);
    expect(woken()).toEqual(['token-0 ok']);
    expect(await place.item()).not.toHaveProperty('held');
  });

  it('keeps the hook alive at each look, half of its time apart', async () => {
    const place = await scene();
    await hold(place);
    await place.step(HELD);
    time.now = NOW + 900;
    await place.step({ ...HELD, attempt: 1, taskToken: 'token-1' });
    expect(autoScaling.commandCalls(RecordLifecycleActionHeartbeatCommand)).toHaveLength(1);
  });

  it('is over when AWS would end the hook by itself, and never later', async () => {
    const place = await scene();
    await hold(place, 'a test');
    time.now = limit - 1;
    await place.step(HELD);
    time.now = limit;
    await expect(place.step({ ...HELD, attempt: 1 })).rejects.toMatchObject({
      name: 'HeldTooLong',
      message: expect.stringContaining('(a test)'),
    });
  });

  it('is not for one that was superseded', async () => {
    const place = await scene();
    await hold(place);
    await expect(place.step({ ...HELD, execution: 'another' })).rejects.toMatchObject({ name: 'Superseded' });
  });
});
