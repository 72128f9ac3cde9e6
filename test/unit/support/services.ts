// Services and nodes as the shift document tells them, for tests of what is decided about them.
import type { PlacementNode, ServiceFacts } from '../../../src/core/services/facts.ts';

export function aNode(nodeId: string, changes: Partial<PlacementNode> = {}): PlacementNode {
  return {
    nodeId,
    hostname: `host-${nodeId}`,
    role: 'worker',
    status: 'ready',
    availability: 'active',
    labels: {},
    engineLabels: {},
    platform: 'linux/x86_64',
    cpu: 4e9,
    memory: 8e9,
    ...changes,
  };
}

/** @param counts how many of its tasks run, by node id */
export function aService(
  name: string,
  counts: Readonly<Record<string, number>>,
  changes: Partial<ServiceFacts> = {},
): ServiceFacts {
  const replicas = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    serviceId: `id-${name}`,
    version: 10,
    name,
    mode: 'replicated',
    replicas,
    image: `example.com/${name}:1@sha256:0123`,
    update: '',
    order: 'start-first',
    restart: 'any',
    mounts: [],
    constraints: [],
    preferences: 0,
    maxReplicas: 0,
    platforms: [],
    cpu: 0,
    memory: 0,
    generic: 0,
    hostPorts: [],
    templated: false,
    health: true,
    labels: {},
    previousMark: '',
    kept: false,
    updatedAt: 1_700_000_000,
    tasks: new Map(Object.entries(counts).map(([nodeId, running]) => [nodeId, { running, others: 0 }])),
    unassigned: 0,
    ...changes,
  };
}
