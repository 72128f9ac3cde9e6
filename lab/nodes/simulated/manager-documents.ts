// The documents that run on any manager, on a simulated machine: confirm, drain, forget, inspect. What documents/*.sh do, step by step.
import { gzipSync } from 'node:zlib';

import type { Script } from './script.ts';
import type { SimulatedNode, Swarm } from './swarm.ts';

const UPDATE_TIME = 100;
const LOCK_PATIENCE = 5000;
/** Looks, and milliseconds between them. */
const PATIENCE = 10;
const LOOK_EVERY = 500;
const PAGE = 400;
const LABEL = 'skep.instance';

export async function confirm(script: Script): Promise<Record<string, unknown>> {
  const swarm = await begin(script);
  const nodeId = script.param('nodeId');
  for (let patience = PATIENCE; ; patience -= 1) {
    const node = swarm.nodes.get(nodeId);
    if (node === undefined) {
      script.fail('UnknownNode', `no manager knows node ${nodeId}`);
    }
    checkLabel(script, node);
    if (node.labels['skep.leaving'] === 'true') {
      script.fail('LeavingNode', `node ${nodeId} is marked as leaving`);
    }
    if (node.status === 'ready') {
      const labels = { ...labelsOf(script.param('labels')), [LABEL]: script.param('instanceId') };
      swarm.update(node, { labels, availability: script.param('availability') as SimulatedNode['availability'] });
      return { nodeId, status: node.status };
    }
    if (patience === 0) {
      script.fail('NotReady', `node ${nodeId} is ${node.status}`);
    }
    await script.sleep(LOOK_EVERY);
  }
}

export async function drain(script: Script): Promise<Record<string, unknown>> {
  const swarm = await begin(script);
  const node = find(script, swarm);
  if (node === undefined) {
    return { member: false };
  }
  refuseManager(script, node);
  // The mark and the drain in one: a confirm that comes late must find the mark.
  const labels = { 'skep.leaving': 'true', [LABEL]: script.param('instanceId') };
  swarm.update(node, { availability: 'drain', labels });
  return { member: true, nodeId: node.nodeId, status: node.status };
}

export async function forget(script: Script): Promise<Record<string, unknown>> {
  const swarm = await begin(script);
  // By its id and no other way, where that is known: by label one would find what the instance has joined as since.
  const node = script.param('nodeId') === 'none' ? find(script, swarm) : byId(script, swarm);
  if (node === undefined) {
    return { member: false, removed: false, forced: false };
  }
  refuseManager(script, node);
  const forced = script.param('force') === 'yes';
  if (!forced) {
    await tasksHaveEnded(script, swarm, node);
  }
  swarm.remove(node.nodeId);
  return { member: true, nodeId: node.nodeId, removed: true, forced };
}

export async function inspect(script: Script): Promise<Record<string, unknown>> {
  const { swarmId, nodes } = await begin(script);
  const offset = Number(script.param('offset'));
  const all = [...nodes.values()].toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const page = all.slice(offset, offset + PAGE).map(inspectLine);
  const packed = page.length === 0 ? '' : gzipSync(page.join('')).toString('base64');
  const next = offset + PAGE;
  return { swarmId, total: all.length, offset, nodes: packed, ...(next < all.length ? { next } : {}) };
}

function inspectLine({ nodeId, role, status, availability, labels, reachability, address }: SimulatedNode): string {
  const instance = /^i-[0-9a-f]+$/.exec(labels[LABEL] ?? '')?.[0] ?? '-';
  return `${[nodeId, role, status, availability, instance, reachability ?? '-', address].join(' ')}\n`;
}

async function begin(script: Script): Promise<Swarm> {
  await script.lock('shared', LOCK_PATIENCE);
  script.manager();
  await script.sleep(UPDATE_TIME);
  return script.manager();
}

/** By its id, else by the label of the instance. An instance that joined again left an old node: the one that is up is meant. */
function find(script: Script, swarm: Swarm): SimulatedNode | undefined {
  const node = byId(script, swarm);
  if (node !== undefined) {
    return node;
  }
  const own = [...swarm.nodes.values()].filter(({ labels }) => labels[LABEL] === script.param('instanceId'));
  return own.find(({ status }) => status === 'ready') ?? own.at(-1);
}

function byId(script: Script, swarm: Swarm): SimulatedNode | undefined {
  const node = swarm.nodes.get(script.param('nodeId'));
  if (node !== undefined) {
    checkLabel(script, node);
  }
  return node;
}

function checkLabel(script: Script, { nodeId, labels }: SimulatedNode): void {
  if (labels[LABEL] !== undefined && labels[LABEL] !== script.param('instanceId')) {
    script.fail('WrongInstance', `node ${nodeId} carries the label of another instance`);
  }
}

function refuseManager(script: Script, { nodeId, role }: SimulatedNode): void {
  if (role === 'manager') {
    script.fail('StillManager', `node ${nodeId} is a manager`);
  }
}

async function tasksHaveEnded(script: Script, swarm: Swarm, { nodeId, availability }: SimulatedNode): Promise<void> {
  // Else the next task may land on it between the look and the removal.
  if (availability !== 'drain') {
    script.fail('TasksRunning', `node ${nodeId} is not drained`);
  }
  for (let patience = PATIENCE; swarm.tasks.unfinishedOn(nodeId) > 0; patience -= 1) {
    if (patience === 0) {
      script.fail('TasksRunning', `tasks of node ${nodeId} have not ended`);
    }
    await script.sleep(LOOK_EVERY);
  }
}

function labelsOf(list: string): Record<string, string> {
  return Object.fromEntries(
    list.split(',').map((pair): [string, string] => {
      const [key = '', ...value] = pair.split('=');
      return [key, value.join('=')];
    }),
  );
}
