// The documents of a recovery, on a simulated machine: survey, fence, recover. What documents/verbs/*.sh do, step by step.
import { messageOf } from '../../../swarm/engine/engine.ts';
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import { publish } from './init.ts';
import { ENGINE, checkInstance } from './machine.ts';
import type { Script } from './script.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';

const LOCK_PATIENCE = 60_000;
const SURVEY_PATIENCE = 5000;
/** As the tools of a simulated machine say it. */
const CURL = '8.5';
/** How long systemd takes to stop an engine. */
const STOP_TIME = 1500;
/** How long an engine takes to come back as the only manager. */
const FORCE_TIME = 2000;

const hasLeader = ({ controlAvailable, error, swarmId }: SwarmInfo): boolean =>
  controlAvailable && error === '' && swarmId !== '';

export async function survey(script: Script): Promise<Record<string, unknown>> {
  script.checkExpiry();
  const own = await checkInstance(script);
  await script.lock('shared', SURVEY_PATIENCE);
  const { engine, machine } = script;
  const { epoch, recovering } = machine.memory;
  const { folder } = engine;
  const raft = folder?.raft === true ? folder.swarm.raft : undefined;
  // Simulated managers have one state of the raft in common, so nobody's is newer.
  const raftTime = raft === undefined ? 0 : Math.floor(script.world.clock.start / 1000);
  const told = { raftTime, epoch: String(epoch), recovering };
  if (!engine.online) {
    const nothing = { state: '', manager: false, leader: false, members: 0, nodeId: '', swarmId: '', remotes: [] };
    return { runs: false, ...nothing, ...told };
  }
  const info = (await script.readSwarm(25)) ?? script.fail('NoLeader', 'docker info did not answer in time');
  const { state, controlAvailable: manager, managers: members, nodeId, swarmId } = info;
  const remotes = manager && raft !== undefined ? remotesOf(raft.nodeIds, (id) => raft.addressOf(id)) : [];
  const about = { state, manager, leader: hasLeader(info), members, nodeId, swarmId };
  return { runs: true, ...about, ...told, remotes, ...moreOf(script, info, own.address), ...volumesOf(script) };
}

/** Of an empty folder on a disk. */
const EMPTY = 4096;
/** So many are named. */
const LARGEST = 20;

/** Nobody writes anything into them. */
function volumesOf(script: Script): Record<string, unknown> {
  if (script.param('volumes') !== 'yes') {
    return {};
  }
  const { folder } = script.engine;
  const names = (folder?.swarm.tasks.volumesOn(folder.nodeId) ?? []).toSorted().toReversed();
  const largest = names.slice(0, LARGEST).map((name) => `${EMPTY} ${name}`);
  return { volumes: { count: names.length, bytes: names.length * EMPTY, unknown: 0, largest } };
}

/** What an adoption asks besides. */
function moreOf(script: Script, info: SwarmInfo, own: string): Record<string, unknown> {
  const { folder } = script.engine;
  const certificate = { swarmId: folder?.swarm.swarmId ?? '', nodeId: folder?.nodeId ?? '', role: folder?.role ?? '' };
  const told = { engine: ENGINE, address: info.nodeAddress, own, curl: CURL, certificate };
  if (!hasLeader(info) || folder === undefined) {
    return told;
  }
  const { options, autolock } = folder.swarm;
  const { subnetSize, dataPathPort, addressPool } = options;
  return { ...told, founded: { subnetSize, dataPathPort, autolock, pools: [addressPool] } };
}

function remotesOf(nodeIds: readonly string[], addressOf: (nodeId: string) => string | undefined): string[] {
  return nodeIds.flatMap((nodeId) => {
    const address = addressOf(nodeId);
    return address === undefined ? [] : [`${nodeId}@${address}:2377`];
  });
}

/** Its units are disabled, so that it stays down until somebody starts it. */
export async function fence(script: Script): Promise<Record<string, unknown>> {
  script.checkExpiry();
  await checkInstance(script);
  await script.lock('exclusive', LOCK_PATIENCE);
  const { epoch, recovering } = script.machine.memory;
  if (Math.max(epoch === 'fenced' ? 0 : epoch, recovering) > script.epoch) {
    script.fail('OtherEpoch', 'another recovery has begun on this engine');
  }
  script.machine.remember({ epoch: 'fenced' });
  if (script.engine.online) {
    await script.sleep(STOP_TIME);
    script.engine.kill();
  }
  return { fenced: true };
}

export async function recover(script: Script): Promise<Record<string, unknown>> {
  script.checkExpiry();
  const own = await checkInstance(script);
  await script.lock('exclusive', LOCK_PATIENCE);
  if (!script.engine.online) {
    script.fail('DockerDown', 'docker did not answer');
  }
  const before = (await script.readSwarm(30)) ?? script.fail('NoLeader', 'docker info did not answer in time');
  const newEpoch = Number(script.param('newEpoch'));
  await makeOnlyManager(script, before, newEpoch);
  const { nodeId, swarmId } = await ownLeader(script);
  if (swarmId !== script.param('swarmId')) {
    script.fail('ForeignSwarm', `the cluster was founded as another swarm, and this engine leads ${swarmId}`);
  }
  script.machine.remember({ epoch: newEpoch, recovering: 0 });
  const swarm = await script.cluster('write', 10);
  const removed = removeOthers(swarm, nodeId);
  await publish(script, swarm);
  return { nodeId, swarmId, caDigest: swarm.caDigest, address: `${own.address}:2377`, epoch: newEpoch, removed };
}

async function makeOnlyManager(script: Script, info: SwarmInfo, newEpoch: number): Promise<void> {
  const { memory } = script.machine;
  if (memory.epoch !== script.epoch && memory.epoch !== newEpoch) {
    script.fail('FormerManager', `this engine is a manager of epoch ${memory.epoch}`);
  }
  if (info.state === 'inactive') {
    script.fail('NotManager', 'this engine is in no swarm');
  }
  if (memory.epoch === newEpoch) {
    return;
  }
  const last = await outwaitLeader(script, info, newEpoch);
  // Before it is done, so that whoever asks again after this script was cut short knows whose leader it is.
  script.machine.remember({ recovering: newEpoch });
  if (!hasLeader(last)) {
    await script.sleep(FORCE_TIME);
    await script.engine.forceNewCluster().catch((error: unknown) => {
      const message = messageOf(error);
      script.fail(/not a swarm manager|not part of a swarm/.test(message) ? 'NotManager' : 'DockerFailed', message);
    });
    script.checkEnd();
  }
}

/** A leader that was fenced a moment ago is reported until the next election. */
async function outwaitLeader(script: Script, first: SwarmInfo, newEpoch: number): Promise<SwarmInfo> {
  const isOwn = ({ managers }: SwarmInfo): boolean => script.machine.memory.recovering === newEpoch && managers === 1;
  let info = first;
  for (let patience = 15; hasLeader(info) && !isOwn(info); patience -= 1) {
    if (patience === 0 || !script.hasTime()) {
      script.fail('QuorumNotLost', `node ${info.nodeId} sees a leader of swarm ${info.swarmId}`);
    }
    await script.sleep(2000);
    info = (await script.readSwarm(30)) ?? script.fail('NoLeader', 'docker info did not answer in time');
  }
  return info;
}

async function ownLeader(script: Script): Promise<SwarmInfo> {
  for (let patience = 60; ; patience -= 1) {
    const info = await script.readSwarm(10);
    if (info !== undefined && hasLeader(info)) {
      return info;
    }
    if (patience === 0 || !script.hasTime()) {
      script.fail('NoLeader', 'there is no leader after the recovery');
    }
    await script.sleep(1000);
  }
}

/** So that none of them is taken in again when it comes back. */
function removeOthers(swarm: Swarm, nodeId: string): number {
  const others = [...swarm.nodes.values()].filter((node) => node.role === 'manager' && node.nodeId !== nodeId);
  for (const other of others) {
    swarm.remove(other.nodeId, true);
  }
  return others.length;
}
