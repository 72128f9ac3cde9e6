// The documents of a tidy, which are about many nodes at once, on a simulated machine: inspect and mend. What documents/verbs/inspect.sh and
// documents/verbs/mend.sh do, step by step.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { begin, labelsOf, managersTold, readNode, updateNode, writeNode } from './node.ts';
import type { NodeView } from '../../machines.ts';
import type { NodeRecord } from '../../../swarm/raft/node-record.ts';
import type { Script } from './script.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';
import { INSTANCE_LABEL, LEAVING_LABEL, MARK_LABEL } from '../../../../src/core/labels.ts';

const PAGE = 400;
/** So many are named. */
const GHOSTS = 5;

export async function inspect(script: Script): Promise<Record<string, unknown>> {
  const { swarmId } = await begin(script);
  const swarm = await script.cluster('read', 20);
  const brief = script.param('brief') === 'yes';
  const all = [...swarm.nodes.values()]
    .toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
    .map((node) => lineOf(script, swarm, node));
  const told = brief ? all.filter((line) => !isPlain(line)) : all;
  const plain = all.filter((line) => isPlain(line)).map(([nodeId, , , , instance]) => `${nodeId} ${instance}`);
  const offset = Number(script.param('offset'));
  const page = told.slice(offset, offset + PAGE).map((line) => `${line.join(' ')}\n`);
  const next = offset + PAGE;
  return {
    swarmId,
    total: told.length,
    offset,
    nodes: page.length === 0 ? '' : gzipSync(page.join(''), { level: 9 }).toString('base64'),
    ...(brief ? { healthy: plain.length, digest: sha256(plain.join('\n')) } : {}),
    ...(next < told.length ? { next } : {}),
    ...(offset === 0 ? { tokens: tokenDigests(swarm), ghosts: ghostsOf(swarm), ...marksOf(swarm) } : {}),
    ...(await managersTold(script)),
  };
}

/** So many bytes of marks are told. */
const MARKED = 6000;
const MARKS = /^(more@\d+@\d+|exclude@\d+@[0-9a-z+]+)$/;

/** What skep itself left on services: marks, and histories that were not put back. What is no mark is told as `-`, and comes last. */
function marksOf({ tasks, kept }: Swarm): Record<string, unknown> {
  const lines = tasks.services.all().flatMap(({ serviceId, current: { spec } }) => {
    const mark = spec.labels[MARK_LABEL];
    return mark === undefined ? [] : [`${serviceId} ${MARKS.test(mark.slice(0, 2700)) ? mark : '-'} ${spec.name}`];
  });
  const ordered = lines.toSorted((a, b) => Number(a.includes(' - ')) - Number(b.includes(' - ')));
  let size = 0;
  const marks = ordered.filter((line) => (size += line.length + 3) <= MARKED);
  const histories = [...kept].flatMap(([serviceId, { at, isSafe }]) => (isSafe ? [`${serviceId} ${at}`] : []));
  return lines.length + kept.size === 0 ? {} : { marked: lines.length, marks, kept: histories.slice(0, 50) };
}

type Line = readonly [string, string, string, string, string, string, string, string, string, string, ...string[]];

function lineOf(script: Script, swarm: Swarm, node: NodeRecord): Line {
  const {
    nodeId,
    role,
    status,
    availability,
    labels,
    address,
    hostname,
    reachability = '-',
  } = swarm.nodeView(node, script.engine);
  const instance = /^i-[0-9a-f]+$/.exec(labels[INSTANCE_LABEL] ?? '')?.[0] ?? '-';
  const marked = labels[LEAVING_LABEL] === 'true';
  // When it was changed is told by another clock, the leader's, than how late it is.
  const age = Math.max(0, script.seconds() - Math.floor(node.changedAt / 1000));
  return [
    nodeId,
    role,
    status,
    availability,
    instance,
    reachability,
    toldAddress({ address, isNobodys: instance === '-', isMember: reachability !== '-' }),
    marked ? 'leaving' : '-',
    marked ? String(node.version) : '-',
    status === 'ready' ? '-' : String(age),
    ...pastOf(status, hostname, reachability),
  ];
}

/** Of managers, and of what bears no label. */
function toldAddress(of: {
  readonly address: string;
  readonly isNobodys: boolean;
  readonly isMember: boolean;
}): string {
  const isTold = of.isMember || of.isNobodys;
  return isTold && of.address !== '' ? of.address : '-';
}

/** As a node without a hostname no engine has ever come. */
const pastOf = (status: string, hostname: string, reachability: string): string[] =>
  hostname === '' && status !== 'ready' && reachability === '-' ? ['none'] : [];

const isPlain = ([, role, status, availability, instance, reachability, , mark]: Line): boolean =>
  [role, status, availability, reachability, mark].join(' ') === 'worker ready active - -' && instance !== '-';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What may be told of the join tokens. */
export const tokenDigests = ({ joinTokens }: Swarm): { readonly worker: string; readonly manager: string } => ({
  worker: sha256(joinTokens.worker),
  manager: sha256(joinTokens.manager),
});

/** What is told to be at work on a node that is not in the swarm. */
function ghostsOf({ tasks, nodes }: Swarm): { readonly count: number; readonly tasks: readonly string[] } {
  const ghosts = tasks.atWork().filter(({ nodeId }) => !nodes.has(nodeId));
  return { count: ghosts.length, tasks: ghosts.slice(0, GHOSTS).map(({ taskId, nodeId }) => `${taskId}@${nodeId}`) };
}

export async function mend(script: Script): Promise<Record<string, unknown>> {
  await begin(script);
  const removed = await counted(script, 'forget', (nodeId, instance) => removeDown(script, nodeId, instance));
  const restored = await counted(script, 'restore', (nodeId, instance, version) =>
    restore(script, nodeId, instance, Number(version)),
  );
  const labelled = await counted(script, 'label', (nodeId, instance) => label(script, nodeId, instance));
  return { removed, restored, labelled, ...(await managersTold(script)) };
}

/** One after the other, as the script does it. */
async function counted(
  script: Script,
  parameter: string,
  does: (nodeId: string, instance: string, version: string) => Promise<boolean>,
): Promise<number> {
  let done = 0;
  for (const [nodeId = '', instance = '', version = ''] of itemsOf(script, parameter)) {
    done += (await does(nodeId, instance, version)) ? 1 : 0;
  }
  return done;
}

function itemsOf(script: Script, parameter: string): string[][] {
  const list = script.param(parameter);
  return list === 'none' ? [] : list.split(',').map((item) => item.split('@'));
}

/** What has come back, is a manager, or is another instance's is not touched, whatever was seen when the plan was made. */
async function removeDown(script: Script, nodeId: string, instance: string): Promise<boolean> {
  const node = await readNode(script, nodeId);
  if (node === undefined || node.reachability !== undefined || !isMeant(node, instance)) {
    return false;
  }
  const swarm = await script.cluster('write', 10);
  return script.tryDocker(() => {
    swarm.remove(nodeId, false);
  }, /not found|is not down/);
}

/** Where no instance is meant, it is a node as whom no engine has ever come. */
function isMeant({ labels, status, role, hostname }: NodeView, instance: string): boolean {
  const label = labels[INSTANCE_LABEL];
  return instance === 'none'
    ? label === undefined && status !== 'ready' && hostname === ''
    : status === 'down' && (label === undefined || (label === instance && role === 'worker'));
}

/** Only skep's own mark, and only on the very version that was seen when the plan was made. */
async function restore(script: Script, nodeId: string, instance: string, version: number): Promise<boolean> {
  const node = await readNode(script, nodeId);
  const isSeen = node?.version === version && node.availability !== 'active' && node.status === 'ready';
  if (!isSeen || node.reachability !== undefined) {
    return false;
  }
  const { role } = node;
  const { [LEAVING_LABEL]: mark, ...labels } = node.labels;
  return mark === 'true' && labels[INSTANCE_LABEL] === instance
    ? writeNode(script, node, { role, availability: 'active', labels })
    : false;
}

const CONFLICTS = 5;

/** Only what is labelled as that instance's and is not on its way out; its availability stays what it is. */
async function label(script: Script, nodeId: string, instance: string): Promise<boolean> {
  const labels = labelsOf(script.param('labels'));
  for (let tries = CONFLICTS; ; tries -= 1) {
    const node = await readNode(script, nodeId);
    if (node?.labels[INSTANCE_LABEL] !== instance || node.labels[LEAVING_LABEL] === 'true') {
      return false;
    }
    if (await updateNode(script, node, node.availability, labels)) {
      return true;
    }
    if (tries === 1) {
      script.fail('UpdateConflict', `others kept updating node ${nodeId}`);
    }
    await script.sleep(200);
  }
}
