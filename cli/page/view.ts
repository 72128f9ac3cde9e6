// What the page shows, made of what its sources told: plain data, without a secret, and whole whatever is missing in them.
import { grouped } from '../../src/core/grouped.ts';
import { standings } from '../../src/core/lifecycle/standing.ts';
import type { Standing } from '../../src/core/lifecycle/standing.ts';
import { isWarm } from '../../src/core/tidy/warm-pool.ts';
import type { PageFacts, PageNode, SeenNode, SeenTask, Source } from './facts.ts';
import { differenceOf, markOf } from './marks.ts';
import type { Mark } from './marks.ts';
import { quorumOf } from './quorum.ts';
import type { QuorumView } from './quorum.ts';

interface TaskView {
  readonly id: string;
  readonly service: string;
  readonly state: string;
  readonly desired: string;
  readonly error: string;
}

export interface InstanceView {
  /** The instance, or the node where there is no instance. */
  readonly id: string;
  readonly group: string;
  readonly zone: string;
  readonly role: string;
  readonly lifecycle: string;
  readonly ec2: string;
  readonly phase: string;
  readonly nodeId: string | null;
  readonly swarm: {
    readonly status: string;
    readonly availability: string;
    readonly reachability: string | null;
  } | null;
  readonly mark: Mark;
  /** Where AWS and the swarm say different things of it. */
  readonly differs: string | null;
  readonly why: string;
  readonly waitsFor: string | null;
  readonly execution: string | null;
  readonly tasks: readonly TaskView[];
}

interface GroupView {
  readonly name: string;
  readonly role: string;
  readonly desired: number;
  readonly instances: number;
  readonly inService: number;
  readonly ready: number;
}

interface ServiceView {
  readonly name: string;
  readonly wanted: number;
  readonly running: number;
}

export interface PageView {
  readonly cluster: string;
  readonly stage: string;
  readonly where: string;
  readonly at: number;
  readonly level: string;
  readonly since: number | null;
  readonly reasons: readonly { readonly name: string; readonly what: string; readonly next: string }[];
  readonly quorum: QuorumView | null;
  readonly groups: readonly GroupView[];
  readonly zones: readonly string[];
  readonly services: readonly ServiceView[];
  /** Tasks that no node of the swarm has. */
  readonly loose: readonly TaskView[];
  /** Whether the swarm itself was asked: else nodes are as skep's table has them, and tasks are not known. */
  readonly swarmAsked: boolean;
  readonly sources: readonly Source[];
  readonly instances: readonly InstanceView[];
}

/** Where an instance has no zone, and a node no group. */
const NOWHERE = '-';

export function viewOf(facts: PageFacts): PageView {
  const { cluster, stage, where, now, status, sources, swarm } = facts;
  const instances = instancesOf(facts);
  const tasks = swarm?.tasks ?? [];
  return {
    ...{ cluster, stage, where, at: now },
    ...verdictOf(status),
    quorum: quorumOf(facts),
    groups: groupsOf(facts, instances),
    zones: [...new Set(instances.map(({ zone }) => zone))].toSorted(),
    services: servicesOf(tasks),
    loose: looseOf(tasks, swarm?.nodes ?? []),
    swarmAsked: swarm !== undefined,
    sources: sources.map(({ name, at, problem }) => ({ name, at, problem })),
    instances,
  };
}

function verdictOf(status: PageFacts['status']): Pick<PageView, 'level' | 'since' | 'reasons'> {
  if (status === undefined) {
    return { level: 'unknown', since: null, reasons: [] };
  }
  const { level, since, reasons } = status;
  return { level, since, reasons: reasons.map(({ name, what, next }) => ({ name, what, next })) };
}

function looseOf(tasks: readonly SeenTask[], nodes: readonly SeenNode[]): readonly TaskView[] {
  const ids = new Set(nodes.map(({ nodeId }) => nodeId));
  return alive(tasks)
    .filter(({ nodeId }) => !ids.has(nodeId))
    .map(taskView);
}

function instancesOf({ groups, known, states, now, swarm }: PageFacts): InstanceView[] {
  const nodes = swarm?.nodes ?? [];
  const tasks = grouped(alive(swarm?.tasks ?? []), ({ nodeId }) => nodeId);
  const stories = new Map(known.map((one) => [one.instance, one]));
  const byInstance = new Map(nodes.flatMap((node) => (node.instance === undefined ? [] : [[node.instance, node]])));
  const byNode = new Map(nodes.map((node) => [node.nodeId, node]));
  const shown = standings({ groups, known, states, now }).map((one) => {
    // The id on record counts first: an instance that joins anew has its old node beside the new one for a while.
    const node = byNode.get(one.nodeId ?? '') ?? byInstance.get(one.instance);
    return instanceView(one, stories.get(one.instance), { node, asked: swarm !== undefined }, tasks, now);
  });
  const taken = new Set(shown.map(({ nodeId }) => nodeId));
  const strays = nodes.filter(({ nodeId }) => !taken.has(nodeId)).map((node) => strayView(node, tasks));
  return [...shown, ...strays];
}

type Tasks = ReadonlyMap<string, readonly SeenTask[]>;

function instanceView(
  one: Standing,
  story: PageNode | undefined,
  { node, asked }: { readonly node: SeenNode | undefined; readonly asked: boolean },
  tasks: Tasks,
  now: number,
): InstanceView {
  const nodeId = node?.nodeId ?? one.nodeId;
  const { instance: id, group, zone, role, lifecycle, state: ec2, phase, why } = one;
  return {
    ...{ id, group, role, lifecycle, ec2, phase, nodeId, why },
    zone: zone === '' ? NOWHERE : zone,
    swarm: node === undefined ? null : swarmOf(node),
    mark: markOf(one, node, asked),
    differs: differenceOf(one, node, asked),
    ...workOn(story, now),
    tasks: (tasks.get(nodeId ?? '') ?? []).map(taskView),
  };
}

/** What the tidy has written by itself has no execution. */
function workOn(story: PageNode | undefined, now: number): Pick<InstanceView, 'waitsFor' | 'execution'> {
  if (story?.ownerArn.startsWith('arn:') !== true) {
    return { waitsFor: null, execution: null };
  }
  return { waitsFor: story.leaseUntil > now ? waitsFor(story) : null, execution: story.ownerArn };
}

/** A node that no instance of the cluster's groups and no item of the table belongs to. */
function strayView(node: SeenNode, tasks: Tasks): InstanceView {
  const { nodeId, instance, role } = node;
  const why =
    instance === undefined
      ? 'a node of the swarm that bears no label of skep: somebody joined it by hand, or its launch is half-way'
      : 'a node of the swarm whose instance is in no group of the cluster, and that skep has no record of';
  return {
    id: instance ?? nodeId,
    group: NOWHERE,
    zone: NOWHERE,
    role,
    lifecycle: NOWHERE,
    ec2: 'unknown',
    phase: 'unknown',
    nodeId,
    swarm: swarmOf(node),
    mark: node.status === 'ready' ? 'stray' : 'down',
    differs: 'the swarm has this node, and AWS has no instance for it',
    why,
    waitsFor: null,
    execution: null,
    tasks: (tasks.get(nodeId) ?? []).map(taskView),
  };
}

const swarmOf = ({ status, availability, reachability }: SeenNode): InstanceView['swarm'] => ({
  status,
  availability,
  reachability: reachability ?? null,
});

function waitsFor({ step, try: tries = 1, target, instance }: PageNode): string {
  if (step === undefined) {
    return 'its execution is at work, and has sent no command yet';
  }
  const asked = target === undefined || target === instance ? '' : `, asked of ${target}`;
  return `${step}${tries > 1 ? ` (command ${tries})` : ''}${asked}`;
}

/** Those that are to run or do: what has ended stays on record for a while, and is nobody's concern. */
const alive = (tasks: readonly SeenTask[]): readonly SeenTask[] =>
  tasks.filter(
    ({ desiredState, state }) => desiredState === 'running' || desiredState === 'ready' || state === 'running',
  );

const taskView = ({ taskId, service, state, desiredState, error }: SeenTask): TaskView => ({
  id: taskId,
  service,
  state,
  desired: desiredState,
  error,
});

function servicesOf(tasks: readonly SeenTask[]): ServiceView[] {
  const wanted = tasks.filter(({ desiredState }) => desiredState === 'running');
  return [...grouped(wanted, ({ service }) => service)]
    .map(([name, some]) => ({
      name,
      wanted: some.length,
      running: some.filter((one) => one.state === 'running').length,
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

function groupsOf({ groups }: PageFacts, instances: readonly InstanceView[]): GroupView[] {
  const own = grouped(instances, ({ group }) => group);
  const rows = groups.map(({ name, role, desired }) => {
    const some = own.get(name) ?? [];
    return {
      name,
      role: role ?? NOWHERE,
      desired,
      instances: some.filter(({ lifecycle }) => lifecycle !== NOWHERE && !isWarm(lifecycle)).length,
      inService: some.filter(({ lifecycle }) => lifecycle === 'InService').length,
      ready: some.filter(({ mark }) => mark === 'ready').length,
    };
  });
  return rows.toSorted((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name));
}
