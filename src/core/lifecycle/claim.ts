// The first decision of a lifecycle action: who handles it, and by which route.
import { contradictionOf } from './contradiction.ts';
import type { ShownInstance } from './contradiction.ts';
import { LEASE_MARGIN, deadlineOf, latestDeadlineOf, slowLook } from './deadline.ts';
import { isFounderGone } from './founder.ts';
import { withOwnTimeout } from './hooks.ts';
import { lateRoute } from './late-route.ts';
import type { Action, Completion } from './event.ts';
import type { ActionItem, ClusterState, LeaderRecord, NodeItem, NodePhase, Plan, PlannedSwarm } from '../model.ts';
import { zoneName } from '../names.ts';
import { whyRejected } from './rejection.ts';

/** How long one look of a token wait lasts while a join may still run, seconds. */
const JOIN_LOOK = 90;
/** The same for documents on a manager, which take seconds. */
const MANAGER_LOOK = 60;
/** After so many launches of a group in a row were abandoned the next is not: endless churn costs money and helps nobody. */
export const ABANDONS_IN_A_ROW = 3;

export interface ClaimFacts {
  readonly state: ClusterState | undefined;
  readonly leader: LeaderRecord | undefined;
  /** Which instance may found, and since when (epoch seconds). */
  readonly founder: { readonly instance: string; readonly since: number } | undefined;
  /** What EC2 said of the instance that was the founder then; undefined while it was not asked. */
  readonly founderView?: { readonly instance: string; readonly states: readonly string[] } | undefined;
  readonly node: NodeItem | undefined;
  readonly action: ActionItem | undefined;
  /** What Auto Scaling says of the instance; null where it knows none, undefined where it was not asked. */
  readonly shown?: ShownInstance | null | undefined;
  readonly group: {
    readonly cluster?: string | undefined;
    readonly role?: string | undefined;
    readonly dns?: boolean | undefined;
    readonly abandons: number;
    /** Auto Scaling shows the group, and it has no tag skep:cluster: nobody of skep may complete its hooks. */
    readonly isUntagged?: boolean;
  };
}

interface Take {
  readonly phase: NodePhase;
  readonly leaseUntil: number;
  readonly founder: boolean;
  /** Holds only while the cluster has no swarm: a founding that is recorded at the same moment must not be missed. */
  readonly unfounded?: true;
}

export interface Claim {
  readonly plan: Plan;
  /** What is to be written, all or nothing, for the plan to hold. */
  readonly take: Take | undefined;
  /** The execution that waits for the instance and must be told that it was superseded. */
  readonly wake: string | undefined;
}

interface Asked {
  readonly action: Action;
  readonly completion: Completion;
  readonly facts: ClaimFacts;
  readonly owner: string;
  /** Epoch seconds. */
  readonly now: number;
}

export function decideClaim(told: Asked): Claim {
  const asked = { ...told, action: withOwnTimeout(told.action, told.facts.state?.hookTimeouts) };
  return withNames(
    rejected(asked) ??
      contradicted(asked) ??
      answered(asked) ??
      (asked.action.kind === 'launch' ? launch(asked) : terminate(asked)),
    told.facts.group,
  );
}

const NAMED_ROUTES: ReadonlySet<Plan['route']> = new Set(['found', 'join', 'leave']);

/** Machines pass by the states about names where the plan says nothing of them. */
const withNames = (claim: Claim, { dns }: ClaimFacts['group']): Claim =>
  dns === true && NAMED_ROUTES.has(claim.plan.route) ? { ...claim, plan: { ...claim.plan, dns } } : claim;

function rejected({ action, completion, facts }: Asked): Claim | undefined {
  const why = whyRejected(action, facts.group, facts.state !== undefined);
  // Of a group without the tag it would be denied: the hook ends by its own timeout.
  const completing = facts.group.isUntagged === true ? {} : { completion };
  const { cluster, instance } = action;
  return why === undefined
    ? undefined
    : { plan: { v: 1, route: 'reject', ...why, ...completing, cluster, instance }, take: undefined, wake: undefined };
}

function contradicted({ action, facts }: Asked): Claim | undefined {
  const because = action.warned === undefined ? contradictionOf(action, facts.shown) : whyNotWarned(action, facts);
  // Without a completion: no hook waits for an instance that is in service.
  return because === undefined
    ? undefined
    : { plan: { v: 1, route: 'reject', rejection: 'BadEvent', because }, take: undefined, wake: undefined };
}

/** If you may start an execution, you may write a warning as well as any other event: the table says whether AWS has given one. */
const whyNotWarned = ({ instance }: Action, { node }: ClaimFacts): string | undefined =>
  node?.diesAt === undefined ? `${instance} is to be taken, says the event; no warning of AWS is on record` : undefined;

/** Somebody handles it already, or nothing is asked. */
function answered(asked: Asked): Claim | undefined {
  const { action, facts, now } = asked;
  if (facts.action !== undefined && isHeld(asked, facts.action)) {
    return nothingToDo(`duplicate: ${facts.action.ownerArn} handles this action`);
  }
  if (action.ask === 'nothing') {
    return complete(asked, 'the instance only passes the warm pool: nothing to join or to leave');
  }
  // While the cluster is on hold, only the end of the hook itself ends the action.
  const end = facts.state?.hold === undefined ? deadlineOf(action) : latestDeadlineOf(action);
  return now >= end ? tooLate(asked) : undefined;
}

function tooLate(asked: Asked): Claim {
  const { action, facts } = asked;
  if (action.warned !== undefined) {
    return nothingToDo('the warning came too late: the terminate hook and the tidy see to what is left');
  }
  const mayBeIn = facts.state?.status === 'founded' && !neverCame(facts, action.instance);
  const { route, because } = lateRoute({ ...action, phase: facts.node?.phase, mayBeIn });
  const plan = base(asked, route, `the event came after the deadline of its action: ${because}`);
  return { plan, take: undefined, wake: undefined };
}

/** By another execution, whose lease runs, and not for an action before this one. */
function isHeld(asked: Asked, held: ActionItem): boolean {
  const { action, owner, now } = asked;
  if (held.owner === owner || action.replaces?.includes(held.ownerArn) === true || now >= held.leaseUntil) {
    return false;
  }
  // Both are written together: where the node's item is lost, its owner finds itself superseded at its next write.
  if (asked.facts.node === undefined) {
    return false;
  }
  // A hook that has begun to wait beside a warning is the one that has to be completed.
  const later = action.time > held.time || held.warned === true;
  const newer = later && action.actionToken !== held.actionToken && action.actionToken !== undefined;
  return !newer && !isOver(asked);
}

/** The tidy's events carry no token: for them an action is over when its node has arrived, one way or the other. */
function isOver({ action, facts }: Asked): boolean {
  return action.actionToken === undefined && (facts.node?.phase === 'ready' || facts.node?.phase === 'gone');
}

function launch(asked: Asked): Claim {
  const { action } = asked;
  if (isWell(asked)) {
    return nothingToDo(`${action.instance} is in service and has joined: a join that fails now would be undone`);
  }
  const because = whyNotJoin(asked);
  if (because !== undefined) {
    return complete(asked, because);
  }
  return action.role === 'worker' ? joining(asked) : founding(asked);
}

/**
 * A hook's event says that an instance is launched which Auto Scaling has put into service: it came twice, or somebody has written it. The
 * tidy, whose events have no token, may well have a reason to let one join anew.
 */
function isWell({ action, facts: { node, shown } }: Asked): boolean {
  const isOfHook = action.actionToken !== undefined && action.replaces === undefined;
  return isOfHook && node?.phase === 'ready' && shown?.lifecycle === 'InService';
}

/** @returns why the hook of a launch is completed without a join; undefined where the instance is to join */
function whyNotJoin({ action, facts: { node }, now }: Asked): string | undefined {
  if (node?.phase === 'leaving' && now < node.leaseUntil) {
    return 'the instance is on its way out already';
  }
  if (node?.phase === 'ready' && action.replaces !== undefined) {
    return `${action.instance} has joined: only its hook was left open`;
  }
  if (node?.diesAt !== undefined && now < node.diesAt) {
    return 'AWS has said that it takes the instance: it does not join any more';
  }
  return undefined;
}

/** One that comes before the founding waits for it; a manager also waits until no other manager joins or leaves. */
function joining(asked: Asked): Claim {
  const { instance, cluster, role } = asked.action;
  const { founder } = asked.facts;
  const claim = take(asked, 'join', arriving(asked), `join ${instance} to ${cluster}`);
  return role === 'worker' || founder === undefined
    ? claim
    : { ...claim, plan: { ...claim.plan, founder: founder.instance } };
}

/** Launching means that no join was ever sent. A run that replaces another one must not say so of what that one has sent. */
function arriving({ facts: { node } }: Asked): NodePhase {
  return node?.phase === 'joining' || node?.phase === 'joined' ? 'joining' : 'launching';
}

/**
 * The founder is the one instance that may run `swarm init`. It never expires by time, since a lease in a table does not fence a
 * shell on a node: it passes on only when EC2 says that the founder is gone. For what is founded already, init only reports.
 */
function founding(asked: Asked): Claim {
  const { action, facts } = asked;
  const { founder, state } = facts;
  const found = (because: string): Claim => take(asked, 'found', arriving(asked), because, true);
  if (founder?.instance === action.instance && !hasBeenIn(facts)) {
    return found(`${action.instance} is the founder of ${action.cluster}`);
  }
  if (state?.status !== 'new') {
    return joining(asked);
  }
  if (founder === undefined) {
    return found(`found ${action.cluster} on ${action.instance}`);
  }
  const gone = isFounderGone(founder, asked.facts.founderView, asked.now);
  if (gone === undefined) {
    const plan = base(asked, 'ask', `${founder.instance} was to found ${action.cluster}: does it still live?`);
    return { plan: { ...plan, founder: founder.instance }, take: undefined, wake: undefined };
  }
  return gone
    ? found(`found ${action.cluster} on ${action.instance}, since ${founder.instance} is gone`)
    : joining(asked);
}

/**
 * It has founded, and its node was Ready once: it comes again like any other manager. Its disk may be blank by now (root volume), and init would find
 * an engine in no swarm beside a swarm on record.
 */
const hasBeenIn = ({ state, node }: ClaimFacts): boolean =>
  state?.status === 'founded' && ['ready', 'leaving', 'gone'].includes(node?.phase ?? '');

function terminate(asked: Asked): Claim {
  const { action, facts } = asked;
  const { instance, cluster } = action;
  if (facts.state?.status === 'new') {
    // Whatever it is doing, nobody could have joined it: taking it over keeps a late founding from being recorded.
    const { take: taken, ...claim } = letGo(asked, `${cluster} has no swarm yet`);
    return { ...claim, take: taken && { ...taken, unfounded: true } };
  }
  if (facts.node?.phase === 'gone') {
    return action.warned !== undefined
      ? nothingToDo(`${instance} is out of the swarm already`)
      : complete(asked, `${instance} is out of the swarm already`);
  }
  if (neverCame(facts, instance)) {
    return letGo(asked, `${instance} never came to join`);
  }
  return leaving(asked);
}

/** A missing item is not "not in the swarm" (lost, adopted): only the managers know. Launching means: no join was sent. */
function neverCame({ node, founder }: ClaimFacts, instance: string): boolean {
  return node?.phase === 'launching' && node.nodeId === undefined && founder?.instance !== instance;
}

function leaving(asked: Asked): Claim {
  const { action } = asked;
  const { plan } = take(asked, 'leave', 'leaving', `drain and forget ${action.instance}`);
  const patience = deadlineOf(action);
  const deadline = action.role === 'manager' ? Math.min(patience, latestDeadlineOf(action)) : patience;
  const leaseUntil = leaseOf(asked, deadline);
  return {
    plan: { ...plan, deadline },
    take: { phase: 'leaving', leaseUntil, founder: false },
    wake: waiting(asked),
  };
}

/** Takes the instance over from whoever is at work on it, and completes at once. */
function letGo(asked: Asked, because: string): Claim {
  return { ...take(asked, 'complete', 'gone', because), wake: waiting(asked) };
}

/** The task token of an execution that still waits for this instance and is not the one that asks. */
function waiting({ facts: { node }, owner }: Asked): string | undefined {
  const joins = node?.phase === 'launching' || node?.phase === 'joining' || node?.phase === 'joined';
  return joins && node.owner !== owner ? node.taskToken : undefined;
}

function nothingToDo(because: string): Claim {
  return { plan: { v: 1, route: 'ignore', because }, take: undefined, wake: undefined };
}

function complete(asked: Asked, because: string): Claim {
  return { plan: base(asked, 'complete', because), take: undefined, wake: undefined };
}

function take(asked: Asked, route: Plan['route'], phase: NodePhase, because: string, founder = false): Claim {
  const plan = base(asked, route, because);
  const leaseUntil = leaseOf(asked, plan.deadline ?? asked.now);
  return { plan, take: { phase, leaseUntil, founder }, wake: undefined };
}

/** What is held must not be taken over by an event that comes a second time. */
function leaseOf({ action, facts }: Asked, deadline: number): number {
  return (facts.state?.hold === undefined ? deadline : latestDeadlineOf(action)) + LEASE_MARGIN;
}

function base({ action, completion, facts }: Asked, route: Plan['route'], because: string): Plan {
  const { state, leader, node } = facts;
  const { actionToken } = action;
  return {
    v: 1,
    route,
    because,
    completion,
    cluster: action.cluster,
    role: action.role,
    instance: action.instance,
    group: action.group,
    hook: {
      name: action.hook,
      timeout: action.timeout,
      time: action.time,
      ...(actionToken === undefined ? {} : { actionToken }),
    },
    deadline: deadlineOf(action),
    patience: deadlineOf(action) - action.time,
    look: Math.min(JOIN_LOOK, slowLook(action.timeout)),
    lookSoon: Math.min(MANAGER_LOOK, slowLook(action.timeout)),
    lookSlow: slowLook(action.timeout),
    labels: action.labels,
    availability: action.availability,
    ...departing(action),
    ...dying(action, node),
    ...(facts.shown === undefined ? {} : { zone: zoneName.catch('unknown').parse(facts.shown?.zone) }),
    nodeId: node?.nodeId ?? 'none',
    address: node?.address ?? 'none',
    ...(state?.status === 'founded' ? { swarm: swarmOf(state, leader) } : {}),
  };
}

const departing = ({ depart, comesBack }: Action): Pick<Plan, 'depart' | 'comesBack'> =>
  comesBack ? { depart, comesBack } : { depart };

/** What AWS has said of the instance, whoever has started the execution. */
function dying({ kind, warned }: Action, node: NodeItem | undefined): Pick<Plan, 'diesAt' | 'warned' | 'together'> {
  return {
    ...(kind === 'launch' || node?.diesAt === undefined ? {} : { diesAt: node.diesAt }),
    ...(warned === undefined ? {} : { warned: true, together: warned.together }),
  };
}

/**
 * The swarm as a plan carries it. Its id must not be missing where only the record is: an engine that has lost its swarm would found
 * another one.
 */
export function swarmOf(
  { swarmId, caDigest, epoch }: Extract<ClusterState, { status: 'founded' }>,
  record: LeaderRecord | undefined,
): PlannedSwarm {
  const known = record === undefined ? { managers: [] } : { managers: record.managers, leader: record.leader.instance };
  return { swarmId, caDigest, ...known, ...(epoch === undefined ? {} : { epoch }) };
}
