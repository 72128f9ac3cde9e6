// Nodes are confirmed, drained, left and forgotten, as often as a command may be repeated, and in no other order.
import { expect } from '@jest/globals';

import type { Chapter } from '../contract.ts';
import { FOUNDER, instance, lines } from '../scene.ts';
import { create, docker } from '../service-commands.ts';

const [ONE, TWO, NOBODY] = [instance(2), instance(3), instance(99)];

export const leaving: Chapter = {
  title: 'confirming and leaving',
  begin: (scene) => scene.found(2),
  stories: [
    {
      // An instance could have another's node confirmed as its own, as long as nobody had labelled it.
      name: 'confirm takes a node for the instance at whose address the managers see it, and for no other',
      tell: async (scene) => {
        const { address = '' } = (await scene.node(ONE)) ?? {};
        expect(address).toMatch(/^[0-9.]{7,}$/);
        const elsewhere = { ...scene.forConfirm(ONE), addresses: '192.0.2.1,-' };
        expect(await scene.failure(FOUNDER, 'confirm', elsewhere)).toBe('OtherAddress');
        expect((await scene.node(ONE))?.labels).toEqual({});
        await scene.ok(FOUNDER, 'confirm', { ...scene.forConfirm(ONE), addresses: `192.0.2.1,${address}` });
        // Its label says from now on whose it is.
        await scene.ok(FOUNDER, 'confirm', elsewhere);
        // A manager is known by the address at which the others reach it.
        const [ip = ''] = scene.swarm.address.split(':');
        const founder = { ...scene.forConfirm(FOUNDER), availability: 'drain' };
        expect(await scene.failure(FOUNDER, 'confirm', { ...founder, addresses: '192.0.2.1' })).toBe('OtherAddress');
        await scene.ok(FOUNDER, 'confirm', { ...founder, addresses: ip });
      },
    },
    {
      // An instance could have another's node taken out, as long as nobody had labelled it.
      name: 'what takes a node out leaves one alone that bears no label and is at no address of the instance',
      tell: async (scene) => {
        const { address = '' } = (await scene.node(TWO)) ?? {};
        expect((await scene.node(TWO))?.labels).toEqual({});
        const named = { instanceId: NOBODY, nodeId: scene.nodeOf(TWO) };
        const elsewhere = { ...named, addresses: '192.0.2.1' };
        const left = { member: false, left: `${scene.nodeOf(TWO)} at ${address}` };
        for (const addresses of ['none', '192.0.2.1']) {
          expect(await scene.ok(FOUNDER, 'drain', { ...named, addresses })).toEqual(left);
        }
        expect(await scene.ok(FOUNDER, 'forget', { ...elsewhere, force: 'yes' })).toEqual({
          ...left,
          ...{ removed: false, forced: false },
        });
        const demote = { address: 'none', least: '1' };
        expect(await scene.ok(FOUNDER, 'demote', { ...elsewhere, ...demote })).toEqual(left);
        // Before EC2 was asked it says where the node is seen.
        const unasked = { ...named, addresses: 'unasked' };
        expect(await scene.failure(FOUNDER, 'drain', unasked)).toBe('OtherAddress');
        expect(await scene.failure(FOUNDER, 'forget', { ...unasked, force: 'yes' })).toBe('OtherAddress');
        expect(await scene.failure(FOUNDER, 'demote', { ...unasked, ...demote })).toBe('OtherAddress');
        expect(await scene.node(TWO)).toMatchObject({ availability: 'drain', labels: {} });
      },
    },
    {
      // Simulated confirm wrote no skep.instance of its own accord; the script does, whatever labels it is given.
      name: 'confirm labels and activates in one update, and says which instance it is',
      tell: async (scene) => {
        const labels = { labels: 'tier=web,skep.role=worker' };
        for (let times = 0; times < 2; times += 1) {
          const output = await scene.ok(FOUNDER, 'confirm', { ...scene.forConfirm(ONE), ...labels });
          expect(output).toMatchObject({ nodeId: scene.nodeOf(ONE), status: 'ready' });
        }
        expect(await scene.node(ONE)).toMatchObject({
          availability: 'active',
          labels: { 'skep.instance': ONE, 'skep.role': 'worker', tier: 'web' },
        });
      },
    },
    {
      // What a person has drained or paused since stays so: a launch event may come again, as after a standby.
      name: 'confirm keeps labels of others, and sets the availability only the first time',
      tell: async (scene) => {
        await scene.ok(FOUNDER, 'confirm', { ...scene.forConfirm(TWO, ',theirs=1'), availability: 'pause' });
        expect(await scene.node(TWO)).toMatchObject({ availability: 'pause' });
        await scene.ok(FOUNDER, 'confirm', scene.forConfirm(TWO, ',tier=db'));
        await scene.ok(FOUNDER, 'confirm', scene.forConfirm(TWO, ',tier=web'));
        expect(await scene.node(TWO)).toMatchObject({
          availability: 'pause',
          labels: { 'skep.instance': TWO, 'skep.role': 'worker', theirs: '1', tier: 'web' },
        });
        await docker(scene, 'node', 'update', '--availability', 'active', scene.nodeOf(TWO));
      },
    },
    {
      name: 'mend writes labels on many nodes, of the instances that are meant, and leaves all else as it is',
      tell: async (scene) => {
        const pairs = [ONE, TWO].map((who) => `${scene.nodeOf(who)}@${who}`);
        const strangers = [`${scene.nodeOf(ONE)}@${NOBODY}`, `${'z'.repeat(25)}@${NOBODY}`];
        const mend = {
          forget: 'none',
          restore: 'none',
          label: [...pairs, ...strangers].join(','),
          labels: 'rack=a/1,shelf=',
        };
        await docker(scene, 'node', 'update', '--availability', 'drain', scene.nodeOf(TWO));
        for (let times = 0; times < 2; times += 1) {
          expect(await scene.ok(FOUNDER, 'mend', mend)).toMatchObject({ labelled: 2, restored: 0, removed: 0 });
        }
        expect(await scene.node(TWO)).toMatchObject({
          availability: 'drain',
          labels: { 'skep.instance': TWO, theirs: '1', shelf: '', rack: 'a/1' },
        });
        await docker(scene, 'node', 'update', '--availability', 'active', scene.nodeOf(TWO));
      },
    },
    {
      name: 'a person drains a node and activates it again: its labels stay, and nobody else is meant',
      tell: async (scene) => {
        const two = { instanceId: TWO, nodeId: scene.nodeOf(TWO) };
        const before = (await scene.node(TWO))?.labels;
        const set = (availability: string) => scene.ok(FOUNDER, 'availability', { ...two, availability });
        expect(await set('drain')).toMatchObject({ was: 'active', availability: 'drain' });
        expect(await set('drain')).toMatchObject({ was: 'drain', availability: 'drain' });
        expect(await scene.node(TWO)).toMatchObject({ availability: 'drain', labels: before });
        expect(await set('active')).toMatchObject({ was: 'drain', availability: 'active' });
        const refused = (who: Readonly<Record<string, string>>) =>
          scene.failure(FOUNDER, 'availability', { ...two, ...who, availability: 'drain' });
        expect(await refused({ instanceId: NOBODY })).toBe('WrongInstance');
        expect(await refused({ nodeId: 'z'.repeat(25) })).toBe('UnknownNode');
        await docker(scene, 'node', 'update', '--label-add', 'skep.leaving=true', scene.nodeOf(TWO));
        expect(await refused({})).toBe('LeavingNode');
        await docker(scene, 'node', 'update', '--label-rm', 'skep.leaving', scene.nodeOf(TWO));
        expect(await scene.node(TWO)).toMatchObject({ availability: 'active', labels: before });
      },
    },
    {
      name: 'confirm says UnknownNode of a node that no manager knows',
      tell: async (scene) => {
        const unknown = { ...scene.forConfirm(NOBODY), nodeId: 'z'.repeat(25) };
        expect(await scene.failure(FOUNDER, 'confirm', unknown)).toBe('UnknownNode');
      },
    },
    {
      // Simulated managers took a node id on trust: the node of one instance could be drained in the name of another.
      name: 'nobody touches a node in the name of another instance',
      tell: async (scene) => {
        const who = { instanceId: NOBODY, nodeId: scene.nodeOf(ONE) };
        expect(await scene.failure(FOUNDER, 'confirm', { ...scene.forConfirm(ONE), ...who })).toBe('WrongInstance');
        expect(await scene.failure(FOUNDER, 'drain', who)).toBe('WrongInstance');
        expect(await scene.failure(FOUNDER, 'forget', { ...who, force: 'yes' })).toBe('WrongInstance');
      },
    },
    {
      name: 'drain and forget find no member for an instance that never joined',
      tell: async (scene) => {
        for (const nodeId of ['none', 'z'.repeat(25)]) {
          const who = { instanceId: NOBODY, nodeId };
          expect(await scene.ok(FOUNDER, 'drain', who)).toMatchObject({ member: false });
          expect(await scene.ok(FOUNDER, 'forget', { ...who, force: 'no' })).toMatchObject({
            member: false,
            removed: false,
            forced: false,
          });
        }
      },
    },
    {
      name: 'managers are neither drained, forgotten nor made to leave',
      tell: async (scene) => {
        await scene.ok(FOUNDER, 'confirm', { ...scene.forConfirm(FOUNDER), availability: 'drain' });
        expect(await scene.failure(FOUNDER, 'drain', scene.about(FOUNDER))).toBe('StillManager');
        const byLabel = { instanceId: FOUNDER, nodeId: 'none' };
        expect(await scene.failure(FOUNDER, 'drain', byLabel)).toBe('StillManager');
        expect(await scene.failure(FOUNDER, 'forget', { ...byLabel, force: 'yes' })).toBe('StillManager');
        expect(await scene.failure(FOUNDER, 'leave', scene.forLeave(FOUNDER, 'yes', 5))).toBe('StillManager');
      },
    },
    {
      // Simulated forget removed a node that took tasks, in the moment in which it had none.
      name: 'forget says TasksRunning of a node that is not drained, with or without tasks',
      tell: async (scene) => {
        expect(await scene.failure(FOUNDER, 'forget', { ...scene.about(ONE), force: 'no' })).toBe('TasksRunning');
      },
    },
    {
      name: 'drain finds the node by its id or by its label, marks it, and may be repeated',
      tell: async (scene) => {
        // Longer than all looks of a forget take on a busy host, some of which are a call of docker each: its tasks still run when it is forced.
        await scene.service('web', { replicas: 2, constraints: ['node.labels.tier==web'], stopGrace: 20 });
        await scene.untilTasks('web', ['2: running (running)', '3: running (running)']);
        for (const nodeId of ['none', scene.nodeOf(ONE), 'z'.repeat(25)]) {
          expect(await scene.ok(FOUNDER, 'drain', { instanceId: ONE, nodeId })).toMatchObject({
            member: true,
            nodeId: scene.nodeOf(ONE),
            status: 'ready',
          });
        }
        expect(await scene.node(ONE)).toMatchObject({
          availability: 'drain',
          labels: { 'skep.instance': ONE, 'skep.leaving': 'true', 'skep.role': 'worker', tier: 'web' },
        });
      },
    },
    {
      name: 'confirm says LeavingNode of a node that is marked',
      tell: async (scene) => {
        expect(await scene.failure(FOUNDER, 'confirm', scene.forConfirm(ONE))).toBe('LeavingNode');
      },
    },
    {
      // What a drained replica looks like to the managers while it stops: its successor is there, and waits (stop-first).
      name: 'a task that was told to stop runs on through its grace, and its successor waits for it',
      tell: async (scene) => {
        await scene.untilTasks('web', ['2: running (shutdown)', '3: ready (ready)', '3: running (running)']);
      },
    },
    {
      name: 'leave does not wait longer than it may, and says what still runs',
      tell: async (scene) => {
        const begun = scene.world.now();
        expect(await scene.ok(ONE, 'leave', scene.forLeave(ONE, 'no', 0))).toEqual({
          member: true,
          nodeId: scene.nodeOf(ONE),
          drained: false,
          containers: 1,
          plain: 0,
        });
        expect(scene.world.now() - begun).toBeLessThan(4000);
      },
    },
    {
      // Simulated leaves and manager verbs queued behind one lock.
      name: 'leave waits until the containers are gone, and does not hold up others',
      tell: async (scene) => {
        const done = { member: true, nodeId: scene.nodeOf(ONE), drained: true, containers: 0, plain: 0 };
        const leaves = [1, 2].map(() => scene.ok(ONE, 'leave', scene.forLeave(ONE, 'no', 30)));
        expect(await Promise.all(leaves)).toEqual([done, done]);
        await scene.untilTasks('web', ['2: shutdown (shutdown)', '3: running (running)', '3: running (running)']);
      },
    },
    {
      // Simulated forget did not tell the node that it forgot.
      name: 'forget removes a drained node whose tasks have ended, and finds none the second time',
      tell: async (scene) => {
        const forget = { ...scene.about(ONE), force: 'no' };
        expect(await scene.ok(FOUNDER, 'forget', forget)).toMatchObject({
          member: true,
          nodeId: scene.nodeOf(ONE),
          removed: true,
          forced: false,
        });
        expect(await scene.ok(FOUNDER, 'forget', forget)).toMatchObject({
          member: false,
          removed: false,
          forced: false,
        });
        expect(await scene.ok(FOUNDER, 'drain', scene.about(ONE))).toMatchObject({ member: false });
        expect(await scene.failure(FOUNDER, 'confirm', scene.forConfirm(ONE))).toBe('UnknownNode');
        const { nodes, total } = await scene.ok(FOUNDER, 'inspect', { offset: '0' });
        expect(total).toBe(2);
        expect(lines(nodes)).toContain(`${scene.nodeOf(TWO)} worker ready active ${TWO} - - - - -`);
      },
    },
    {
      // A real engine does not notice that its node was removed: watched for 50 s, it stayed active under its old id.
      name: 'an engine whose node was removed calls itself a member, until it departs and joins as a new node',
      tell: async (scene) => {
        const [before, later] = [scene.nodeOf(ONE), { notAfter: scene.seconds() + 900 }];
        expect(await scene.ok(ONE, 'join', scene.forJoin(ONE), later)).toMatchObject({ nodeId: before });
        expect(await scene.failure(FOUNDER, 'confirm', scene.forConfirm(ONE))).toBe('UnknownNode');
        const left = await scene.ok(ONE, 'leave', scene.forLeave(ONE, 'yes', 5));
        expect(left).toMatchObject({ member: true, nodeId: before });
        const again = await scene.ok(ONE, 'join', scene.forJoin(ONE), later);
        expect(again.nodeId).not.toBe(before);
        scene.nodes.set(ONE, again.nodeId);
        expect(await scene.node(ONE)).toMatchObject({ status: 'ready', availability: 'drain', labels: {} });
      },
    },
    {
      // By its label forget would find what the instance has joined as since: a node at work, removed for one that is gone.
      name: 'forget by the id of a node that is gone never removes its successor of the same instance',
      tell: async (scene) => {
        await scene.ok(FOUNDER, 'confirm', scene.forConfirm(ONE));
        const successor = scene.nodeOf(ONE);
        for (const force of ['no', 'yes']) {
          const gone = { instanceId: ONE, nodeId: 'z'.repeat(25), force };
          expect(await scene.ok(FOUNDER, 'forget', gone)).toMatchObject({
            member: false,
            removed: false,
            forced: false,
          });
        }
        expect(await scene.node(ONE)).toMatchObject({
          nodeId: successor,
          availability: 'active',
          labels: { 'skep.instance': ONE },
        });
        // Without an id it is found by its label, and refused as long as it is at work.
        const byLabel = { instanceId: ONE, nodeId: 'none', force: 'no' };
        expect(await scene.failure(FOUNDER, 'forget', byLabel)).toBe('TasksRunning');
      },
    },
    {
      name: 'forget says TasksRunning after a few seconds, and force removes the node with its tasks',
      tell: async (scene) => {
        await scene.ok(FOUNDER, 'drain', scene.about(TWO));
        const begun = scene.world.now();
        expect(await scene.failure(FOUNDER, 'forget', { ...scene.about(TWO), force: 'no' })).toBe('TasksRunning');
        expect(scene.world.now() - begun).toBeGreaterThan(4500);
        expect(await scene.ok(FOUNDER, 'forget', { ...scene.about(TWO), force: 'yes' })).toMatchObject({
          member: true,
          nodeId: scene.nodeOf(TWO),
          removed: true,
          forced: true,
        });
        const states = await scene.tasks('web');
        expect(states.filter((state) => state.startsWith('3:'))).toEqual([
          '3: orphaned (shutdown)',
          '3: orphaned (shutdown)',
        ]);
      },
    },
  ],
};

/** Seen in an instance refresh: a demoted manager is a worker for a moment, and what is global gets a task there before the drain. */
export const leavingUnfit: Chapter = {
  title: 'leaving with a task that never fitted',
  begin: async (scene) => {
    await scene.found(1);
    await scene.confirm(ONE);
  },
  stories: [
    {
      name: 'a global task that does not fit has its node all the same, waits there, and still does when it is to be shut down',
      tell: async (scene) => {
        const everywhere = ['--mode', 'global', '--constraint', 'node.role==worker'];
        const port = ['--publish', 'mode=host,published=8080,target=80'];
        await create(scene, 'first', [...everywhere, ...port]);
        await scene.untilTasks('first', ['2: running (running)']);
        await create(scene, 'second', [...everywhere, ...port]);
        await scene.untilTasks('second', ['2: pending (running)']);
        await scene.ok(FOUNDER, 'drain', scene.about(ONE));
        await scene.untilTasks('first', ['2: shutdown (shutdown)']);
        expect(await scene.tasks('second')).toEqual(['2: pending (shutdown)']);
      },
    },
    {
      // The script waited for its end, until the deadline of each node that left.
      name: 'forget does not wait for what was never assigned',
      tell: async (scene) => {
        const gone = { member: true, nodeId: scene.nodeOf(ONE), removed: true, forced: false };
        expect(await scene.ok(FOUNDER, 'forget', { ...scene.about(ONE), force: 'no' })).toMatchObject(gone);
      },
    },
  ],
};
