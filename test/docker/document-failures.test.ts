import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  Bench,
  TOKEN_KEY,
  initParameters,
  instance,
  joinParameters,
  nodeSchema,
  recoverParameters,
  seconds,
  swarmSchema,
  until,
} from './support/bench.ts';
import type { Swarm } from './support/bench.ts';
import { VERBS } from './support/documents.ts';

/** Of the slow cases. */
const AT_ONCE = 3;

describe('a document that cannot do its work', () => {
  const bench = new Bench();
  const [founder, worker] = [instance(1), instance(2)];
  let swarm: Swarm;
  const stateOf = (on: string) => bench.machines.shell(on, "docker info --format '{{.Swarm.LocalNodeState}}'");
  const leaving = (instanceId: string): Record<string, string> => ({
    instanceId,
    depart: 'no',
    waitUntil: String(seconds()),
  });
  /** A new instance that the join fails on. */
  const failsToJoin = async (number: number, change: Record<string, string> = {}, prepare = ':'): Promise<string> => {
    const instanceId = instance(number);
    await bench.launch(instanceId);
    await bench.machines.shell(instanceId, prepare);
    return bench.failure(instanceId, 'join', { ...joinParameters(instanceId, swarm), ...change });
  };

  // Half of what can fail takes its time to do so. These cases have instances of their own, and go on beside the others, a few at a time: nine
  // engines that start at once leave none of them the time that its document has.
  const slow = new Map<string, () => Promise<unknown>>();
  const begun = new Map<string, Promise<unknown>>();
  const slowly = (name: string, check: () => Promise<unknown>): void => {
    slow.set(name, check);
    it(name, async () => {
      await begun.get(name);
    });
  };

  beforeAll(async () => {
    await bench.machines.open();
    await Promise.all([founder, worker].map((instanceId) => bench.launch(instanceId)));
    swarm = swarmSchema.parse(await bench.ok(founder, 'init', initParameters(founder)));
    await bench.ok(worker, 'join', joinParameters(worker, swarm));
    const lanes: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    for (const [index, [name, check]] of [...slow].entries()) {
      const lane = index % AT_ONCE;
      const checking = (lanes[lane] ?? Promise.resolve()).then(check);
      begun.set(name, checking);
      // Its test awaits it; until then a failure must not count as one that nobody sees.
      lanes[lane] = checking.catch(() => undefined);
    }
  });

  afterAll(async () => {
    await Promise.allSettled(begun.values());
    await bench.machines.close();
  });

  it.each(VERBS)('says Expired when %s comes after its time', async (verb) => {
    const nodeId = swarm.nodeId;
    const parameters: Record<typeof verb, Record<string, string>> = {
      init: initParameters(founder),
      prepare: { instanceId: founder },
      join: joinParameters(founder, swarm),
      confirm: { instanceId: founder, nodeId, labels: 'a=b', availability: 'active' },
      demote: { instanceId: founder, nodeId, address: 'none', least: '0' },
      drain: { instanceId: founder, nodeId },
      leave: leaving(founder),
      forget: { instanceId: founder, nodeId, force: 'no' },
      inspect: { offset: '0' },
      mend: { forget: 'none', restore: 'none' },
      survey: { instanceId: founder },
      fence: { instanceId: founder },
      recover: recoverParameters(founder, swarm),
      rotate: { stage: 'dev', tokenKey: TOKEN_KEY },
      shift: { changes: 'none', tell: 'nodes' },
      availability: { instanceId: founder, nodeId, availability: 'drain' },
    };
    expect(await bench.failure(founder, verb, parameters[verb], { notAfter: seconds() - 1 })).toBe('Expired');
    expect(await bench.machines.shell(founder, 'ls /run/skep')).not.toContain('leaving');
  });

  it('says NotManager on a worker', async () => {
    expect(await bench.failure(worker, 'inspect', { offset: '0' })).toBe('NotManager');
    const who = { instanceId: worker, nodeId: 'none' };
    expect(await bench.failure(worker, 'demote', { ...who, address: 'none', least: '0' })).toBe('NotManager');
    expect(await bench.failure(worker, 'drain', who)).toBe('NotManager');
    expect(await bench.failure(worker, 'forget', { ...who, force: 'no' })).toBe('NotManager');
  });

  it('says UnknownNode for a node that no manager knows, and finds no member', async () => {
    const who = { instanceId: instance(99), nodeId: 'z'.repeat(25) };
    const unknown = { ...who, labels: 'a=b', availability: 'active' };
    expect(await bench.failure(founder, 'confirm', unknown)).toBe('UnknownNode');
    expect(await bench.ok(founder, 'drain', who)).toEqual({ member: false });
  });

  it('says WrongInstance on another instance than meant', async () => {
    expect(await bench.failure(worker, 'prepare', { instanceId: instance(9) })).toBe('WrongInstance');
    expect(await bench.failure(worker, 'join', joinParameters(instance(9), swarm))).toBe('WrongInstance');
    expect(await bench.failure(worker, 'leave', leaving(instance(9)))).toBe('WrongInstance');
    expect(await bench.machines.shell(worker, 'ls /run/skep')).not.toContain('leaving');
  });

  it('says ForeignSwarm for a node of another swarm, and founds none where there is one', async () => {
    const foreign = { ...joinParameters(worker, swarm), swarmId: 'a'.repeat(25) };
    expect(await bench.failure(worker, 'join', foreign)).toBe('ForeignSwarm');
    expect(await bench.failure(worker, 'init', initParameters(worker))).toBe('ForeignSwarm');
  });

  it('says ForeignToken before it uses a token of another swarm', async () => {
    expect(await failsToJoin(11, { caDigest: 'b'.repeat(50) })).toBe('ForeignToken');
    expect((await stateOf(instance(11))).trim()).toBe('inactive');
  });

  it('says JoinTokenUnreadable where the parameter is not there', async () => {
    expect(await failsToJoin(12, { stage: 'other' })).toBe('JoinTokenUnreadable');
  });

  it('says MetadataUnavailable where the instance has none', async () => {
    bench.aws.withoutMetadata.add(instance(13));
    expect(await failsToJoin(13)).toBe('MetadataUnavailable');
  });

  it('says ToolMissing, and which', async () => {
    const instanceId = instance(14);
    await bench.launch(instanceId);
    await bench.machines.shell(instanceId, 'rm /usr/bin/openssl');
    const { stdout, exitCode } = await bench.run(instanceId, 'join', joinParameters(instanceId, swarm));
    expect([exitCode, stdout]).toEqual([24, '{"error":"ToolMissing","message":"openssl is not installed"}\n']);
  });

  it('says DockerMissing or CloudInitFailed where nothing will install it, at once', async () => {
    const [never, broken] = [instance(15), instance(16)];
    await Promise.all([bench.launch(never, Infinity), bench.launch(broken, Infinity)]);
    expect(await bench.failure(never, 'join', joinParameters(never, swarm))).toBe('DockerMissing');
    await bench.machines.shell(broken, 'echo "exit 1" >/usr/bin/cloud-init');
    expect(await bench.failure(broken, 'join', joinParameters(broken, swarm))).toBe('CloudInitFailed');
    expect(await bench.ok(never, 'leave', leaving(never))).toMatchObject({ member: false, containers: 0 });
  });

  slowly(
    'says AddressPoolOverlap before it founds anything, and JoinTokenUnpublished after it, which can be repeated',
    async () => {
      const instanceId = instance(10);
      const init = (pool: string) => ({ ...initParameters(instanceId, pool), cluster: 'other' });
      await bench.launch(instanceId);
      for (const pool of ['10.0.0.0/8', '10.77.0.128/25', '10.77.0.0/24', '172.16.0.0/12', '172.17.3.0/24']) {
        const error = await bench.failure(instanceId, 'init', init(pool));
        expect([pool, error]).toEqual([pool, 'AddressPoolOverlap']);
      }
      expect((await stateOf(instanceId)).trim()).toBe('inactive');
      bench.aws.throttled.set(instanceId, 100);
      expect(await bench.failure(instanceId, 'init', init('10.78.0.0/16'))).toBe('JoinTokenUnpublished');
      bench.aws.throttled.delete(instanceId);
      expect(await bench.ok(instanceId, 'init', init('10.78.0.0/16'))).toMatchObject({ founded: false });
    },
  );

  slowly('says Busy when another holds the lock, while those that only ask share it', async () => {
    const instanceId = instance(22);
    await bench.launch(instanceId);
    const own = { ...initParameters(instanceId), cluster: 'busy' };
    await bench.ok(instanceId, 'init', own);
    await bench.machines.shell(instanceId, 'flock -s /run/skep/lock sleep 300 >/dev/null 2>&1 &');
    await bench.ok(instanceId, 'inspect', { offset: '0' });
    await bench.machines.shell(instanceId, 'pkill sleep; flock -x /run/skep/lock sleep 300 >/dev/null 2>&1 &');
    await sleep(500);
    expect(await bench.failure(instanceId, 'inspect', { offset: '0' })).toBe('Busy');
  });

  slowly('waits for the user data that installs Docker', async () => {
    const instanceId = instance(17);
    await bench.launch(instanceId, 2500);
    expect(await bench.ok(instanceId, 'join', joinParameters(instanceId, swarm))).toHaveProperty('nodeId');
  });

  slowly('says DockerDown when Docker does not answer in time, and a leave does not wait for it for long', async () => {
    const instanceId = instance(18);
    await bench.launch(instanceId);
    const line = 'until [ -e /run/docker.sock ]; do sleep 0.1; done; kill -STOP "$(cat /run/docker.pid)"';
    await bench.machines.shell(instanceId, line);
    const join = bench.failure(instanceId, 'join', joinParameters(instanceId, swarm), { executionTimeout: 25 });
    expect(await join).toBe('DockerDown');
    expect(await bench.failure(instanceId, 'inspect', { offset: '0' })).toBe('DockerDown');
    expect(await bench.ok(instanceId, 'leave', leaving(instanceId))).toMatchObject({ member: false, drained: false });
  });

  slowly('stops waiting for Docker when the instance is told to leave', async () => {
    const instanceId = instance(19);
    await bench.launch(instanceId, 60_000);
    const notAfter = seconds() + 600;
    const join = bench.failure(instanceId, 'join', joinParameters(instanceId, swarm), { notAfter });
    await sleep(1000);
    const left = await bench.ok(instanceId, 'leave', leaving(instanceId), { notAfter: notAfter + 1 });
    expect(left).toMatchObject({ member: false });
    expect(await join).toBe('LeavingNode');
  });

  slowly('says JoinFailed where no manager answers, and leaves the engine ready for the next try', async () => {
    expect(await failsToJoin(20, { managers: '10.77.0.250:2377' })).toBe('JoinFailed');
    const instanceId = instance(20);
    expect((await stateOf(instanceId)).trim()).toBe('inactive');
    expect(await bench.ok(instanceId, 'join', joinParameters(instanceId, swarm))).toHaveProperty('nodeId');
  });

  slowly('says NotReady of a node that the managers do not reach', async () => {
    const instanceId = instance(23);
    await bench.launch(instanceId);
    const { nodeId } = nodeSchema.parse(await bench.ok(instanceId, 'join', joinParameters(instanceId, swarm)));
    await bench.machines.cut(instanceId);
    await until(
      () => bench.machines.view(founder),
      ({ nodes }) => nodes.some((node) => node.nodeId === nodeId && node.status === 'down'),
      40_000,
    );
    const confirm = { instanceId, nodeId, labels: 'a=b', availability: 'active' };
    expect(await bench.failure(founder, 'confirm', confirm)).toBe('NotReady');
  });

  slowly('says NoLeader when the other one of two managers is cut off', async () => {
    const [first, second] = [instance(24), instance(25)];
    await Promise.all([bench.launch(first), bench.launch(second)]);
    const split = swarmSchema.parse(await bench.ok(first, 'init', { ...initParameters(first), cluster: 'split' }));
    await bench.ok(second, 'join', { ...joinParameters(second, split, 'manager'), cluster: 'split' });
    await bench.machines.cut(second);
    // A leader goes on for up to 20 s, then hangs, then says that there is none: a document says one or the other, never a third.
    const errors = new Set<string>();
    const who = { instanceId: instance(99), nodeId: split.nodeId };
    const info = "timeout 2 docker info --format '{{.Swarm.Error}}' || :";
    await until(
      async () => {
        const outcome = await bench.run(first, 'forget', { ...who, force: 'no' });
        errors.add(outcome.stdout.split('"')[3] ?? '');
        return bench.machines.shell(first, info);
      },
      (said) => said.includes('leader'),
      60_000,
    );
    errors.add(await bench.failure(first, 'inspect', { offset: '0' }));
    expect([...errors]).toEqual(['StillManager', 'NoLeader']);
  });
});
