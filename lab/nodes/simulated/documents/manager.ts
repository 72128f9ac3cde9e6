// The documents that run on any manager, on a simulated machine: confirm, drain, forget. What documents/verbs/*.sh do, step by step.
import {
  begin,
  checkLabel,
  findNode,
  labelsOf,
  leftOf,
  managersTold,
  readNode,
  refuseManager,
  seenAddress,
  updateNode,
  writeNode,
} from './node.ts';
import type { FoundNode } from './node.ts';
import type { NodeSpec } from '../../../swarm/raft/node-record.ts';
import type { Script } from './script.ts';
import { nodePlaces, packed, placesOf, runsOn, serviceLine } from './service-lines.ts';
import { INSTANCE_LABEL, LEAVING_LABEL, ROLE_LABEL } from '../../../../src/core/labels.ts';

/** Looks, and milliseconds between them. */
const PATIENCE = 10;
const CONFLICTS = 5;
const MOST_TOGETHER = 50;
const LOOK_EVERY = 500;

export async function confirm(script: Script): Promise<Record<string, unknown>> {
  await begin(script);
  const nodeId = script.param('nodeId');
  const labels: Record<string, string> = {
    ...labelsOf(script.param('labels')),
    [INSTANCE_LABEL]: script.param('instanceId'),
  };
  if (labels[ROLE_LABEL] === 'manager') {
    await script.refuseAutolock();
  }
  for (let patience = PATIENCE; ; patience -= 1) {
    const node = await readNode(script, nodeId);
    if (node === undefined) {
      script.fail('UnknownNode', `no manager knows node ${nodeId}`);
    }
    checkLabel(script, node);
    refuseOtherRole(script, node, labels);
    if (node.labels[LEAVING_LABEL] === 'true') {
      script.fail('LeavingNode', `node ${nodeId} is marked as leaving`);
    }
    if (isReady(node, labels)) {
      refuseOtherAddress(script, node);
    }
    if (isReady(node, labels) && (await updateNode(script, node, wantedAvailability(script, node), labels))) {
      return { nodeId, status: 'ready', ...(await managersTold(script)) };
    }
    if (patience === 0) {
      script.fail('NotReady', `node ${nodeId} is ${node.status}`);
    }
    await script.sleep(LOOK_EVERY);
  }
}

/** A node is of the instance that it has named only at an address which EC2 has for that; one that bears its label was found to be. */
function refuseOtherAddress(script: Script, node: FoundNode): void {
  const [addresses, instance] = [script.param('addresses'), script.param('instanceId')];
  const seen = seenAddress(node);
  if (addresses !== 'none' && node.labels[INSTANCE_LABEL] !== instance && !addresses.split(',').includes(seen)) {
    script.fail(
      'OtherAddress',
      `the managers see node ${node.nodeId} at ${seen}, which EC2 does not have for ${instance}`,
    );
  }
}

/** Labelled it was confirmed before, and one that is taken in with its swarm keeps what it has: its availability is a person's wish. */
function wantedAvailability(script: Script, { labels, availability }: FoundNode): NodeSpec['availability'] {
  const isFirst = labels[INSTANCE_LABEL] !== script.param('instanceId');
  const wished = script.param('availability');
  return isFirst && wished !== 'keep' ? (wished as NodeSpec['availability']) : availability;
}

/** What joined as a worker is none of the managers, whatever its instance says of itself: the raft knows. */
function refuseOtherRole(script: Script, node: FoundNode, labels: Readonly<Record<string, string>>): void {
  if (labels[ROLE_LABEL] !== 'manager' && (node.role === 'manager' || node.raftAddress !== undefined)) {
    script.fail(
      'WrongInstance',
      `node ${node.nodeId} is a manager, and ${labels[INSTANCE_LABEL]} was launched as a worker`,
    );
  }
}

/** Ready is said of the worker in it: a manager is also in the raft, and the others reach it there. */
function isReady({ status, reachability }: FoundNode, labels: Readonly<Record<string, string>>): boolean {
  const isManager = labels[ROLE_LABEL] === 'manager';
  return status === 'ready' && (!isManager || reachability === 'leader' || reachability === 'reachable');
}

export async function drain(script: Script): Promise<Record<string, unknown>> {
  await begin(script);
  await pauseTogether(script, script.param('together'));
  for (let conflicts = CONFLICTS; ; conflicts -= 1) {
    const node = await findNode(script, script.param('nodeId'));
    if (node === undefined) {
      return { member: false };
    }
    const left = leftOf(script, node);
    if (left !== undefined) {
      return { member: false, ...left };
    }
    refuseManager(script, node);
    const { availability, told } = await lookAtServices(script, node);
    if (await markLeaving(script, node, availability)) {
      const together = availability === 'pause' ? { paused: true, leaving: await leavingTogether(script, node) } : {};
      const about = { member: true, nodeId: node.nodeId, status: node.status };
      return { ...about, ...told, ...together, ...(await managersTold(script)) };
    }
    if (conflicts === 0) {
      script.fail('UpdateConflict', `others kept updating node ${node.nodeId}`);
    }
    await script.sleep(200);
  }
}

/** The others that AWS takes in the same minutes, before any of them is drained. */
async function pauseTogether(script: Script, list: string): Promise<void> {
  for (const pair of list === 'none' ? [] : list.split(',')) {
    const [nodeId = '', instance = ''] = pair.split('@');
    await pauseOne(script, nodeId, instance);
  }
}

/** Left as it is where it is not that instance's, no worker or not active; and where others keep updating it. */
async function pauseOne(script: Script, nodeId: string, instance: string): Promise<void> {
  for (let tries = 3; tries > 0; tries -= 1) {
    const node = await readNode(script, nodeId);
    const isMeant = node?.labels[INSTANCE_LABEL] === instance && node.raftAddress === undefined;
    if (node?.availability !== 'active' || !isMeant) {
      return;
    }
    if (await updateNode(script, node, 'pause', { [LEAVING_LABEL]: 'true' })) {
      return;
    }
    await script.sleep(200);
  }
}

interface Looked {
  readonly availability: 'pause' | 'drain';
  readonly told: Readonly<Record<string, unknown>>;
}

/** Where services start first, the node is only paused, so that they can hand over. A node that does not answer hands nothing over. */
async function lookAtServices(script: Script, node: FoundNode): Promise<Looked> {
  if (script.param('handOver') !== 'yes' || node.status !== 'ready') {
    return { availability: 'drain', told: {} };
  }
  const swarm = await script.cluster('read', 20);
  const places = nodePlaces(swarm);
  const services = swarm.tasks.services
    .all()
    .filter((service) => runsOn(swarm, service, [node.nodeId]))
    .toSorted((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
  const startsFirst = services.some(
    ({ current: { spec } }) => spec.mode === 'replicated' && spec.update.order === 'start-first',
  );
  const lines = services.map((service) => serviceLine(swarm, service, places));
  return {
    availability: node.availability !== 'drain' && startsFirst ? 'pause' : 'drain',
    told: { of: placesOf([node.nodeId], places), ...packed('services', lines, 0) },
  };
}

/** Those that are to hand over together, this one first: one update of a service is enough for all of them. */
async function leavingTogether(script: Script, { nodeId }: FoundNode): Promise<string[]> {
  const swarm = await script.cluster('read', 5);
  const others = [...swarm.nodes.values()].filter(
    (one) =>
      one.nodeId !== nodeId &&
      one.labels[LEAVING_LABEL] === 'true' &&
      one.availability === 'pause' &&
      one.status === 'ready',
  );
  return [nodeId, ...others.map((one) => one.nodeId)].slice(0, MOST_TOGETHER);
}

/**
 * The mark and the availability in one: a confirm that comes late must find the mark. Written anew where it is there already: a tidy may
 * be about to take back what another execution left.
 */
async function markLeaving(script: Script, node: FoundNode, availability: NodeSpec['availability']): Promise<boolean> {
  const { role } = node;
  const labels = { ...node.labels, [LEAVING_LABEL]: 'true', [INSTANCE_LABEL]: script.param('instanceId') };
  return node.availability === availability
    ? writeNode(script, node, { role, availability, labels })
    : updateNode(script, node, availability, labels);
}

export async function forget(script: Script): Promise<Record<string, unknown>> {
  await begin(script);
  const id = script.param('nodeId');
  // By its id and no other way, where that is known: by label one would find what the instance has joined as since.
  const node = id === 'none' ? await findNode(script, id) : await readNode(script, id);
  if (node === undefined) {
    return { member: false, removed: false, forced: false };
  }
  checkLabel(script, node);
  const left = leftOf(script, node);
  if (left !== undefined) {
    return { member: false, removed: false, forced: false, ...left };
  }
  refuseManager(script, node);
  const forced = script.param('force') === 'yes';
  if (!forced) {
    await tasksHaveEnded(script, node);
  }
  const swarm = await script.cluster('write', 10);
  const isManager = !script.tryDocker(() => {
    script.tryDocker(() => {
      swarm.remove(node.nodeId, true);
    }, /not found/);
  }, /is a cluster manager/);
  if (isManager) {
    script.fail('StillManager', `node ${node.nodeId} is a manager`);
  }
  return { member: true, nodeId: node.nodeId, removed: true, forced, ...(await managersTold(script)) };
}

async function tasksHaveEnded(script: Script, { nodeId, availability }: FoundNode): Promise<void> {
  // Else the next task may land on it between the look and the removal.
  if (availability !== 'drain') {
    script.fail('TasksRunning', `node ${nodeId} is not drained`);
  }
  for (let patience = PATIENCE; (await script.cluster('read', 8)).tasks.atWorkOn(nodeId) > 0; patience -= 1) {
    if (patience === 0) {
      script.fail('TasksRunning', `tasks of node ${nodeId} have not ended`);
    }
    await script.sleep(LOOK_EVERY);
  }
}
