// The first decision of a lifecycle action: who handles it, and by which route.
import { contradictionOf } from './contradiction.ts';
import type { ShownInstance } from './contradiction.ts';
import { LEASE_MARGIN, deadlineOf, latestDeadlineOf, slowLook } from './deadline.ts';
import { isFounderGone } from './founder.ts';
import { withOwnTimeout } from './hooks.ts';
import { lateRoute } from './late-route.ts';
import type { Action, Completion } from './event.ts';
import type { ActionItem, ClusterState, LeaderRecord, NodeItem, Plan, PlannedSwarm } from '../model.ts';
import type { NodePhase } from '../names.ts';
import { zoneName } from '../names.ts';
import { whyRejected } from './rejection.ts';

/** How long one look of a token wait lasts while a join may still run, seconds. */
const JOIN_LOOK = 90;
/** The same for documents on a manager, which take seconds. */
const MANAGER_LOOK = 60;
/** How many launches of a group in a row may be abandoned. The next one is not, since endless churn costs money and helps nobody. */
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

interface ClaimInput {
  readonly action: Action;
  readonly completion: Completion;
  readonly facts: ClaimFacts;
  readonly owner: string;
  /** Epoch seconds. */
  readonly now: number;
}

export function decideClaim(given: ClaimInput): Claim {
  const input = { ...given, action: withOwnTimeout(given.action, given.facts.state?.hookTimeouts) };
  return withNames(
    rejected(input) ??
      contradicted(input) ??
      answered(input) ??
      (input.action.kind === 'launch' ? launch(input) : terminate(input)),
    given.facts.group,
  );
}

const NAMED_ROUTES: ReadonlySet<Plan['route']> = new Set(['found', 'join', 'leave']);

/** Machines skip the states about names in DNS if the plan does not have `dns`. */
const withNames = (claim: Claim, { dns }: ClaimFacts['group']): Claim =>
  dns === true && NAMED_ROUTES.has(claim.plan.route) ? { ...claim, plan: { ...claim.plan, dns } } : claim;

function rejected({ action, completion, facts }: ClaimInput): Claim | undefined {
  const why = whyRejected(action, facts.group, facts.state !== undefined);
  // AWS denies skep the completion for a group without the tag: the hook ends by its own timeout.
  const completing = facts.group.isUntagged === true ? {} : { completion };
  const { cluster, instance } = action;
  return why === undefined
    ? undefined
    : { plan: { v: 1, route: 'reject', ...why, ...completing, cluster, instance }, take: undefined, wake: undefined };
}

function contradicted({ action, facts }: ClaimInput): Claim | undefined {
  const because = action.warned === undefined ? contradictionOf(action, facts.shown) : whyNotWarned(action, facts);
  // Without a completion: no hook waits for an instance that is in service.
  return because === undefined
    ? undefined
    : { plan: { v: 1, route: 'reject', rejection: 'BadEvent', because }, take: undefined, wake: undefined };
}

/** If you may start an execution, you may write a warning as well as any other event: the table says whether AWS has given one. */
const whyNotWarned = ({ instance }: Action, { node }: ClaimFacts): string | undefined =>
  node?.diesAt === undefined ? `${instance} is to be taken, says the event; no warning of AWS is on record` : undefined;

/** Another execution handles it already, or there is nothing to do. */
function answered(input: ClaimInput): Claim | undefined {
  const { action, facts, now } = input;
  if (facts.action !== undefined && isHeld(input, facts.action)) {
    return nothingToDo(`duplicate: ${facts.action.ownerArn} handles this action`);
  }
  if (action.ask === 'nothing') {
    return complete(input, 'the instance only passes the warm pool: nothing to join or to leave');
  }
  // While the cluster is on hold, only the end of the hook itself ends the action.
  const end = facts.state?.hold === undefined ? deadlineOf(action) : latestDeadlineOf(action);
  return now >= end ? tooLate(input) : undefined;
}

function tooLate(input: ClaimInput): Claim {
  const { action, facts } = input;
  if (action.warned !== undefined) {
    return nothingToDo('the warning came too late: the terminate hook and the tidy see to what is left');
  }
  const mayBeIn = facts.state?.status === 'founded' && !neverCame(facts, action.instance);
  const { route, because } = lateRoute({ ...action, phase: facts.node?.phase, mayBeIn });
  const plan = base(input, route, `the event came after the deadline of its action: ${because}`);
  return { plan, take: undefined, wake: undefined };
}

/** Whether another execution holds it: its lease runs, and it works on this action and not on an earlier one. */
function isHeld(input: ClaimInput, held: ActionItem): boolean {
  const { action, owner, now } = input;
  if (held.owner === owner || action.replaces?.includes(held.ownerArn) === true || now >= held.leaseUntil) {
    return false;
  }
  // Both are written together: where the node's item is lost, its owner finds itself superseded at its next write.
  if (input.facts.node === undefined) {
    return false;
  }
  // A hook that has begun to wait beside a warning is the one that has to be completed.
  const later = action.time > held.time || held.warned === true;
  const newer = later && action.actionToken !== held.actionToken && action.actionToken !== undefined;
  return !newer && !isOver(input);
}

/** The tidy's events carry no token: for them an action is over when its node has arrived, one way or the other. */
function isOver({ action, facts }: ClaimInput): boolean {
  return action.actionToken === undefined && (facts.node?.phase === 'ready' || facts.node?.phase === 'gone');
}

function launch(input: ClaimInput): Claim {
  const { action } = input;
  if (isWell(input)) {
    return nothingToDo(`${action.instance} is in service and has joined: a join that fails now would be undone`);
  }
  const because = whyNotJoin(input);
  if (because !== undefined) {
    return complete(input, because);
  }
  return action.role === 'worker' ? joining(input) : founding(input);
}

/**
 * A hook's event says that an instance is launched which Auto Scaling has put into service: it came twice, or somebody has written it. The
 * tidy, whose events have no token, may well have a reason to let one join anew.
 */
function isWell({ action, facts: { node, shown } }: ClaimInput): boolean {
  const isOfHook = action.actionToken !== undefined && action.replaces === undefined;
  return isOfHook && node?.phase === 'ready' && shown?.lifecycle === 'InService';
}

/** @returns why the hook of a launch is completed without a join; undefined where the instance is to join */
function whyNotJoin(input: ClaimInput): string | undefined {
  const {
    action,
    facts: { node },
    now,
  } = input;
  if (isLeaving(input)) {
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

/**
 * A leave that was ended by force leaves its lease behind, which says nothing of an instance that comes again: its new launch hook waits. The
 * event of a launch before that leave, which comes late or twice, has the token of that launch, or Auto Scaling shows that the instance goes.
 */
function isLeaving({ action, facts: { node, shown, action: before }, now }: ClaimInput): boolean {
  const isBack = action.isReturn && shown?.lifecycle === 'Pending:Wait' && before?.actionToken !== action.actionToken;
  return node?.phase === 'leaving' && now < node.leaseUntil && !isBack;
}

/** One that comes before the founding waits for it; a manager also waits until no other manager joins or leaves. */
function joining(input: ClaimInput): Claim {
  const { instance, cluster, role } = input.action;
  const { founder } = input.facts;
  const claim = take(input, 'join', arriving(input), `join ${instance} to ${cluster}`);
  return role === 'worker' || founder === undefined
    ? claim
    : { ...claim, plan: { ...claim.plan, founder: founder.instance } };
}

/** `launching` means that no join was ever sent. A run that replaces another one must not say that of a join which the other one has sent. */
function arriving({ facts: { node } }: ClaimInput): NodePhase {
  return node?.phase === 'joining' || node?.phase === 'joined' ? 'joining' : 'launching';
}

/**
 * The founder is the one instance that may run `swarm init`. It never expires by time, since a lease in a table does not fence a
 * shell on a node: it passes on only when EC2 says that the founder is gone. For what is founded already, init only reports.
 */
function founding(input: ClaimInput): Claim {
  const { action, facts } = input;
  const { founder, state } = facts;
  const found = (because: string): Claim => take(input, 'found', arriving(input), because, true);
  if (founder?.instance === action.instance && !hasBeenIn(facts)) {
    return found(`${action.instance} is the founder of ${action.cluster}`);
  }
  if (state?.status !== 'new') {
    return joining(input);
  }
  if (founder === undefined) {
    return found(`found ${action.cluster} on ${action.instance}`);
  }
  const gone = isFounderGone(founder, input.facts.founderView, input.now);
  if (gone === undefined) {
    const plan = base(input, 'ask', `${founder.instance} was to found ${action.cluster}: does it still live?`);
    return { plan: { ...plan, founder: founder.instance }, take: undefined, wake: undefined };
  }
  return gone
    ? found(`found ${action.cluster} on ${action.instance}, since ${founder.instance} is gone`)
    : joining(input);
}

/**
 * It has founded, and its node was Ready once: it comes again like any other manager. Its disk may be blank by now (root volume), and init would find
 * an engine in no swarm beside a swarm on record.
 */
const hasBeenIn = ({ state, node }: ClaimFacts): boolean =>
  state?.status === 'founded' && ['ready', 'leaving', 'gone'].includes(node?.phase ?? '');

function terminate(input: ClaimInput): Claim {
  const { action, facts } = input;
  const { instance, cluster } = action;
  if (facts.state?.status === 'new') {
    // Whatever it is doing, nobody could have joined it: taking it over keeps a late founding from being recorded.
    const { take: taken, ...claim } = letGo(input, `${cluster} has no swarm yet`);
    return { ...claim, take: taken && { ...taken, unfounded: true } };
  }
  if (facts.node?.phase === 'gone') {
    return action.warned !== undefined
      ? nothingToDo(`${instance} is out of the swarm already`)
      : complete(input, `${instance} is out of the swarm already`);
  }
  if (neverCame(facts, instance)) {
    return letGo(input, `${instance} never came to join`);
  }
  return leaving(input);
}

/** A missing item is not "not in the swarm" (lost, adopted): only the managers know. Launching means: no join was sent. */
function neverCame({ node, founder }: ClaimFacts, instance: string): boolean {
  return node?.phase === 'launching' && node.nodeId === undefined && founder?.instance !== instance;
}

function leaving(input: ClaimInput): Claim {
  const { action } = input;
  const { plan } = take(input, 'leave', 'leaving', `drain and forget ${action.instance}`);
  const patience = deadlineOf(action);
  const deadline = action.role === 'manager' ? Math.min(patience, latestDeadlineOf(action)) : patience;
  const leaseUntil = leaseOf(input, deadline);
  return {
    plan: { ...plan, deadline },
    take: { phase: 'leaving', leaseUntil, founder: false },
    wake: waiting(input),
  };
}

/** Takes the instance over from whoever is at work on it, and completes at once. */
function letGo(input: ClaimInput, because: string): Claim {
  return { ...take(input, 'complete', 'gone', because), wake: waiting(input) };
}

/** The task token of an execution that still waits for this instance and is not the one that asks. */
function waiting({ facts: { node }, owner }: ClaimInput): string | undefined {
  const joins = node?.phase === 'launching' || node?.phase === 'joining' || node?.phase === 'joined';
  return joins && node.owner !== owner ? node.taskToken : undefined;
}

function nothingToDo(because: string): Claim {
  return { plan: { v: 1, route: 'ignore', because }, take: undefined, wake: undefined };
}

function complete(input: ClaimInput, because: string): Claim {
  return { plan: base(input, 'complete', because), take: undefined, wake: undefined };
}

function take(input: ClaimInput, route: Plan['route'], phase: NodePhase, because: string, founder = false): Claim {
  const plan = base(input, route, because);
  const leaseUntil = leaseOf(input, plan.deadline ?? input.now);
  return { plan, take: { phase, leaseUntil, founder }, wake: undefined };
}

/** What is held must not be taken over by an event that comes a second time. */
function leaseOf({ action, facts }: ClaimInput, deadline: number): number {
  return (facts.state?.hold === undefined ? deadline : latestDeadlineOf(action)) + LEASE_MARGIN;
}

function base({ action, completion, facts }: ClaimInput, route: Plan['route'], because: string): Plan {
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
    ...asShown(action, facts.shown),
    nodeId: node?.nodeId ?? 'none',
    address: node?.address ?? 'none',
    ...(state?.status === 'founded' ? { swarm: swarmOf(state, leader) } : {}),
  };
}

const asShown = ({ kind }: Action, shown: ClaimFacts['shown']): Pick<Plan, 'serves' | 'zone'> => ({
  ...(kind === 'launch' && shown?.lifecycle === 'InService' ? { serves: true } : {}),
  ...(shown === undefined ? {} : { zone: zoneName.catch('unknown').parse(shown?.zone) }),
});

const departing = ({ depart, comesBack }: Action): Pick<Plan, 'depart' | 'comesBack'> =>
  comesBack ? { depart, comesBack } : { depart };

/** When AWS ends the instance, as the table says, and which nodes go with it, as the warning says. */
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
