// What a tidy does about instances and their lifecycle actions: joins what is in service unseen, ends what waits with nobody at work.
import { launchHook, terminateHook } from '../names.ts';
import type { NodeRole } from '../names.ts';
import { LAUNCHING, TERMINATING } from '../events/lifecycle-action.ts';
import { whyNotDemote } from '../managers/quorum.ts';
import { GONE, groupOf, instanceOf, isWorkedOn, knownItemOf, lifecycleOf, whyGone } from './repair-nodes.ts';
import type { Conclusions } from './repair-nodes.ts';
import { allOf, isWarm, whyLeave } from './warm-pool.ts';
import type { GroupInstance, KnownNode, Repair, Report, SwarmNode, TidyFacts, TidyGroup } from './facts.ts';

/** A heartbeat comes at half of a hook's timeout, so an execution that has not been seen for this long is asked for. Seconds. */
const SILENT_FOR = 600;
/** An engine that was in somebody else's swarm is asked again after a day. Seconds. */
const FOREIGN_FOR = 86_400;

type Wanted = { readonly repair: Repair } | { readonly report: Report } | undefined;

export function repairInstances(facts: TidyFacts): Conclusions {
  const wanted = [
    ...facts.groups.flatMap((group) => allOf(group).map((it) => repairInstance(it, group, facts))),
    ...facts.nodes.map((node) => repairDownManager(node, facts)),
  ];
  const repairs = wanted.flatMap((one) => (one !== undefined && 'repair' in one ? [one.repair] : []));
  // An instance that was a manager twice leaves once: what is left of it is for the next tidy.
  const isFirst = (repair: Repair, index: number): boolean =>
    repair.kind !== 'leave' ||
    index === repairs.findIndex((it) => it.kind === 'leave' && it.instance === repair.instance);
  return {
    repairs: repairs.filter(isFirst),
    reports: wanted.flatMap((one) => (one !== undefined && 'report' in one ? [one.report] : [])),
  };
}

/**
 * Executions that hold a lease and have sent no heartbeat for long: a tidy asks AWS whether they still run. An instance may have left its group
 * meanwhile. Its execution is asked about all the same, since a dead manager is not removed while an execution holds it.
 */
export function silentOwners({ known, now }: Pick<TidyFacts, 'known' | 'now'>): string[] {
  const silent = known.filter(
    ({ phase, leaseUntil, beatAt = now }) =>
      phase !== 'gone' && phase !== 'ready' && now < leaseUntil && now - beatAt > SILENT_FOR,
  );
  return [...new Set(silent.map(({ ownerArn }) => ownerArn))];
}

function repairInstance(it: GroupInstance, group: TidyGroup, facts: TidyFacts): Wanted {
  const { instance, lifecycle } = it;
  const foreign = tellForeign(it, group, facts);
  if (foreign !== undefined) {
    return foreign;
  }
  if (isWorkedOn(instance, facts)) {
    return undefined;
  }
  if (lifecycle.includes('Standby')) {
    return tellStandby(instance, group, facts);
  }
  if (lifecycle === 'Terminating:Wait') {
    return act('leave', instance, group, facts, 'it waits to be terminated, and no execution is at work on it');
  }
  if (lifecycle.endsWith(':Retained')) {
    return repairRetained(instance, group, facts);
  }
  if (isWarm(lifecycle)) {
    return repairWarm(it, group, facts);
  }
  return isMissing(it, facts)
    ? act('join', instance, group, facts, `it is ${lifecycle} and not in the swarm`)
    : undefined;
}

/**
 * Its engine is in a swarm that nobody declared, and that is left as it is. A day later it is looked at once more, which changes nothing
 * either: somebody may have ended that swarm.
 */
function tellForeign(it: GroupInstance, { name }: TidyGroup, facts: TidyFacts): Wanted {
  const { instance, lifecycle } = it;
  const { foreignSwarm: foreign } = knownItemOf(instance, facts.known) ?? {};
  const isMember = facts.nodes.some((node) => instanceOf(node, facts.known) === instance);
  const isKept = foreign !== undefined && facts.now - foreign.at < FOREIGN_FOR && !isMember;
  return isKept && lifecycle === 'InService'
    ? {
        report: {
          name: 'ForeignSwarm',
          instance,
          group: name,
          because: `its engine is in a swarm that nobody declared, which is left as it is: ${foreign.because}`,
        },
      }
    : undefined;
}

function repairWarm(it: GroupInstance, group: TidyGroup, facts: TidyFacts): Wanted {
  const because = whyLeave(
    it,
    facts.nodes.find((node) => instanceOf(node, facts.known) === it.instance),
  );
  return because === undefined ? undefined : act('leave', it.instance, group, facts, because);
}

/** No hook fires for it, and somebody wants it so: its node stays what it is. */
function tellStandby(instance: string, { name }: TidyGroup, { nodes, states, known }: TidyFacts): Wanted {
  const node = nodes.find((other) => instanceOf(other, known) === instance);
  const state = states.get(instance);
  const stopped = state?.startsWith('stop') === true ? `, and its instance is ${state}` : '';
  const what = node === undefined ? 'no node' : `a node that is ${node.status}, ${node.availability}`;
  return {
    report: {
      instance,
      group: name,
      because: `it is in standby${stopped}, and ${what}: drain it if it is to be worked on, and its group takes it back as it is`,
    },
  };
}

/** A node that is down is a member still: to join its instance again would end in forgetting a node that may come back. */
function isMissing({ instance, lifecycle }: GroupInstance, { nodes, known, states, now }: TidyFacts): boolean {
  const item = knownItemOf(instance, known);
  // One that nobody has labelled yet is half-way: its join is run again, which labels it.
  const isHalfWay = (node: SwarmNode): boolean => node.instance === undefined && item?.phase !== 'ready';
  const isMember = nodes.some(
    (node) => node.instance === instance || (item?.nodeId === node.nodeId && !isHalfWay(node)),
  );
  const state = states.get(instance);
  const lives = state !== undefined && !GONE.includes(state);
  return !isMember && ['InService', 'Pending:Wait'].includes(lifecycle) && lives && !isTaken(item, now);
}

/** For how long after its announced end an instance may still be shown as in service, seconds. If it lives on after that, it joins again. */
const STILL_SHOWN = 600;

/** AWS has said that it takes the instance, and its node has left: to join it again would put tasks on a dying machine. */
const isTaken = (item: KnownNode | undefined, now: number): boolean =>
  item?.diesAt !== undefined && now < item.diesAt + STILL_SHOWN;

/** A manager that its group retained goes as soon as it may; one that is out of the swarm is ended. */
function repairRetained(instance: string, group: TidyGroup, facts: TidyFacts): Wanted {
  const node = facts.nodes.find((other) => instanceOf(other, facts.known) === instance);
  const item = knownItemOf(instance, facts.known);
  if (node === undefined) {
    return item?.phase === 'gone'
      ? {
          repair: {
            kind: 'end',
            instance,
            group: group.name,
            because: 'its group retained it, and it is out of the swarm',
          },
        }
      : act('leave', instance, group, facts, 'its group retained it, and no manager knows it');
  }
  const why = node.isManager ? whyNotDemote(membersOf(facts.nodes), node.nodeId, targetOf(facts.groups)) : undefined;
  return why === undefined
    ? act('leave', instance, group, facts, 'its group retained it, and it may go now')
    : {
        report: {
          name: 'ManagerWaits',
          instance,
          nodeId: node.nodeId,
          because: `its group retained it, and it may not go yet: ${why}`,
        },
      };
}

const membersOf = (nodes: readonly SwarmNode[]): Parameters<typeof whyNotDemote>[0] =>
  nodes
    .filter(({ isManager }) => isManager)
    .map(({ nodeId, isReachable, role }) => ({ nodeId, reachable: isReachable, demoting: role === 'worker' }));

/** How many managers the groups of a cluster want, together. */
export const targetOf = (groups: readonly TidyGroup[]): number =>
  groups.filter(({ role }) => role === 'manager').reduce((sum, { desired }) => sum + desired, 0);

/**
 * One whose instance is gone counts against the quorum until it is out. Its terminate event may have been lost, or have ended before
 * its time: the scale-in demotes it under the lock, and forgets it. One whose instance lives may come back.
 */
function repairDownManager(node: SwarmNode, facts: TidyFacts): Wanted {
  const { nodeId, status, isManager, role } = node;
  const instance = instanceOf(node, facts.known);
  if (status !== 'down' || instance === undefined || (!isManager && role !== 'manager')) {
    return undefined;
  }
  const gone = whyGone(instance, node.age, facts);
  if (gone === undefined) {
    return undefined;
  }
  const item = knownItemOf(instance, facts.known);
  const group = facts.groups.find(({ name }) => name === item?.group) ?? groupOf(instance, facts.groups);
  if (group === undefined) {
    const because = 'a manager is down and gone, and skep knows nothing of its group: not demoted';
    return { report: { name: 'NodeDown', nodeId, instance, because } };
  }
  const waits = lifecycleOf(instance, facts.groups) === 'Terminating:Wait';
  return waits || isWorkedOn(instance, facts)
    ? undefined
    : act('leave', instance, group, facts, `a manager is down, and ${gone}: it counts against the quorum`, 'manager');
}

function act(
  kind: 'join' | 'leave',
  instance: string,
  group: TidyGroup,
  facts: TidyFacts,
  because: string,
  role: NodeRole = group.role,
): Wanted {
  const hookName = kind === 'join' ? launchHook(facts.stage) : terminateHook(facts.stage);
  const hook = hookOf(group, hookName) ?? unneeded(kind, group, facts);
  if (hook === undefined) {
    const without = `${because}, but group ${group.name} has no hook ${hookName}`;
    return { report: { name: 'HookBroken', instance, group: group.name, because: without } };
  }
  const item = knownItemOf(instance, facts.known);
  const name = `tidy-${kind}-${instance}-${item?.owner ?? 'none'}-${Math.floor(facts.now / 3600)}`;
  const metadata = hook.metadata ?? JSON.stringify({ cluster: facts.cluster, role });
  const event = eventOf(kind, instance, group.name, { name: hook.name, metadata }, facts, item?.ownerArn);
  return { repair: { kind, instance, group: group.name, role, because, name, event } };
}

type NamedHook = Pick<TidyGroup['hooks'][number], 'name' | 'metadata'>;

const hookOf = ({ hooks }: TidyGroup, hookName: string): NamedHook | undefined =>
  hooks.find(({ name }) => name === hookName);

/**
 * No hook waits for an instance that is in service: without its launch hook it joins all the same, since the swarm lacks it, and the missing
 * hook is told. Where the terminate hook is missing, too, it would be ended undrained one day, and a manager unguarded: so it stays outside.
 */
function unneeded(kind: 'join' | 'leave', group: TidyGroup, { stage }: TidyFacts): NamedHook | undefined {
  const guarded = hookOf(group, terminateHook(stage)) !== undefined;
  return kind === 'join' && guarded ? { name: launchHook(stage), metadata: undefined } : undefined;
}

/**
 * The event as Auto Scaling would have sent it, but for the action token, which no call returns. Two tidies that see the same give its execution
 * the same name (above), so that only one is started. The name changes with the hour: if an execution died before it could write anything,
 * the next hour's starts.
 */
function eventOf(
  kind: 'join' | 'leave',
  instance: string,
  group: string,
  hook: { readonly name: string; readonly metadata: string },
  { now, ended, groups }: TidyFacts,
  ownerArn: string | undefined,
): Readonly<Record<string, unknown>> {
  const isEnded = ownerArn !== undefined && ended.has(ownerArn);
  return {
    version: '0',
    source: 'skep.tidy',
    'detail-type': `EC2 Instance-${kind === 'join' ? 'launch' : 'terminate'} Lifecycle Action`,
    time: new Date(now * 1000).toISOString(),
    detail: {
      AutoScalingGroupName: group,
      LifecycleHookName: hook.name,
      EC2InstanceId: instance,
      LifecycleTransition: kind === 'join' ? LAUNCHING : TERMINATING,
      NotificationMetadata: hook.metadata,
      ...(isWarm(lifecycleOf(instance, groups)) ? { Origin: 'AutoScalingGroup', Destination: 'WarmPool' } : {}),
    },
    // An execution that has ended holds nothing any more, whatever its lease says.
    ...(isEnded ? { skep: { replaces: [ownerArn], attempt: 1 } } : {}),
  };
}
