// The documents that run on the instance concerned, on a simulated machine: init, join, leave. What documents/*.sh do, step by step.
import { z } from 'zod';

import { overlaps } from './address-pool.ts';
import type { Membership } from './machine.ts';
import { checkFence, checkInstance, waitForDocker } from './own-instance.ts';
import type { OwnInstance } from './own-instance.ts';
import type { Script } from './script.ts';
import type { Swarm } from './swarm.ts';

export const ENGINE = '20.10.24+simulated';
const JOIN_TIME = 700;
/** Until an engine gives up, and its background attempt with it. */
const JOIN_PATIENCE = 20_000;
const LOCK_PATIENCE = 60_000;
/** How long a leave waits for a docker that does not answer. */
const LEAVE_PATIENCE = 15_000;

const parameter = z.object({ Parameter: z.object({ Value: z.string() }) });

export async function init(script: Script): Promise<Record<string, unknown>> {
  const own = await begin(script);
  const { machine, world } = script;
  const founded = machine.membership === undefined;
  const swarmId = script.param('swarmId');
  if (founded) {
    if (swarmId !== 'none') {
      script.fail('ForeignSwarm', `the cluster was founded as swarm ${swarmId}, and this engine is in none`);
    }
    const taken = overlaps(script.param('addressPool'));
    if (taken.length > 0) {
      script.fail('AddressPoolOverlap', `the address pool overlaps ${taken.join(' ')}`);
    }
    await script.sleep(JOIN_TIME);
    enter(script, world.found(), own, 'manager');
  }
  const { swarm, node } = memberOf(script);
  if (node.role !== 'manager') {
    script.fail('ForeignSwarm', 'the engine is a worker of a swarm that was not founded here');
  }
  if (swarm.leader === undefined) {
    script.fail('NoLeader', 'The swarm does not have a leader');
  }
  if (swarmId !== 'none' && swarmId !== swarm.swarmId) {
    script.fail('ForeignSwarm', `the cluster was founded as swarm ${swarmId}, and this engine leads ${swarm.swarmId}`);
  }
  await publish(script, swarm);
  const { caDigest } = swarm;
  const address = `${own.address}:2377`;
  const { nodeId } = node;
  return { nodeId, swarmId: swarm.swarmId, caDigest, address, zone: own.zone, engine: ENGINE, founded };
}

export async function join(script: Script): Promise<Record<string, unknown>> {
  const own = await begin(script);
  const role = script.param('role') === 'manager' ? 'manager' : 'worker';
  if (script.machine.membership === undefined) {
    const joinToken = await readJoinToken(script, role);
    const swarm = await reach(script, role, joinToken);
    await script.sleep(JOIN_TIME);
    enter(script, swarm, own, role);
  }
  const { swarm, node } = memberOf(script);
  if (swarm.swarmId !== script.param('swarmId')) {
    script.fail('ForeignSwarm', `this node is in swarm ${swarm.swarmId}`);
  }
  if (node.role !== role) {
    script.fail('NotActive', `this node is a ${node.role} of the swarm, not a ${role}`);
  }
  return { nodeId: node.nodeId, address: `${own.address}:2377`, zone: own.zone, engine: ENGINE };
}

export async function leave(script: Script): Promise<Record<string, unknown>> {
  script.checkExpiry();
  await checkInstance(script);
  const { machine } = script;
  // Before the lock, which a join may hold: the join looks at the fence while it waits, and stops.
  machine.fence = Number(script.param('notAfter'));
  if (!script.dockerInstalled) {
    return { member: false, drained: true, containers: 0, plain: 0 };
  }
  if (!(await dockerComesSoon(script))) {
    return { member: false, drained: false, containers: 0, plain: 0 };
  }
  const { membership } = machine;
  const containers = await waitForContainers(script, membership);
  if (membership !== undefined && script.param('depart') === 'yes') {
    await script.lock('exclusive', 10_000);
    depart(script);
  }
  const nodeId = membership?.node.nodeId;
  const counts = { drained: containers === 0, containers, plain: 0 };
  return nodeId === undefined ? { member: false, ...counts } : { member: true, nodeId, ...counts };
}

/** What init and join begin with. */
async function begin(script: Script): Promise<OwnInstance> {
  script.checkExpiry();
  checkFence(script);
  await waitForDocker(script);
  const own = await checkInstance(script);
  await script.lock('exclusive', LOCK_PATIENCE);
  checkFence(script);
  return own;
}

function enter({ machine }: Script, swarm: Swarm, { address }: OwnInstance, role: 'worker' | 'manager'): void {
  const hostname = `ip-${machine.privateIp.replaceAll('.', '-')}`;
  machine.membership = { swarm, node: swarm.join({ hostname, address, role }) };
}

function memberOf(script: Script): Membership {
  const { membership } = script.machine;
  if (membership === undefined) {
    script.fail('NotActive', 'the engine is in no swarm');
  }
  return membership;
}

async function publish(script: Script, swarm: Swarm): Promise<void> {
  for (const role of ['worker', 'manager'] as const) {
    const Name = joinTokenName(script, role);
    const Value = swarm.joinTokens[role];
    const input = { Name, Value, Type: 'SecureString', KeyId: script.param('tokenKey'), Overwrite: true };
    const answer = await script.world.surroundings.parameters(script.machine, 'PutParameter', input);
    script.checkEnd();
    if (!answer.ok) {
      script.fail('JoinTokenUnpublished', answer.problem);
    }
  }
}

async function readJoinToken(script: Script, role: 'worker' | 'manager'): Promise<string> {
  const input = { Name: joinTokenName(script, role), WithDecryption: true };
  const answer = await script.world.surroundings.parameters(script.machine, 'GetParameter', input);
  script.checkEnd();
  if (!answer.ok) {
    script.fail('JoinTokenUnreadable', answer.problem);
  }
  const { Value } = parameter.parse(answer.body).Parameter;
  const [, digest] = /^SWMTKN-1-([0-9a-z]+)-[0-9a-z]+$/.exec(Value) ?? [];
  if (digest === undefined) {
    script.fail('JoinTokenUnreadable', 'the parameter holds no join token');
  }
  if (digest !== script.param('caDigest')) {
    script.fail('ForeignToken', `the join token is for the CA ${digest}`);
  }
  return Value;
}

/** The swarm of the managers, if one of them answers and takes the token. */
async function reach(script: Script, role: 'worker' | 'manager', joinToken: string): Promise<Swarm> {
  const swarms = script.param('managers').split(',').map(script.world.swarmAt);
  const swarm = swarms.find((one) => one !== undefined);
  if (swarm?.leader === undefined) {
    await script.sleep(JOIN_PATIENCE);
    script.fail('JoinFailed', 'no manager answered');
  }
  if (swarm.joinTokens[role] !== joinToken) {
    script.fail('JoinFailed', 'A valid join token is necessary to join this cluster');
  }
  return swarm;
}

async function dockerComesSoon(script: Script): Promise<boolean> {
  const end = script.world.clock.now() + LEAVE_PATIENCE;
  while (!script.dockerAnswers) {
    if (script.world.clock.now() >= end) {
      return false;
    }
    await script.sleep(1000);
  }
  return true;
}

/** Without the lock, since it may take long. What runs on the node is not the proof: the managers' view is, and forget asks them. */
async function waitForContainers(script: Script, membership: Membership | undefined): Promise<number> {
  const count = (): number => membership?.swarm.tasks.containersOn(membership.node.nodeId) ?? 0;
  const waitUntil = Number(script.param('waitUntil'));
  while (count() > 0 && script.seconds() < waitUntil && script.hasTime()) {
    await script.sleep(1000);
  }
  return count();
}

function depart(script: Script): void {
  const { membership } = script.machine;
  if (membership === undefined) {
    return;
  }
  if (membership.node.role === 'manager') {
    script.fail('StillManager', 'the node is a manager');
  }
  script.machine.membership = undefined;
  membership.swarm.lose(membership.node.nodeId);
}

function joinTokenName(script: Script, role: 'worker' | 'manager'): string {
  return `/skep/${script.param('stage')}/${script.param('cluster')}/join-token/${role}`;
}
