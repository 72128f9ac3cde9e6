// How long a rebalance takes to plan, and how large what it is planned from is:
//
//   node bench/rebalance.ts [NODES [TASKS [SERVICES]]]
//
// A swarm whose last third of nodes has joined just now, and has nothing yet: the worst there is to plan.
import { gzipSync } from 'node:zlib';

import { planRebalance } from '../src/core/rebalance/plan.ts';
import type { PlacementNode, ServiceFacts } from '../src/core/services/facts.ts';

const [nodeCount = 2000, taskCount = 20_000, serviceCount = 500] = process.argv.slice(2).map(Number);

/** As random as node ids are, and the same each time. */
function id(seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  return Array.from({ length: 25 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state % 36).toString(36);
  }).join('');
}

const nodes: PlacementNode[] = Array.from({ length: nodeCount }, (_one, index) => ({
  nodeId: id(index),
  hostname: `ip-10-0-${index >> 8}-${index & 255}`,
  role: 'worker',
  status: 'ready',
  availability: 'active',
  labels: {
    'skep.instance': `i-${id(index).slice(0, 17)}`,
    'skep.zone': `eu-west-1${'abc'.charAt(index % 3)}`,
    tier: 'web',
  },
  engineLabels: {},
  platform: 'linux/x86_64',
  cpu: 8e9,
  memory: 32e9,
}));

const busy = nodes.slice(0, Math.ceil((nodeCount * 2) / 3));
const each = Math.round(taskCount / serviceCount);
const services: ServiceFacts[] = Array.from({ length: serviceCount }, (_one, index) => {
  // Each service on a few nodes: twice or more on each.
  const own = busy.slice(index % busy.length).slice(0, Math.max(1, Math.floor(each / 3)));
  const tasks = new Map<string, { running: number; others: number }>();
  for (let task = 0; task < each; task += 1) {
    const node = own[task % own.length]?.nodeId ?? '';
    tasks.set(node, { running: (tasks.get(node)?.running ?? 0) + 1, others: 0 });
  }
  return {
    serviceId: id(1_000_000 + index),
    version: index,
    name: `service-${index}`,
    mode: 'replicated',
    replicas: each,
    image: `example.com/service-${index}:1@sha256:${id(index)}`,
    update: '',
    order: 'start-first',
    restart: 'any',
    mounts: [],
    constraints: ['node.role==worker', 'node.labels.tier==web'],
    preferences: 0,
    maxReplicas: 0,
    platforms: ['linux/amd64', 'linux/arm64'],
    cpu: 1e8,
    memory: 1e8,
    generic: 0,
    hostPorts: [],
    templated: false,
    health: true,
    labels: {},
    previousMark: '',
    kept: false,
    updatedAt: 0,
    tasks,
    unassigned: 0,
  };
});

const packed = (lines: readonly unknown[]): number =>
  gzipSync(lines.map((line) => JSON.stringify(line)).join('\n'), { level: 9 }).toString('base64').length;
const places = new Map(nodes.map(({ nodeId }, index) => [nodeId, index]));
const told = services.map((one) => ({
  ...one,
  tasks: [...one.tasks].map(([nodeId, { running, others }]) => [places.get(nodeId), running, others]),
}));

const times: number[] = [];
let moves = 0;
const maxMoves = 1_000_000;
for (let run = 0; run < 5; run += 1) {
  const start = performance.now();
  moves = planRebalance({ nodes, services, now: 1 }, { only: [], maxMoves }).moves;
  times.push(performance.now() - start);
}
const [fastest = 0] = times.toSorted((a, b) => a - b);
process.stdout.write(
  `${nodeCount} nodes, ${each * serviceCount} tasks of ${serviceCount} services: ${moves} moves planned in ` +
    `${fastest.toFixed(0)} ms at best, ${Math.max(...times).toFixed(0)} ms at worst of ${times.length}\n` +
    `told by the shift document in about ${packed(nodes)} characters for the nodes and ${packed(told)} for the services\n`,
);
