// The end of a swarm with its last manager: over a real table, with AWS's other services mocked, and each call that may fail.
import { DescribeAutoScalingGroupsCommand, DescribeLifecycleHooksCommand } from '@aws-sdk/client-auto-scaling';
import { DeleteParameterCommand } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { endSwarm } from '../../../src/coordination/end-swarm.ts';
import { allowErasure } from '../../../src/operations/erase.ts';
import type { StepRequest } from '../../../src/steps/step.ts';
import { keys } from '../../../src/core/names.ts';
import { EXECUTION, LEADER, NOW, SWARM_ID } from '../support/examples.ts';
import {
  useStepScene,
  autoScaling,
  awsError,
  db,
  ports,
  scene,
  sends,
  ssm,
  time,
  woken,
} from '../support/step-scene.ts';

useStepScene();

type Scene = Awaited<ReturnType<typeof scene>>;

const LOCK = { verb: 'lock', step: 'Lock' } satisfies Partial<StepRequest>;
const LEAVE = { verb: 'leave', step: 'LeaveLast', last: true } satisfies Partial<StepRequest>;
const ERASE = { verb: 'erase', step: 'Erase' } satisfies Partial<StepRequest>;
const clusterOf = ({ plan }: Scene): string => plan.cluster ?? '';
const stateOf = (place: Scene) => db.get(keys.state(clusterOf(place)));
const deleted = () => ssm.commandCalls(DeleteParameterCommand).map(({ args }) => args[0].input.Name);

/** The groups of the cluster: what they want, and who is in them. */
function groups(
  ...of: { readonly role: string; readonly desired: number; readonly instances: readonly string[] }[]
): void {
  const AutoScalingGroups = of.map(({ role, desired, instances }, index) => ({
    AutoScalingGroupName: `g${index}`,
    DesiredCapacity: desired,
    Instances: instances.map((InstanceId) => ({ InstanceId, LifecycleState: 'InService' })),
    Tags: [{ Key: 'skep:role', Value: role }],
  }));
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: AutoScalingGroups as never });
}

async function last(): Promise<Scene & { readonly cluster: string; readonly instance: string }> {
  const place = await scene({ kind: 'terminate', role: 'manager' });
  const instance = place.plan.instance ?? '';
  groups({ role: 'manager', desired: 0, instances: [instance] });
  return { ...place, cluster: clusterOf(place), instance };
}
const word = (cluster: string, seconds = 3600) => allowErasure(ports, cluster, seconds, time.now);

beforeEach(() => {
  autoScaling.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [{}] as never });
  ssm.on(DeleteParameterCommand).resolves({});
});

describe('the word', () => {
  it('is of this swarm, and for a while', async () => {
    const { cluster } = await last();
    expect(await word(cluster, 600)).toMatchObject({ kind: 'given', erasure: { swarmId: SWARM_ID, until: NOW + 600 } });
    expect(await ports.erasures.takeBack(cluster)).toBe(true);
    expect(await ports.erasures.takeBack(cluster)).toBe(false);
    expect(await db.get(keys.state(cluster))).not.toHaveProperty('erase');
  });

  it('is not taken of a cluster that is none, that has no swarm, or that has workers', async () => {
    expect(await word('nobody')).toEqual({ kind: 'unknown' });
    const unfounded = await scene({ founded: false });
    expect(await word(clusterOf(unfounded))).toEqual({ kind: 'unfounded' });
    const { cluster, instance } = await last();
    groups({ role: 'manager', desired: 1, instances: [instance] }, { role: 'worker', desired: 0, instances: ['i-1'] });
    expect(await word(cluster)).toEqual({ kind: 'workers', workers: ['i-1 of g1'] });
    expect(await db.get(keys.state(cluster))).not.toHaveProperty('erase');
  });
});

describe('the last manager', () => {
  it('goes with its swarm by the word, which has no end from then on', async () => {
    const place = await last();
    await word(place.cluster);
    await place.step(LOCK);
    expect(await stateOf(place)).toMatchObject({ erase: { begun: place.instance } });
    time.now = NOW + 1700;
    await place.step({ ...LOCK, taskToken: 'token-1' });
    expect(woken()).toEqual(['token-0 ok', 'token-1 ok']);
  });

  it.each(['nobody has said it', 'it was taken back', 'a worker is left', 'a manager is wanted', 'it is held'])(
    'waits while %s',
    async (what) => {
      const place = await last();
      if (what !== 'nobody has said it') await word(place.cluster);
      if (what === 'it was taken back') await ports.erasures.takeBack(place.cluster);
      if (what === 'a worker is left') groups({ role: 'worker', desired: 0, instances: [place.instance, 'i-1'] });
      if (what === 'a manager is wanted') groups({ role: 'manager', desired: 1, instances: [place.instance] });
      if (what === 'it is held') await ports.holds.place(place.cluster, '', NOW);
      // Of the founder of the scene nothing is left.
      const alone = { ...LEADER.leader, instance: place.instance };
      await db.table.changeLeader(place.cluster, NOW, () => ({ leader: alone, managers: [alone] }));
      await place.step(LOCK);
      expect(woken()).toEqual([]);
      expect((await stateOf(place))?.['erase'] ?? {}).not.toHaveProperty('begun');
    },
  );

  it('that was woken for its turn when the others had gone sends nothing to itself, and gives the lock back', async () => {
    const place = await last();
    const alone = { ...LEADER.leader, instance: place.instance };
    await db.table.changeLeader(place.cluster, NOW, () => ({ leader: alone, managers: [alone] }));
    await ports.lock.take({ cluster: place.cluster, instance: place.instance }, NOW);
    await expect(place.step({ verb: 'demote', step: 'Demote' })).rejects.toMatchObject({ name: 'OnlyManager' });
    expect(sends()).toEqual([]);
    expect(await db.get(keys.membershipLock(place.cluster))).toBeUndefined();
  });

  it('is told so under the membership lock', async () => {
    const place = await last();
    await place.step(LEAVE);
    expect(sends()[0]?.Parameters).toMatchObject({ depart: ['last'] });
    expect(await db.get(keys.membershipLock(place.cluster))).toMatchObject({ instance: place.instance });
  });
});

describe('the end of the swarm', () => {
  it('makes the cluster new: no tokens, no leader, no founder, and the lock is free', async () => {
    const place = await last();
    const { cluster } = place;
    await place.step(LEAVE);
    await place.step(ERASE);
    expect(deleted()).toEqual([`/skep/dev/${cluster}/join-token/worker`, `/skep/dev/${cluster}/join-token/manager`]);
    const state = await stateOf(place);
    expect(state).toMatchObject({ status: 'new' });
    for (const key of ['swarmId', 'caDigest', 'epoch', 'erase']) expect(state).not.toHaveProperty(key);
    for (const key of [keys.leader(cluster), keys.founder(cluster), keys.membershipLock(cluster)]) {
      expect(await db.get(key)).toBeUndefined();
    }
    expect(await place.item()).toMatchObject({ phase: 'gone' });
    expect(await db.get(keys.config(cluster))).toBeDefined();
    expect(woken()).toEqual(['token-0 ok']);
  });

  it('twice does nothing more: whoever founds meanwhile keeps the tokens', async () => {
    const place = await last();
    await place.step(ERASE);
    const before = deleted().length;
    await place.step({ ...ERASE, taskToken: 'token-1', attempt: 1 });
    expect(deleted()).toHaveLength(before);
    expect(woken()).toEqual(['token-0 ok', 'token-1 ok']);
  });

  it('goes on where it died: tokens that are deleted are no error, and the state is the last that changes', async () => {
    const place = await last();
    ssm.on(DeleteParameterCommand).resolvesOnce({}).rejectsOnce(awsError('ThrottlingException'));
    await expect(place.step(ERASE)).rejects.toThrow('Throttling');
    expect(await stateOf(place)).toMatchObject({ status: 'founded' });
    ssm.on(DeleteParameterCommand).rejects(awsError('ParameterNotFound'));
    await place.step({ ...ERASE, attempt: 1 });
    expect(await stateOf(place)).toMatchObject({ status: 'new' });
  });

  it('is not recorded by an execution that has lost the instance, and deletes none of what another swarm has', async () => {
    const place = await last();
    const end = { cluster: place.cluster, last: { instance: place.instance, owner: 'somebody' }, now: NOW };
    expect(await endSwarm(ports, { ...end, swarmId: SWARM_ID })).toBe(false);
    expect(await stateOf(place)).toMatchObject({ status: 'founded' });
    const before = deleted().length;
    expect(await endSwarm(ports, { ...end, swarmId: 'another' })).toBe(true);
    expect(deleted()).toHaveLength(before);
    expect(await stateOf(place)).toMatchObject({ status: 'founded', swarmId: SWARM_ID });
  });

  it('waits under a hold', async () => {
    const place = await last();
    await ports.holds.place(place.cluster, '', NOW);
    await ports.holds.mark(place.cluster, { since: NOW, because: '' });
    await expect(place.step({ ...ERASE, execution: EXECUTION })).rejects.toMatchObject({ name: 'Held' });
    expect(await stateOf(place)).toMatchObject({ status: 'founded' });
  });
});
