// Which nodes may take a task of a service, as SwarmKit's scheduler decides it (manager/scheduler/filter.go, manager/constraint).
import type { PlacementNode, ServiceFacts } from './facts.ts';

interface Constraint {
  readonly key: string;
  readonly equal: boolean;
  readonly value: string;
}

/** `key==value` or `key!=value`, with spaces around them; undefined for what is neither. */
export function readConstraint(text: string): Constraint | undefined {
  // SwarmKit looks for == first, wherever it stands.
  const operator = ['==', '!='].find((one) => text.includes(one));
  if (operator === undefined) {
    return undefined;
  }
  const at = text.indexOf(operator);
  return { key: text.slice(0, at).trim(), equal: operator === '==', value: text.slice(at + 2).trim() };
}

const OF_NODE: Readonly<Record<string, (node: PlacementNode) => string>> = {
  'node.id': ({ nodeId }) => nodeId,
  'node.hostname': ({ hostname }) => hostname,
  'node.role': ({ role }) => role,
  'node.platform.os': ({ platform }) => platform.split('/')[0] ?? '',
  // As the engine says it: a constraint of amd64 does not match x86_64, other than the platforms of an image.
  'node.platform.arch': ({ platform }) => platform.split('/')[1] ?? '',
};

const NODE_LABELS = 'node.labels.';
const ENGINE_LABELS = 'engine.labels.';

/** What a constraint is compared with; undefined for a key that this code does not know. */
function subject(key: string): ((node: PlacementNode) => string) | undefined {
  const lower = key.toLowerCase();
  // The prefix in any case, the label itself as it is written.
  if (lower.startsWith(NODE_LABELS) && key.length > NODE_LABELS.length) {
    return ({ labels }) => labels[key.slice(NODE_LABELS.length)] ?? '';
  }
  if (lower.startsWith(ENGINE_LABELS) && key.length > ENGINE_LABELS.length) {
    return ({ engineLabels }) => engineLabels[key.slice(ENGINE_LABELS.length)] ?? '';
  }
  return OF_NODE[lower];
}

/** Those that cannot be judged from what the documents say of nodes (`node.ip`, say). SwarmKit itself lets keys that it does not know match nothing. */
export function unknownConstraints(constraints: readonly string[]): string[] {
  return constraints.filter((text) => subject(readConstraint(text)?.key ?? '') === undefined);
}

/** Whether a node meets constraints, all of them. What cannot be judged is not met. */
export function constraintFilter(constraints: readonly string[]): (node: PlacementNode) => boolean {
  const checks = constraints.map((text): ((node: PlacementNode) => boolean) => {
    const constraint = readConstraint(text);
    const of = subject(constraint?.key ?? '');
    if (constraint === undefined || of === undefined) {
      return () => false;
    }
    const value = constraint.value.toLowerCase();
    return (node) => (of(node).toLowerCase() === value) === constraint.equal;
  });
  return (node) => checks.every((check) => check(node));
}

const SAME_ARCHITECTURE: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** `linux/x86_64` is `linux/amd64`. */
export function normalPlatform(platform: string): string {
  const [os = '', architecture = ''] = platform.split('/');
  return `${os}/${SAME_ARCHITECTURE[architecture] ?? architecture}`;
}

/** A part that an image does not name fits every node. No platforms at all: nobody has resolved the image, and SwarmKit does not ask. */
function platformFilter(platforms: readonly string[]): (node: PlacementNode) => boolean {
  const wanted = platforms.map((one) => normalPlatform(one).split('/'));
  return ({ platform }) => {
    const [os, architecture] = normalPlatform(platform).split('/');
    const fits = (part: string | undefined, own: string | undefined): boolean => part === '' || part === own;
    return wanted.length === 0 || wanted.some((one) => fits(one[0], os) && fits(one[1], architecture));
  };
}

/** Takes new tasks, whosever they are. */
export const isOpen = ({ status, availability }: PlacementNode): boolean =>
  status === 'ready' && availability === 'active';

/** The nodes that SwarmKit would give tasks of the service to, as far as there is room on them. */
export function allowedNodes(
  { constraints, platforms }: Pick<ServiceFacts, 'constraints' | 'platforms'>,
  nodes: readonly PlacementNode[],
): PlacementNode[] {
  const meets = constraintFilter(constraints);
  const runs = platformFilter(platforms);
  return nodes.filter((node) => isOpen(node) && meets(node) && runs(node));
}

/** A node with what stands on it. */
export interface Place {
  readonly node: PlacementNode;
  /** Of all services. */
  tasks: number;
  cpu: number;
  memory: number;
  readonly hostPorts: Set<number>;
  /** Of the service that is looked at. */
  own: number;
}

export const emptyPlace = (node: PlacementNode): Place => ({
  node,
  ...{ tasks: 0, cpu: 0, memory: 0, own: 0 },
  hostPorts: new Set(),
});

/** By node id, with all tasks that are told. */
export function placesOf(nodes: readonly PlacementNode[], services: readonly ServiceFacts[]): Map<string, Place> {
  const places = new Map(nodes.map((node): [string, Place] => [node.nodeId, emptyPlace(node)]));
  for (const service of services) {
    for (const [nodeId, { running, others }] of service.tasks) {
      const place = places.get(nodeId);
      if (place !== undefined) {
        addTasks(place, service, running + others);
      }
    }
  }
  return places;
}

/** @param count may be negative. Ports stay taken: whose they were is not known */
export function addTasks(
  place: Place,
  { cpu, memory, hostPorts }: Pick<ServiceFacts, 'cpu' | 'memory' | 'hostPorts'>,
  count: number,
): void {
  place.tasks += count;
  place.cpu += count * cpu;
  place.memory += count * memory;
  if (count > 0) {
    hostPorts.forEach((port) => place.hostPorts.add(port));
  }
}

/** Whether there is room for one more task of the service. */
export function hasRoom(
  { cpu, memory, hostPorts, maxReplicas }: Pick<ServiceFacts, 'cpu' | 'memory' | 'hostPorts' | 'maxReplicas'>,
  place: Place,
): boolean {
  const fits = place.cpu + cpu <= place.node.cpu && place.memory + memory <= place.node.memory;
  // SwarmKit does not ask for resources where nothing is reserved, be the node overbooked or not.
  const unreserved = cpu === 0 && memory === 0;
  return (
    (unreserved || fits) &&
    (maxReplicas === 0 || place.own < maxReplicas) &&
    hostPorts.every((port) => !place.hostPorts.has(port))
  );
}

/** Where SwarmKit puts the next task: of the nodes with room that with the fewest tasks of the service, then with the fewest at all. */
export function nextTarget(service: ServiceFacts, allowed: readonly Place[]): Place | undefined {
  let target: Place | undefined;
  for (const place of allowed) {
    const isBetter =
      target === undefined || place.own < target.own || (place.own === target.own && place.tasks < target.tasks);
    if (isBetter && hasRoom(service, place)) {
      target = place;
    }
  }
  return target;
}
