// What documents tell of services and nodes, on a simulated machine: a line of JSON each. As documents/services.sh has it.
import { gzipSync } from 'node:zlib';

import type { NodeRecord } from './node-record.ts';
import type { Service } from './service.ts';
import type { Swarm } from './swarm.ts';
import type { Task } from './task.ts';

/** What fits into SSM's 24,000 characters beside the rest of the result. */
const PACKED = 18_000;
const MOST_LINES = 400;
const MARK = 'skep.shift';
/** Of the lab's simulated machines: what dockerd says of the one that it runs on. */
const MACHINE = { platform: 'linux/x86_64', cpu: 2_000_000_000, memory: 8_000_000_000 };

type Line = Readonly<Record<string, unknown>>;

/** @param places of the nodes, by id */
export function serviceLine(swarm: Swarm, service: Service, places: ReadonlyMap<string, number>): Line {
  const { serviceId, version, current, previous, updateStatus, updatedAt } = service;
  const { name, mode, replicas, task, update, labels } = current.spec;
  const { image, restart, mounts, placement, hostPorts, health } = task;
  const wanted = swarm.tasks.of(service).filter(({ desiredState }) => desiredState === 'running');
  return {
    id: serviceId,
    v: version,
    name,
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
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith('skep.'))),
    previous: previous?.spec.labels[MARK] ?? '',
    at: Math.floor(updatedAt / 1000),
    kept: swarm.kept.has(serviceId),
    templated: false,
    unassigned: wanted.filter(({ nodeId }) => !places.has(nodeId)).length,
    tasks: counts(wanted, places),
  };
}

function counts(wanted: readonly Task[], places: ReadonlyMap<string, number>): (readonly [number, number, number])[] {
  const assigned = wanted.filter(({ nodeId }) => places.has(nodeId));
  return [...Map.groupBy(assigned, ({ nodeId }) => nodeId)].map(([nodeId, tasks]) => {
    const running = tasks.filter(({ state }) => state === 'running').length;
    return [places.get(nodeId) ?? -1, running, tasks.length - running];
  });
}

export const nodeLine = ({ nodeId, hostname, role, status, availability, labels }: NodeRecord): Line => ({
  id: nodeId,
  name: hostname,
  role,
  state: status,
  availability,
  labels,
  engine: null,
  ...MACHINE,
});

/** As many lines as fit, from the offset on. */
export function packed(name: string, lines: readonly Line[], offset: number): Record<string, unknown> {
  for (let size = MOST_LINES; ; size = Math.ceil(size / 2)) {
    const page = lines.slice(offset, offset + size).map((line) => `${JSON.stringify(line)}\n`);
    const pack = lines.length === 0 ? '' : gzipSync(page.join(''), { level: 9 }).toString('base64');
    if (pack.length <= PACKED || size === 1) {
      const next = offset + size < lines.length ? { next: offset + size } : {};
      return { total: lines.length, [name]: pack, ...next };
    }
  }
}

export const runsOn = (swarm: Swarm, service: Service, nodes: readonly string[]): boolean =>
  swarm.tasks.of(service).some(({ nodeId, desiredState }) => desiredState === 'running' && nodes.includes(nodeId));

export const placesOf = (nodes: readonly string[], places: ReadonlyMap<string, number>): number[] =>
  nodes.map((nodeId) => places.get(nodeId) ?? -1);

export const nodePlaces = (swarm: Swarm): ReadonlyMap<string, number> =>
  new Map([...swarm.nodes.keys()].toSorted().map((nodeId, place) => [nodeId, place]));
