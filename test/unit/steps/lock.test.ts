// A manager's wait for its turn, and what is sent under the lock: over a real table, with AWS's other services mocked.
import { DescribeAutoScalingGroupsCommand, DescribeLifecycleHooksCommand } from '@aws-sdk/client-auto-scaling';
import { SendCommandCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';

import { storeAndDeliver } from '../../../src/steps/deliver.ts';
import type { StepRequest } from '../../../src/steps/step.ts';
import { keys, ownerKey } from '../../../src/core/names.ts';
import { CA_DIGEST, EXECUTION, LEADER, MANAGER_INSTANCE, NODE_ID, NOW, SWARM_ID } from '../support/examples.ts';
import {
  useStepScene,
  accept,
  autoScaling,
  awsError,
  db,
  ports,
  raised,
  record,
  recorded,
  scene,
  sends,
  sentBy,
  ssm,
  time,
  woken,
} from '../support/step-scene.ts';

useStepScene();

const LOCK = { verb: 'lock', step: 'Lock' } satisfies Partial<StepRequest>;
const OTHER = 'i-0cccccccccccccccc';

type Scene = Awaited<ReturnType<typeof scene>>;
const clusterOf = ({ plan }: Scene): string => plan.cluster ?? '';
const held = async (place: Scene): Promise<unknown> => db.get(keys.membershipLock(clusterOf(place)));
const waiter = async (place: Scene): Promise<unknown> =>
  db.get(keys.membershipWaiter(clusterOf(place), place.plan.instance ?? ''));

describe('waiting for the membership lock', () => {
  it('ends at once where nobody has it, and nothing is sent', async () => {
    const place = await scene({ role: 'manager' });
    await place.step(LOCK);

    expect(woken()).toEqual(['token-0 ok']);
    expect(sends()).toEqual([]);
    expect(await held(place)).toMatchObject({ instance: place.plan.instance, leaseUntil: NOW + 120 });
    expect(await waiter(place)).toBeUndefined();
  });

  it('sleeps while another instance has it, and is woken by the release', async () => {
    const place = await scene({ role: 'manager' });
    const other = { cluster: clusterOf(place), instance: OTHER };
    await ports.lock.take(other, NOW);
    await place.step(LOCK);
    expect(woken()).toEqual([]);
    expect(await waiter(place)).toMatchObject({ taskToken: 'token-0', since: NOW });

    const woke: string[] = [];
    await ports.lock.release(other, NOW + 5, (taskToken) => Promise.resolve(woke.push(taskToken) > 0));
    expect(woke).toEqual(['token-0']);
    expect(await held(place)).toMatchObject({ instance: place.plan.instance });
  });

  it('keeps its place from look to look, with the newest task token', async () => {
    const place = await scene({ role: 'manager' });
    await ports.lock.take({ cluster: clusterOf(place), instance: OTHER }, NOW, NOW + 300);
    await place.step(LOCK);
    time.now = NOW + 91;
    await place.step({ ...LOCK, attempt: 1, taskToken: 'token-1' });

    expect(woken()).toEqual([]);
    expect(await waiter(place)).toMatchObject({ taskToken: 'token-1', since: NOW });
  });

  it('takes it from a holder that is gone, at the first look after its lease', async () => {
    const place = await scene({ role: 'manager' });
    await ports.lock.take({ cluster: clusterOf(place), instance: OTHER }, NOW, NOW + 100);
    await place.step(LOCK);
    time.now = NOW + 101;
    await place.step({ ...LOCK, attempt: 1, taskToken: 'token-1' });

    expect(woken()).toEqual(['token-1 ok']);
    expect(await waiter(place)).toBeUndefined();
  });

  it('ends at the deadline', async () => {
    const place = await scene({ role: 'manager' });
    time.now = NOW + 1740;

    await expect(place.step(LOCK)).rejects.toMatchObject({ name: 'DeadlineReached' });
  });

  it('before the founding is a wait for the founding, and after a look EC2 is to be asked of the founder', async () => {
    const place = await scene({ founded: false, role: 'manager' });
    // The scene's instance is the founder itself; a manager that waits is one that is not.
    const plan = { ...place.plan, route: 'join', founder: OTHER } as const;
    await place.step({ ...LOCK, plan });
    expect(woken()).toEqual([]);

    await expect(place.step({ ...LOCK, plan, attempt: 1 })).rejects.toMatchObject({ name: 'NotFounded' });
    expect(await held(place)).toBeUndefined();
    expect(await place.item()).toMatchObject({ phase: 'launching' });
  });
});

const wanted = (desired: number): void => {
  const Tags = [{ Key: 'skep:role', Value: 'manager' }];
  const group = { AutoScalingGroupName: 'managers', DesiredCapacity: desired, Tags } as never;
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [group] });
  autoScaling.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [{}] });
};

describe('the number of managers that the groups want', () => {
  it.each<[number, string[]]>([
    [1, []],
    [2, ['EvenManagers']],
    [3, []],
    [4, ['EvenManagers']],
  ])('%i: a person is told %j', async (desired, told) => {
    const place = await scene({ role: 'manager' });
    wanted(desired);
    await place.step(LOCK);

    expect([raised, woken()]).toEqual([told, ['token-0 ok']]);
  });
});

describe('a manager that is to go', () => {
  const others = ['i-0dddddddddddddddd', 'i-0eeeeeeeeeeeeeeee'];
  /** One of three managers: the founder, itself, and another. */
  const leaving = async (): Promise<Scene> => {
    const place = await scene({ kind: 'terminate', role: 'manager' });
    for (const instance of [place.plan.instance ?? '', ...others.slice(0, 1)]) {
      await record(clusterOf(place), { instance, nodeId: instance, address: '10.0.1.12:2377' });
    }
    return place;
  };

  it('takes its turn when the groups want no more than are left', async () => {
    const place = await leaving();
    wanted(2);
    await place.step(LOCK);

    expect(woken()).toEqual(['token-0 ok']);
    expect(await held(place)).toMatchObject({ instance: place.plan.instance });
  });

  it('waits for its replacement without the lock, and is told when one was confirmed', async () => {
    const place = await leaving();
    wanted(3);
    await place.step(LOCK);
    expect([woken(), await held(place), await waiter(place)]).toEqual([[], undefined, undefined]);
    expect(await db.waiters.take(clusterOf(place), 'manager')).toEqual(['token-0']);

    await record(clusterOf(place), { instance: others[1] ?? '', nodeId: 'd', address: '10.0.1.14:2377' });
    await place.step({ ...LOCK, attempt: 1, taskToken: 'token-1' });
    expect(woken()).toEqual(['token-1 ok']);
    expect(await held(place)).toMatchObject({ instance: place.plan.instance });
  });

  it('when its instance is gone waits for nobody, and comes before all others', async () => {
    const place = await leaving();
    wanted(3);
    await ports.lock.take({ cluster: clusterOf(place), instance: OTHER }, NOW);
    await place.step({ ...LOCK, force: true });

    expect(await waiter(place)).toMatchObject({ since: 0 });
  });

  it('that was refused gives the lock back, and asks again only after a look', async () => {
    const place = await leaving();
    wanted(2);
    await place.step(LOCK);
    await place.step({ ...LOCK, refused: true, taskToken: 'token-1' });
    expect([woken(), await held(place)]).toEqual([['token-0 ok'], undefined]);

    await place.step({ ...LOCK, refused: true, attempt: 1, taskToken: 'token-2' });
    expect(woken()).toEqual(['token-0 ok', 'token-2 ok']);
  });

  it('is demoted only if as many are left as are wanted, and then is on record no more', async () => {
    const place = await leaving();
    const { cluster = '', instance = '' } = place.plan;
    wanted(2);
    await place.step(LOCK);
    await place.step({ verb: 'demote', step: 'Demote' });
    expect(sends()[0]?.Parameters).toMatchObject({ least: ['2'], instanceId: [instance] });

    const key = { cluster, instance, owner: ownerKey(EXECUTION), belongsTo: 'node' as const, step: 'Demote', try: 1 };
    await ports.lock.queue({ cluster, instance: OTHER }, 'of the next', NOW, NOW);
    await storeAndDeliver(ports, {
      key,
      verb: 'demote',
      ...sentBy(),
      outcome: { ok: true, output: { member: true } },
      now: NOW,
    });
    const after = await recorded(cluster);
    expect(after?.managers.map((one) => one.instance)).toEqual([MANAGER_INSTANCE, others[0]]);
    expect(woken()).toEqual(['token-0 ok', 'of the next ok', 'token-0 ok']);
  });
});

describe('what is sent under the membership lock', () => {
  it('makes its lease longer than the command can live', async () => {
    const place = await scene({ role: 'manager' });
    await place.step(LOCK);
    time.now = NOW + 10;
    await place.step();

    expect(sends()).toHaveLength(1);
    expect(await held(place)).toMatchObject({ leaseUntil: NOW + 10 + 330 });
  });

  it('is not sent when another instance has the lock by now', async () => {
    const place = await scene({ role: 'manager' });
    await ports.lock.take({ cluster: clusterOf(place), instance: OTHER }, NOW);

    await expect(place.step()).rejects.toMatchObject({ name: 'LockTaken' });
    expect(sends()).toEqual([]);
  });
});

describe('a manager that is confirmed', () => {
  const confirmed = async (place: Scene): Promise<void> => {
    const { cluster = '', instance = '' } = place.plan;
    const key = { cluster, instance, owner: ownerKey(EXECUTION), belongsTo: 'node' as const, step: 'Confirm', try: 1 };
    await place.ended({ ok: true, output: { nodeId: NODE_ID, address: '10.0.1.12:2377', zone: 'eu-west-1a' } });
    await place.step({ verb: 'confirm', step: 'Confirm', node: { nodeId: NODE_ID, zone: 'a', address: 'none' } });
    await storeAndDeliver(ports, {
      key,
      verb: 'confirm',
      ...sentBy(),
      outcome: { ok: true, output: {} },
      now: time.now,
    });
  };

  it('is on record, and gives the lock to the next', async () => {
    const place = await scene({ role: 'manager' });
    await place.step(LOCK);
    await place.step();
    const next = { cluster: clusterOf(place), instance: OTHER };
    await ports.lock.queue(next, 'of the next', NOW, NOW);
    await confirmed(place);

    const after = await recorded(clusterOf(place));
    expect(after?.managers.map(({ instance }) => instance)).toEqual([MANAGER_INSTANCE, place.plan.instance]);
    expect(after).toMatchObject({ leader: LEADER.leader, term: 2 });
    expect(await held(place)).toMatchObject({ instance: OTHER });
    expect(woken()).toEqual(['token-0 ok', 'token-0 ok', 'of the next ok', 'token-0 ok']);
  });

  it('leaves nobody holding the lock when nobody waits', async () => {
    const place = await scene({ role: 'manager' });
    await place.step(LOCK);
    await place.step();
    await confirmed(place);

    expect(await held(place)).toBeUndefined();
  });
});

describe('a manager that cannot be reached', () => {
  it('is not asked twice: the next try goes to the next manager', async () => {
    const place = await scene();
    await record(clusterOf(place), { instance: OTHER, nodeId: 'b', address: '10.0.1.12:2377' });
    const { managers } = (await recorded(clusterOf(place))) ?? { managers: [] };
    const plan = { ...place.plan, swarm: { swarmId: SWARM_ID, caDigest: CA_DIGEST, managers } };
    const drain = { verb: 'drain', step: 'Drain', plan } as const;
    ssm.on(SendCommandCommand).rejectsOnce(awsError('InvalidInstanceId')).callsFake(accept);
    await expect(place.step(drain)).rejects.toMatchObject({ name: 'CommandUndelivered' });
    await place.step({ ...drain, attempt: 1 });

    const targets = sends().flatMap(({ InstanceIds }) => InstanceIds ?? []);
    expect(new Set(targets)).toEqual(new Set([MANAGER_INSTANCE, OTHER]));
    expect(await place.item()).toMatchObject({ try: 2 });
  });
});
