// Looks at a world of machines, and tells its state in words that are the same in every world.
import { z } from 'zod';

import type { Machines, NodeView, TaskView } from '../../../lab/nodes/machines.ts';
import { instance } from '../scene.ts';
import { kindOf } from './outcome.ts';
import type { Eyes } from './eyes.ts';
import type { Places, State } from './state.ts';

export interface Names {
  /** A machine tells its node id. */
  readonly meet: (machine: number, nodeId: string) => void;
  readonly nameOf: (nodeId: string) => string;
}

const infoSchema = z.object({
  NodeID: z.string(),
  LocalNodeState: z.string(),
  ControlAvailable: z.boolean(),
  Error: z.string(),
});
type Info = z.infer<typeof infoSchema>;

const specSchema = z.object({
  Name: z.string(),
  Mode: z.object({ Replicated: z.object({ Replicas: z.number().optional() }).optional() }).loose(),
  TaskTemplate: z.object({
    ContainerSpec: z.object({ Image: z.string(), Env: z.array(z.string()).nullish() }),
    Placement: z.object({ Constraints: z.array(z.string()).nullish() }).nullish(),
    ForceUpdate: z.number().optional(),
  }),
});
const serviceSchema = z.object({
  Spec: specSchema,
  PreviousSpec: specSchema.nullish(),
  UpdateStatus: z.object({ State: z.string().optional() }).nullish(),
});
type Service = z.infer<typeof serviceSchema>;

const ENDED = new Set(['complete', 'shutdown', 'failed', 'rejected', 'orphaned']);

export async function look(machines: Machines, eyes: Eyes, numbers: readonly number[], names: Names): Promise<State> {
  const infos = await Promise.all(numbers.map((number) => infoOf(eyes, number)));
  numbers.forEach((number, index) => {
    const info = infos[index];
    if (typeof info === 'object') {
      names.meet(number, info.NodeID);
    }
  });
  const lines = numbers.map((number, index) => `machine ${number}: ${describeInfo(infos[index] ?? '', names)}`);
  const managers = numbers.filter((_, index) => {
    const info = infos[index];
    return typeof info === 'object' && info.ControlAvailable;
  });
  const seen = await Promise.all(managers.map((number) => swarmSeenBy(machines, eyes, number, names)));
  const groups = Map.groupBy(managers, (number) => seen[managers.indexOf(number)]?.lines.join('\n') ?? '');
  for (const [text, group] of groups) {
    lines.push(...text.split('\n').map((line) => `seen by ${group.join(' and ')}: ${line}`));
  }
  const places = new Map<string, Places>();
  for (const view of seen) {
    view.places.forEach((value, service) => places.set(service, value));
  }
  return { managers, lines, places };
}

async function infoOf(eyes: Eyes, number: number): Promise<Info | string> {
  const info = await eyes.info(instance(number));
  return 'value' in info ? infoSchema.parse(info.value) : info.refusal;
}

function describeInfo(info: Info | string, names: Names): string {
  if (typeof info === 'string') {
    return `docker info: ${info}`;
  }
  const parts = [info.LocalNodeState];
  if (info.NodeID !== '') {
    parts.push(`node ${names.nameOf(info.NodeID)}`);
  }
  if (info.ControlAvailable) {
    parts.push('control available');
  }
  if (info.Error !== '') {
    parts.push(`error: ${kindOf(info.Error)}`);
  }
  return parts.join(', ');
}

/** What the swarm is to a manager; one line with the kind of the error where it does not answer. */
async function swarmSeenBy(
  machines: Machines,
  eyes: Eyes,
  number: number,
  names: Names,
): Promise<Omit<State, 'managers'>> {
  const asked = await eyes.nodes(instance(number));
  // The leader may be lost between two calls.
  const view = 'refusal' in asked ? asked : await orRefusal(machines.view(instance(number)));
  if ('refusal' in view) {
    return { lines: [`docker node ls: ${view.refusal}`], places: new Map() };
  }
  const listed = await eyes.services(instance(number));
  const services = z.array(serviceSchema).parse('value' in listed ? listed.value : []);
  const lines = [
    // The leader is decided by timers that real raft members roll dice for: that one does is what counts.
    `${view.nodes.filter(({ reachability }) => reachability === 'leader').length} leader`,
    ...view.nodes.map((node) => describeNode(node, names)).toSorted(),
    ...services.map(describeService).toSorted(),
  ];
  const places = services.map((service) => [service.Spec.Name, placesOf(service, view.tasks, names)] as const);
  return { lines, places: new Map(places) };
}

async function orRefusal<T>(asked: Promise<T>): Promise<T | { readonly refusal: string }> {
  try {
    return await asked;
  } catch (error) {
    return { refusal: kindOf(error instanceof Error ? error.message : String(error)) };
  }
}

function describeNode(node: NodeView, { nameOf }: Names): string {
  const labels = Object.entries(node.labels).map((label) => label.join('='));
  // The leader is a reachable manager like the others.
  const reachability = node.reachability === 'leader' ? 'reachable' : node.reachability;
  const raft = reachability === undefined ? '' : `, ${reachability} in raft`;
  return [
    `node ${nameOf(node.nodeId)}: ${node.role}${raft}`,
    node.status,
    node.availability,
    ...labels.toSorted(),
  ].join(', ');
}

function describeService({ Spec, PreviousSpec, UpdateStatus }: Service): string {
  return [
    `service ${describeSpec(Spec)}`,
    `before: ${PreviousSpec ? describeSpec(PreviousSpec) : 'nothing'}`,
    `update ${UpdateStatus?.State ?? 'none'}`,
  ].join('; ');
}

function describeSpec({ Name, Mode, TaskTemplate }: z.infer<typeof specSchema>): string {
  const { ContainerSpec, Placement, ForceUpdate } = TaskTemplate;
  return [
    Name,
    Mode.Replicated ? `x ${Mode.Replicated.Replicas ?? 1}` : 'global',
    ContainerSpec.Image,
    ...(ContainerSpec.Env ?? []),
    ...(Placement?.Constraints ?? []),
    ...(ForceUpdate ? [`forced ${ForceUpdate} times`] : []),
  ].join(' ');
}

function placesOf({ Spec, PreviousSpec }: Service, all: readonly TaskView[], { nameOf }: Names): Places {
  const tasks = all.filter(({ service }) => service === Spec.Name);
  const isWanted = ({ desiredState }: TaskView): boolean => desiredState === 'running' || desiredState === 'ready';
  const running = tasks.filter(({ nodeId, state }) => nodeId !== '' && state === 'running');
  const count = (those: readonly TaskView[]): string => {
    const stopping = those.filter((task) => !isWanted(task)).length;
    return `${those.length - stopping}${stopping > 0 ? ` (and ${stopping} to stop)` : ''}`;
  };
  const ended = new Set(tasks.filter(({ state }) => ENDED.has(state)).map(({ state }) => state));
  const byNode = Map.groupBy(running, ({ nodeId }) => nameOf(nodeId));
  const pending = tasks.filter((task) => isWanted(task) && task.state === 'pending');
  return {
    byNode: new Map([...byNode].map(([node, those]) => [node, count(those)])),
    total: `${running.filter(isWanted).length} running, ${pending.length} pending`,
    ended: [...ended].toSorted().join(', '),
    heals:
      pending.length === 0 &&
      ![Spec, PreviousSpec].some((spec) => spec?.TaskTemplate.ContainerSpec.Image.includes('missing')),
  };
}
