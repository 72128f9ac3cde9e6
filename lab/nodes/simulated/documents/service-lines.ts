// What documents tell of services and nodes, on a simulated machine: a line of JSON each. As documents/lib/services.sh has it.
import { gzipSync } from 'node:zlib';

import { HAND_OVER_LABEL, MARK_LABEL, REBALANCE_LABEL } from '../../../../src/core/labels.ts';
import type { NodeRecord } from '../../../swarm/raft/node-record.ts';
import type { Service } from '../../../swarm/services/service.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';
import type { Task } from '../../../swarm/tasks/task.ts';

/** What fits into the 24,000 bytes that SSM returns, beside the rest of the result. */
const PACKED = 18_000;
/** Of a longer line only id and name are told, bytes. */
const LONGEST = 9000;
/** What a mark, and what skep's other labels can be: more is not told, bytes. */
const LONGEST_LABELS: Readonly<Record<string, number>> = {
  [MARK_LABEL]: 2700,
  [REBALANCE_LABEL]: 40,
  [HAND_OVER_LABEL]: 40,
};
const MOST_LINES = 400;
/** Of the lab's simulated machines: what dockerd says of the one that it runs on. */
const MACHINE = { platform: 'linux/x86_64', cpu: 2_000_000_000, memory: 8_000_000_000 };

type Line = Readonly<Record<string, unknown>>;

/** @param places of the nodes, by id */
export function serviceLine(swarm: Swarm, service: Service, places: ReadonlyMap<string, number>): Line {
  const { serviceId, version, current, previous, updateStatus, updatedAt } = service;
  const { name, mode, replicas, task, update, labels } = current.spec;
  const { image, restart, mounts, placement, hostPorts, health } = task;
  const wanted = swarm.tasks.of(service).filter(({ desiredState }) => desiredState === 'running');
  const own: Line = {
    id: serviceId,
    name,
    v: version,
    mode,
    n: mode === 'replicated' ? replicas : 0,
    image,
    update: updateStatus?.state ?? '',
    order: update.order,
    restart: restart.condition,
    mounts,
    constraints: placement.constraints,
    prefs: 0,
    max: placement.maxReplicas,
    platforms: [],
    ports: hostPorts,
    health: health !== undefined,
    labels: Object.fromEntries(Object.keys(LONGEST_LABELS).map((key) => [key, labelOf(labels, key)])),
    previous: previous === undefined ? '' : labelOf(previous.spec.labels, MARK_LABEL),
    templated: false,
    at: Math.floor(updatedAt / 1000),
  };
  const size = Buffer.byteLength(JSON.stringify(own));
  if (size > LONGEST) {
    return cut(own, size);
  }
  return {
    ...own,
    kept: swarm.kept.has(serviceId),
    unassigned: wanted.filter(({ nodeId }) => !places.has(nodeId)).length,
    tasks: counts(wanted, places),
  };
}

const labelOf = (labels: Readonly<Record<string, string>>, key: string): string =>
  Buffer.from(labels[key] ?? '')
    .subarray(0, LONGEST_LABELS[key])
    .toString();

/** What is left of a line that does not fit. */
const cut = ({ id, name }: Line, size: number): Line => ({
  id,
  ...(/^[0-9A-Za-z_.-]{1,150}$/.test(String(name)) ? { name } : {}),
  cut: size,
});

function counts(wanted: readonly Task[], places: ReadonlyMap<string, number>): (readonly [number, number, number])[] {
  const assigned = wanted.filter(({ nodeId }) => places.has(nodeId));
  return [...Map.groupBy(assigned, ({ nodeId }) => nodeId)].map(([nodeId, tasks]) => {
    const running = tasks.filter(({ state }) => state === 'running').length;
    return [places.get(nodeId) ?? -1, running, tasks.length - running];
  });
}

export const nodeLine = ({ nodeId, hostname, role, status, availability, labels }: NodeRecord): Line =>
  fitting({ id: nodeId, name: hostname, role, state: status, availability, labels, engine: null, ...MACHINE }, LONGEST);

/** As many lines as fit, from the offset on. A line that does not fit even alone is cut. */
export function packed(name: string, lines: readonly Line[], offset: number): Record<string, unknown> {
  let longest = 1_000_000;
  for (let size = MOST_LINES; ; size = Math.ceil(size / 2)) {
    const page = lines.slice(offset, offset + size).map((line) => `${JSON.stringify(fitting(line, longest))}\n`);
    const pack = lines.length === 0 ? '' : gzipSync(page.join(''), { level: 9 }).toString('base64');
    if (pack.length <= PACKED || longest === 0) {
      const next = offset + size < lines.length ? { next: offset + size } : {};
      return { total: lines.length, [name]: pack, ...next };
    }
    longest = size === 1 ? 0 : longest;
  }
}

function fitting(line: Line, longest: number): Line {
  const size = Buffer.byteLength(JSON.stringify(line));
  return size > longest ? cut(line, size) : line;
}

export const runsOn = (swarm: Swarm, service: Service, nodes: readonly string[]): boolean =>
  swarm.tasks.of(service).some(({ nodeId, desiredState }) => desiredState === 'running' && nodes.includes(nodeId));

export const placesOf = (nodes: readonly string[], places: ReadonlyMap<string, number>): number[] =>
  nodes.map((nodeId) => places.get(nodeId) ?? -1);

export const nodePlaces = (swarm: Swarm): ReadonlyMap<string, number> =>
  new Map([...swarm.nodes.keys()].toSorted().map((nodeId, place) => [nodeId, place]));
