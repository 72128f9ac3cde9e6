// What a tidy does about the nodes of a swarm: removes what is down for good, takes back what skep left drained, tells the rest.
import { chunks } from '../chunks.ts';
import { readMark } from '../services/facts.ts';
import { wishesOf } from './group-wishes.ts';
import type { GroupInstance, KnownNode, NodeRef, Repair, Report, SwarmNode, TidyFacts, TidyGroup } from './facts.ts';
import type { ReportName } from '../verdict/reports.ts';
import { seenElsewhere, whyAnothers, whyNobodys } from './elsewhere.ts';
import { leftoverOf } from './leftovers.ts';
import { allOf, whyOff } from './warm-pool.ts';

/** How many nodes one command removes: each is a raft write, and a document on a manager must take seconds. A node is 45 characters of the command. */
const NODES_AT_ONCE = 200;
/** EC2 shows a terminated instance for about an hour. The node of an instance that it does not show must be down for longer than that. Seconds. */
const SHOWN_FOR = 3600;
/** One call each: the next tidy goes on. */
const ASKED_BY_ID = 50;

export interface Conclusions {
  readonly repairs: readonly Repair[];
  readonly reports: readonly Report[];
}

export const GONE: readonly string[] = ['terminated', 'shutting-down'];

/** An index of a list by keys of its elements, made once for each list, since a swarm has thousands of nodes. Of two elements with one key the first stays. */
function indexed<One extends object, Key>(
  keysOf: (one: One) => readonly Key[],
): (list: readonly One[]) => Map<Key, One> {
  const made = new WeakMap<readonly One[], Map<Key, One>>();
  return (list) => {
    const index = made.get(list) ?? new Map([...list].reverse().flatMap((one) => keysOf(one).map((key) => [key, one])));
    made.set(list, index);
    return index;
  };
}

const byNodeId = indexed<KnownNode, string>(({ nodeId, formerNodeIds = [] }) =>
  nodeId === undefined ? formerNodeIds : [nodeId, ...formerNodeIds],
);
const byInstance = indexed<KnownNode, string>(({ instance }) => [instance]);
const groupsByInstance = indexed<TidyGroup, string>((group) => allOf(group).map(({ instance }) => instance));
const membersOf = indexed<GroupInstance, string>(({ instance }) => [instance]);
const readyByInstance = indexed<SwarmNode, string>(({ status, instance }) =>
  status === 'ready' && instance !== undefined ? [instance] : [],
);

/** By node id, exactly. */
const knownBy = ({ nodeId }: Pick<SwarmNode, 'nodeId'>, known: readonly KnownNode[]): KnownNode | undefined =>
  byNodeId(known).get(nodeId);

export const knownItemOf = (instance: string, known: readonly KnownNode[]): KnownNode | undefined =>
  byInstance(known).get(instance);

/** The instance of a node: by its label, else by the table. Undefined where neither knows it, and where they name different instances. */
export function instanceOf(node: SwarmNode, known: readonly KnownNode[]): string | undefined {
  const recorded = knownBy(node, known)?.instance;
  return node.instance !== undefined && recorded !== undefined && node.instance !== recorded
    ? undefined
    : (node.instance ?? recorded);
}

export const groupOf = (instance: string, groups: readonly TidyGroup[]): TidyGroup | undefined =>
  groupsByInstance(groups).get(instance);

const NOBODY: readonly GroupInstance[] = [];

function memberOf(instance: string, groups: readonly TidyGroup[]): GroupInstance | undefined {
  const { instances = NOBODY, warm = NOBODY } = groupOf(instance, groups) ?? {};
  return membersOf(instances).get(instance) ?? membersOf(warm).get(instance);
}

export const lifecycleOf = (instance: string, groups: readonly TidyGroup[]): string | undefined =>
  memberOf(instance, groups)?.lifecycle;

/** Why the machine of an instance is off, which is in the warm pool of its group; undefined for any other. */
export const whyOffIn = (
  instance: string,
  { groups, states }: Pick<TidyFacts, 'groups' | 'states'>,
): string | undefined => whyOff(lifecycleOf(instance, groups), states.get(instance));

/** An execution holds the instance: its lease is not over, and it has not ended. */
export function isWorkedOn(instance: string, { known, now, ended }: TidyFacts): boolean {
  const item = knownItemOf(instance, known);
  return (
    item !== undefined &&
    item.phase !== 'gone' &&
    item.phase !== 'ready' &&
    now < item.leaseUntil &&
    !ended.has(item.ownerArn)
  );
}

type Conclusion =
  | { readonly kind: 'forget'; readonly ref: NodeRef; readonly because: string }
  | { readonly kind: 'restore'; readonly ref: NodeRef; readonly because: string }
  | { readonly kind: 'report'; readonly report: Report };

export function repairNodes(facts: TidyFacts): Conclusions {
  const conclusions = facts.nodes.flatMap((node) => judge(node, facts) ?? []);
  const batches = (kind: 'forget' | 'restore'): Repair[] => {
    const chosen = conclusions.flatMap((conclusion) => (conclusion.kind === kind ? [conclusion] : []));
    return [...new Set(chosen.map(({ because }) => because))].flatMap((because) =>
      chunks(
        chosen.filter((one) => one.because === because).map(({ ref }) => ref),
        NODES_AT_ONCE,
      ).map((nodes) => ({ kind, nodes, because })),
    );
  };
  return {
    repairs: [...batches('forget'), ...batches('restore')],
    reports: conclusions.flatMap((conclusion) => (conclusion.kind === 'report' ? [conclusion.report] : [])),
  };
}

const report = (node: SwarmNode, because: string, name?: ReportName, instance = node.instance): Conclusion => ({
  kind: 'report',
  report: {
    ...(name === undefined ? {} : { name }),
    nodeId: node.nodeId,
    ...(instance === undefined ? {} : { instance }),
    because,
  },
});

function judge(node: SwarmNode, facts: TidyFacts): Conclusion | undefined {
  const instance = instanceOf(node, facts.known);
  if (instance === undefined) {
    return judgeLeftover(node, facts) ?? judgeStranger(node, facts);
  }
  return isAnothers(node, facts)
    ? (judgeLeftover(node, facts) ?? judgeAnothers(node, instance, facts))
    : (judgeOwn(node, instance, facts) ?? judgeNobodys(node, instance, facts));
}

/** What is said to be an instance's, and is at the address of another one. */
export function isAnothers(node: SwarmNode, facts: Pick<TidyFacts, 'known' | 'addresses' | 'owners'>): boolean {
  const instance = instanceOf(node, facts.known);
  return instance !== undefined && whyAnothers(node, instance, facts) !== undefined;
}

/** While an execution is at work on it, that one asks EC2 as well. */
function judgeAnothers(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  return isWorkedOn(instance, facts)
    ? undefined
    : report(node, whyAnothers(node, instance, facts) ?? '', 'NodeOfAnother', instance);
}

function judgeNobodys(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  const why = node.status === 'ready' && !isWorkedOn(instance, facts) ? whyNobodys(node, instance, facts) : undefined;
  return why === undefined ? undefined : report(node, why, undefined, instance);
}

function judgeOwn(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  // Only Down is down: Unknown is what every node is for a while after the leader changed.
  if (node.status === 'down') {
    return node.isManager || node.role === 'manager' ? undefined : judgeDown(node, instance, facts);
  }
  if (node.status !== 'ready') {
    return undefined;
  }
  return node.availability === 'active' ? judgeActive(node, instance, facts) : judgeInactive(node, instance, facts);
}

function judgeLeftover(node: SwarmNode, facts: TidyFacts): Conclusion | undefined {
  const leftover = leftoverOf(node, facts);
  return leftover === undefined
    ? undefined
    : {
        kind: 'forget',
        ref: { nodeId: node.nodeId, instance: leftover.instance },
        because: leftover.because,
      };
}

function judgeActive(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  if (lifecycleOf(instance, facts.groups) !== 'InService' || isWorkedOn(instance, facts)) {
    return undefined;
  }
  if (isDemoted(node, instance, facts)) {
    return report(node, DEMOTED, 'WrongRole', instance);
  }
  const since =
    'somebody has activated it, or it came before its group said so; docker node update --availability drain';
  return wishesDrain(instance, facts)
    ? report(node, `active, and the hook of its group says that managers run no tasks: ${since}`, undefined, instance)
    : undefined;
}

/** A manager that was demoted, and stays in the swarm after all. */
const isDemoted = (node: SwarmNode, instance: string, { groups }: TidyFacts): boolean =>
  node.role === 'worker' && !node.isManager && groupOf(instance, groups)?.role === 'manager';
const DEMOTED =
  'a worker, and its group wants managers: skep makes none of it; end its instance, and its group launches another';

/** Managers that only manage. */
function wishesDrain(instance: string, { groups, stage }: TidyFacts): boolean {
  const group = groupOf(instance, groups);
  return group !== undefined && wishesOf(group, stage)?.availability === 'drain';
}

function judgeStranger(node: SwarmNode, { known }: TidyFacts): Conclusion {
  const recorded = knownBy(node, known)?.instance;
  if (node.neverUp) {
    return report(
      node,
      'no engine has ever come as this node: it is removed after an hour, if no instance is missing by then',
    );
  }
  return node.instance === undefined || recorded === undefined
    ? report(node, 'a node without an instance that skep knows: never touched', 'NodeUnknown')
    : report(
        node,
        `its label says ${node.instance}, and skep joined it on ${recorded}: somebody changed the label; never touched`,
        'NodeUnknown',
      );
}

function judgeDown(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  const ref = { nodeId: node.nodeId, instance };
  if (hasSuccessor(node, instance, facts)) {
    return { kind: 'forget', ref, because: 'the node is down, and its instance has joined as another one' };
  }
  const lifecycle = lifecycleOf(instance, facts.groups);
  const off = isWorkedOn(instance, facts) ? undefined : whyOffIn(instance, facts);
  const gone = whyGone(instance, node.age, facts) ?? off;
  // Where the group still waits for its hook, the scale-in forgets the node and completes the hook too.
  return gone === undefined || lifecycle === 'Terminating:Wait'
    ? undefined
    : { kind: 'forget', ref, because: `the node is down, and ${gone}` };
}

function hasSuccessor({ nodeId }: SwarmNode, instance: string, { nodes }: TidyFacts): boolean {
  const ready = readyByInstance(nodes).get(instance);
  return ready !== undefined && ready.nodeId !== nodeId;
}

/**
 * EC2 shows an instance as terminated, or has forgotten it. That it is missing from an answer says nothing, since an answer may not be
 * whole: EC2 must say, asked for this very instance, that there is none, and only of what has been down for longer than EC2 shows what
 * is gone, and is in no group.
 */
export function whyGone(instance: string, age: number | undefined, facts: TidyFacts): string | undefined {
  const { states, groups, notFound } = facts;
  const state = states.get(instance);
  if (state !== undefined) {
    return GONE.includes(state) ? `its instance is ${state}` : undefined;
  }
  return groupOf(instance, groups) === undefined && (age ?? 0) >= SHOWN_FOR && notFound.has(instance)
    ? 'EC2 does not know its instance any more'
    : undefined;
}

/** The instances to ask EC2 for by id: it may have forgotten them, or have left them out of its answer. */
export function perhapsForgotten({
  nodes,
  known,
  groups,
  states,
}: Pick<TidyFacts, 'nodes' | 'known' | 'groups' | 'states'>): string[] {
  const missing = nodes
    .filter(({ status, age = 0 }) => status === 'down' && age >= SHOWN_FOR)
    .flatMap((node) => instanceOf(node, known) ?? [])
    .filter((instance) => !states.has(instance) && groupOf(instance, groups) === undefined);
  return [...new Set(missing)].slice(0, ASKED_BY_ID);
}

/** How many addresses EC2 is asked about, three calls each: the next tidy goes on with the others. */
const ASKED_BY_ADDRESS = 10;

/**
 * The instances whose addresses to ask EC2 for: their node tells an address, has no label, and is tied to them by their own word alone. A labelled
 * node was checked before it got its label, so a healthy swarm costs no call. For a node that is down, the address comes with the state of its instance.
 */
export const namedByNodes = (nodes: readonly SwarmNode[], known: readonly KnownNode[]): string[] => [
  ...new Set(
    nodes.flatMap((node) =>
      node.address === undefined || node.instance !== undefined ? [] : (instanceOf(node, known) ?? []),
    ),
  ),
];

/** Addresses of nodes that are not those of their instances: EC2 is to be asked whose they are. */
export function addressesElsewhere(facts: Pick<TidyFacts, 'nodes' | 'known' | 'addresses'>): string[] {
  const all = facts.nodes.flatMap((node) => {
    const instance = instanceOf(node, facts.known);
    return instance === undefined ? [] : (seenElsewhere(node, instance, facts) ?? []);
  });
  return [...new Set(all)].slice(0, ASKED_BY_ADDRESS);
}

/** Active again, it would have the tasks of that service rejected at once. */
const isKeptOff = ({ nodeId }: SwarmNode, { left }: TidyFacts): boolean =>
  left?.marks.some(({ mark }) => {
    const read = readMark(mark);
    return read?.kind === 'exclude' && read.nodes.includes(nodeId);
  }) === true;

/** As its group wishes it. One that was demoted, and not removed after all, is not to run tasks either. */
function judgeManaging(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  return isDemoted(node, instance, facts) && lifecycleOf(instance, facts.groups) === 'InService'
    ? report(node, DEMOTED, 'WrongRole', instance)
    : undefined;
}

/** Ready, and not active: a drain or a demotion of skep's whose execution died, or what a person wants. */
function judgeInactive(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  if (isWorkedOn(instance, facts) || node.instance === undefined) {
    return undefined;
  }
  if (wishesDrain(instance, facts) && node.availability === 'drain') {
    return judgeManaging(node, instance, facts);
  }
  if (!node.isLeaving) {
    return report(node, `somebody has set it to ${node.availability}: never touched`);
  }
  if (isKeptOff(node, facts)) {
    return report(node, "a service is kept off it by skep's constraint: it is activated when that is taken back");
  }
  return judgeLeft(node, instance, facts);
}

function judgeLeft(node: SwarmNode, instance: string, facts: TidyFacts): Conclusion | undefined {
  const { version } = node;
  const did = node.availability === 'pause' ? 'paused the node' : 'drained the node';
  return lifecycleOf(instance, facts.groups) === 'InService' && !node.isManager && version !== undefined
    ? {
        kind: 'restore',
        ref: { nodeId: node.nodeId, instance, version },
        because: `skep has ${did}, no execution is at work on it, and its instance is in service`,
      }
    : undefined;
}
