// The documents that make an instance a node and end that, on a simulated machine: prepare, join, leave. What documents/verbs/*.sh do, step by
// step.
import { z } from 'zod';

import { messageOf } from '../../../swarm/engine/engine.ts';
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import { clearCopy } from './identity.ts';
import type { Cleared } from './identity.ts';
import { beginLast, endSwarm } from './last-leave.ts';
import { about, begin, checkInstance, joinTokenName, readSwarm } from './machine.ts';
import type { OwnInstance } from './machine.ts';
import type { Script } from './script.ts';

/** How long a new manager may take to find a leader. */
const LEADER_PATIENCE = 40_000;
/** How long the new join token may take to be published, after the old one was refused. */
const REFUSED_PATIENCE = 60_000;
/** How long an engine that was a worker before may look for its node: where that was removed meanwhile it does so for ever. */
const OWN_PATIENCE = 120_000;
/** How long a leave waits for a docker that does not answer. */
const LEAVE_PATIENCE = 15_000;

const parameter = z.object({ Parameter: z.object({ Value: z.string() }) });

/** So that the join takes seconds: under the cluster's membership lock others wait for it. */
export async function prepare(script: Script): Promise<Record<string, unknown>> {
  const own = await begin(script);
  const cleared = await clearCopy(script, own);
  script.checkOwnEpoch(await readSwarm(script));
  return { ...about(own), ...cleared };
}

export async function join(script: Script): Promise<Record<string, unknown>> {
  const own = await begin(script);
  const role = script.param('role') === 'manager' ? 'manager' : 'worker';
  const cleared = await clearCopy(script, own);
  const before = await awaitJoinAttempt(script, script.engine.folder?.raft === true ? Infinity : OWN_PATIENCE);
  script.checkOwnEpoch(before);
  if (before.state === 'active') {
    return joined(script, own, role, cleared);
  }
  if (before.state !== 'inactive') {
    await reset(script, before);
  }
  script.machine.remember({ epoch: script.epoch });
  const { after, reason } = await joinSwarm(script, role, own);
  if (after.state === 'active') {
    return joined(script, own, role, cleared);
  }
  if (after.state !== 'inactive') {
    // Left as it is, the engine would go on trying, and come in when nobody expects it any more.
    await reset(script, after);
  }
  return script.fail('JoinFailed', `state ${after.state}: ${after.error} ${reason}`);
}

interface Attempt {
  readonly after: SwarmInfo;
  readonly reason: string;
}

/** The join token may be made anew between its reading and its use, and the new one is published a moment later. */
async function joinSwarm(script: Script, role: 'worker' | 'manager', { address }: OwnInstance): Promise<Attempt> {
  let token = await readJoinToken(script, role);
  let made = await attempt(script, token, address);
  const end = script.world.clock.now() + REFUSED_PATIENCE;
  while (isRefused(made) && script.world.clock.now() < end && script.hasTime()) {
    const again = await readJoinToken(script, role);
    if (again === token) {
      await script.sleep(2000);
    } else {
      token = again;
      if (made.after.state !== 'inactive') {
        await reset(script, made.after);
      }
      made = await attempt(script, token, address);
    }
  }
  return made;
}

const isRefused = ({ after, reason }: Attempt): boolean =>
  after.state !== 'active' && `${reason} ${after.error}`.includes('valid join token is necessary');

async function attempt(script: Script, token: string, address: string): Promise<Attempt> {
  const remotes = script.param('managers').split(',');
  const joining = script.engine.join({ token, remotes, address, availability: 'drain' });
  let reason = '';
  await script.ask(
    30,
    joining.catch((error: unknown) => {
      reason = messageOf(error);
    }),
  );
  return { after: await awaitJoinAttempt(script), reason };
}

/** Waits while the engine is still on its way: an attempt goes on in the background after Docker's own 20 s. */
async function awaitJoinAttempt(script: Script, patience = Infinity): Promise<SwarmInfo> {
  const end = script.world.clock.now() + patience;
  for (;;) {
    const info = await readSwarm(script);
    if (info.state !== 'pending' || !script.hasTime() || script.world.clock.now() >= end) {
      return info;
    }
    await script.sleep(1000);
  }
}

/** A node that never was a manager loses nothing by leaving; one that was would lose the swarm's state. */
async function reset(script: Script, { state, error }: SwarmInfo): Promise<void> {
  if (script.engine.folder?.raft === true) {
    script.fail('NotActive', `a manager's state is in the way (${state}): ${error}`);
  }
  const leaving = script.engine.leave(true);
  await leaving.catch(() => script.fail('NotActive', `state ${state}: ${error}`));
  script.checkEnd();
}

async function joined(
  script: Script,
  own: OwnInstance,
  role: 'worker' | 'manager',
  cleared: Cleared,
): Promise<Record<string, unknown>> {
  const { folder } = script.engine;
  if (folder?.swarm.swarmId !== script.param('swarmId')) {
    script.fail('ForeignSwarm', `this node is in swarm ${folder?.swarm.swarmId ?? ''}`);
  }
  if (folder.address !== own.address) {
    script.fail('ForeignSwarm', `the engine is node ${folder.nodeId} at ${folder.address}, this is ${own.address}`);
  }
  if (folder.role !== role) {
    script.fail('NotActive', `this node is a ${folder.role} of the swarm, not a ${role}`);
  }
  if (role === 'manager') {
    await awaitLeader(script);
    await script.refuseAutolock();
  }
  return { nodeId: folder.nodeId, ...about(own), epoch: script.epoch, ...cleared };
}

/** A new manager is in the raft a moment after its engine calls itself active. Nobody else may come in before. */
async function awaitLeader(script: Script): Promise<void> {
  const end = script.world.clock.now() + LEADER_PATIENCE;
  for (;;) {
    const info = await script.readSwarm(10);
    if (info?.controlAvailable === true && info.error === '' && info.swarmId !== '') {
      return;
    }
    if (script.world.clock.now() >= end || !script.hasTime()) {
      script.fail('NoLeader', `this node has become no manager with a leader: ${info?.error ?? ''}`);
    }
    await script.sleep(500);
  }
}

export async function leave(script: Script): Promise<Record<string, unknown>> {
  script.checkExpiry();
  await checkInstance(script);
  const { machine } = script;
  // Before the lock, which a join may hold: the join looks at the fence while it waits, and stops.
  machine.fence = Number(script.param('notAfter'));
  if (!machine.dockerInstalled) {
    return { member: false, drained: true, containers: 0, plain: 0 };
  }
  const info = await dockerComesSoon(script);
  if (info === undefined) {
    return { member: false, drained: false, containers: 0, plain: 0 };
  }
  if (info.controlAvailable && machine.memory.epoch !== script.epoch) {
    return { member: false, drained: false, containers: 0, plain: 0 };
  }
  return goOut(script, info);
}

async function goOut(script: Script, info: SwarmInfo): Promise<Record<string, unknown>> {
  const isMember = info.state !== 'inactive' && info.nodeId !== '';
  if (isMember && isForeign(script, info)) {
    return { member: false, drained: true, containers: 0, plain: 0, foreign: script.engine.folder?.swarm.swarmId };
  }
  const containers = await (script.param('depart') === 'last' && info.controlAvailable
    ? leaveLast(script, info)
    : leaveAsAny(script, isMember));
  const counts = { drained: containers === 0, containers, plain: 0 };
  return isMember ? { member: true, nodeId: info.nodeId, ...counts } : { member: false, ...counts };
}

/** A launch is undone also where it failed since the instance is a node of another swarm, which is not ours to leave. */
function isForeign(script: Script, info: SwarmInfo): boolean {
  const ours = script.param('swarmId');
  // A command of an execution that began before this parameter was there.
  if (ours === 'unknown') {
    return false;
  }
  // A manager of a swarm that is not on record yet may be one whose founding nobody has heard of.
  return (ours !== 'none' || !info.controlAvailable) && script.engine.folder?.swarm.swarmId !== ours;
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

async function dockerComesSoon(script: Script): Promise<SwarmInfo | undefined> {
  const end = script.world.clock.now() + LEAVE_PATIENCE;
  for (;;) {
    const info = script.engine.online ? await script.readSwarm(10) : undefined;
    if (info !== undefined || script.world.clock.now() >= end) {
      return info;
    }
    await script.sleep(1000);
  }
}

/** Without the lock, since it may take long. What runs on the node is not the proof: the managers' view is, and forget asks them. */
async function waitForContainers(script: Script): Promise<number> {
  const { engine } = script;
  const waitUntil = Number(script.param('waitUntil'));
  while (engine.containers > 0 && script.seconds() < waitUntil && script.hasTime()) {
    await script.sleep(1000);
  }
  return engine.containers;
}

async function leaveAsAny(script: Script, isMember: boolean): Promise<number> {
  const containers = await waitForContainers(script);
  if (isMember && script.param('depart') !== 'no') {
    await script.lock('exclusive', 10_000);
    await depart(script);
  }
  return containers;
}

async function leaveLast(script: Script, info: SwarmInfo): Promise<number> {
  await beginLast(script, info);
  const containers = await waitForContainers(script);
  await endSwarm(script, info);
  return containers;
}

async function depart(script: Script): Promise<void> {
  const info = await readSwarm(script);
  if (info.controlAvailable) {
    script.fail('StillManager', `node ${info.nodeId} is a manager`);
  }
  if (info.state !== 'inactive') {
    await script.engine.leave(false).catch((error: unknown) => {
      const message = messageOf(error);
      script.fail(message.includes('participating as a manager') ? 'StillManager' : 'DockerFailed', message);
    });
    script.checkEnd();
  }
}
