// The first decision of a lifecycle action: who handles it, and by which route.
import { deadlineOf, latestDeadlineOf, slowLook } from './deadline.ts';
import type { ClosedError } from './errors.ts';
import type { Action, Completion } from './lifecycle-event.ts';
import type { NodeRole } from './names.ts';

/** How long one look of a token wait lasts while a join may still run, seconds. */
const JOIN_LOOK = 90;
/** The same for documents on a manager, which take seconds. */
const MANAGER_LOOK = 60;
/** An execution is trusted to be at work this long after its deadline: it has to undo and to complete. Seconds. */
const LEASE_MARGIN = 120;
/** After three launches of a group in a row were abandoned, the fourth is not: endless churn costs money and helps nobody. */
export const ABANDONS_IN_A_ROW = 3;

export interface Manager {
  readonly instance: string;
  readonly nodeId: string;
  /** `ip:2377` */
  readonly address: string;
}

export type ClusterState =
  { readonly status: 'new' } | { readonly status: 'founded'; readonly swarmId: string; readonly caDigest: string };

export interface LeaderRecord {
  readonly leader: Manager;
  /** Every manager that is known; one of them in this release. */
  readonly managers: readonly Manager[];
  /** Only grows: every change is a conditional write on the old term. */
  readonly term: number;
}

export type NodePhase = 'launching' | 'joining' | 'joined' | 'ready' | 'leaving' | 'gone';

export interface NodeItem {
  readonly instance: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly phase: NodePhase;
  /** The execution that may act on the node: its short key and its ARN. */
  readonly owner: string;
  readonly ownerArn: string;
  /** Until then the owner is trusted to be at work. Epoch seconds. */
  readonly leaseUntil: number;
  readonly nodeId?: string | undefined;
  readonly taskToken?: string | undefined;
}

export interface ActionItem {
  readonly owner: string;
  readonly ownerArn: string;
  readonly actionToken?: string | undefined;
  readonly time: number;
  readonly leaseUntil: number;
}

export interface ClaimFacts {
  readonly state: ClusterState | undefined;
  readonly leader: LeaderRecord | undefined;
  readonly founder: { readonly instance: string } | undefined;
  /** What EC2 says of a founder that is another instance; undefined while it was not asked. */
  readonly founderGone?: boolean | undefined;
  readonly node: NodeItem | undefined;
  readonly action: ActionItem | undefined;
  readonly group: {
    readonly cluster?: string | undefined;
    readonly role?: string | undefined;
    readonly abandons: number;
  };
}

/** What an execution carries from state to state: plain JSON, under 256 KiB, no secret. */
export interface Plan {
  readonly v: 1;
  readonly route: 'found' | 'ask' | 'join' | 'leave' | 'hold' | 'complete' | 'reject' | 'ignore';
  readonly because: string;
  readonly rejection?: ClosedError;
  readonly completion?: Completion;
  readonly cluster?: string;
  readonly role?: NodeRole;
  readonly instance?: string;
  readonly group?: string;
  readonly hook?: {
    readonly name: string;
    readonly timeout: number;
    readonly time: number;
    readonly actionToken?: string;
  };
  /** Epoch seconds. */
  readonly deadline?: number;
  /** Seconds of one sleep. */
  readonly look?: number;
  readonly lookSoon?: number;
  readonly lookSlow?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly depart?: boolean;
  readonly nodeId?: string;
  /** Of whom EC2 is to be asked, before it is decided who may found. */
  readonly founder?: string;
  readonly swarm?: { readonly swarmId: string; readonly caDigest: string; readonly managers: readonly Manager[] };
}

export interface Claim {
  readonly plan: Plan;
  /** What is to be written, all or nothing, for the plan to hold. */
  readonly take: { readonly phase: NodePhase; readonly leaseUntil: number; readonly founder: boolean } | undefined;
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

export function decideClaim(asked: Asked): Claim {
  return rejected(asked) ?? answered(asked) ?? (asked.action.kind === 'launch' ? launch(asked) : terminate(asked));
}

function rejected({ action, completion, facts }: Asked): Claim | undefined {
  const reject = (rejection: ClosedError, because: string): Claim => ({
    plan: { v: 1, route: 'reject', rejection, because, completion, cluster: action.cluster, instance: action.instance },
    take: undefined,
    wake: undefined,
  });
  const { cluster, role } = facts.group;
  if (cluster !== action.cluster || role !== action.role) {
    return reject(
      'MetadataMismatch',
      `the hook says ${action.cluster}/${action.role}, the tags skep:cluster and skep:role of group ${action.group} say ${cluster ?? 'nothing'}/${role ?? 'nothing'}`,
    );
  }
  if (facts.state === undefined) {
    // Missing is not new: a lost table must not found a second swarm.
    return reject(
      'ClusterUndeclared',
      `cluster ${action.cluster} was never declared: npx skep create --cluster ${action.cluster}`,
    );
  }
  return undefined;
}

/** Somebody handles it already, or nothing is asked. */
function answered(asked: Asked): Claim | undefined {
  const { action, facts, now } = asked;
  if (facts.action !== undefined && isHeld(asked, facts.action)) {
    return nothingToDo(`duplicate: ${facts.action.ownerArn} handles this action`);
  }
  if (action.ask === 'nothing') {
    return complete(asked, 'the instance only passes the warm pool: nothing to join or to leave');
  }
  if (now >= deadlineOf(action)) {
    return complete(asked, 'the event came after the deadline of its action: the tidy compares');
  }
  return undefined;
}

/** By another execution, whose lease runs, and not for an action before this one. */
function isHeld(asked: Asked, held: ActionItem): boolean {
  const { action, owner, now } = asked;
  if (held.owner === owner || held.ownerArn === action.replaces || now >= held.leaseUntil) {
    return false;
  }
  const newer = action.time > held.time && action.actionToken !== held.actionToken && action.actionToken !== undefined;
  return !newer && !isOver(asked);
}

/** The tidy's events carry no token: for them an action is over when its node has arrived, one way or the other. */
function isOver({ action, facts }: Asked): boolean {
  return action.actionToken === undefined && (facts.node?.phase === 'ready' || facts.node?.phase === 'gone');
}

function launch(asked: Asked): Claim {
  const { action, facts } = asked;
  const { node } = facts;
  if (node?.phase === 'leaving' && asked.now < node.leaseUntil) {
    return complete(asked, 'the instance is on its way out already');
  }
  if (node?.phase === 'ready' && action.replaces !== undefined) {
    return complete(asked, `${action.instance} has joined: only its hook was left open`);
  }
  if (action.role === 'worker') {
    return take(asked, 'join', 'launching', `join ${action.instance} to ${action.cluster}`);
  }
  return founding(asked);
}

/**
 * The founder is the one instance that may run `swarm init`. It never expires by time, since a lease in a table does not fence a
 * shell on a node: it passes on only when EC2 says that the founder is gone. For what is founded already, init only reports.
 */
function founding(asked: Asked): Claim {
  const { action, facts } = asked;
  const { founder, founderGone, state } = facts;
  const found = (because: string): Claim => take(asked, 'found', 'launching', because, true);
  if (founder?.instance === action.instance) {
    return found(`${action.instance} is the founder of ${action.cluster}`);
  }
  if (state?.status !== 'new') {
    return oneManagerOnly(asked);
  }
  if (founder === undefined) {
    return found(`found ${action.cluster} on ${action.instance}`);
  }
  if (founderGone === undefined) {
    const plan = base(asked, 'ask', `${founder.instance} was to found ${action.cluster}: does it still live?`);
    return { plan: { ...plan, founder: founder.instance }, take: undefined, wake: undefined };
  }
  return founderGone
    ? found(`found ${action.cluster} on ${action.instance}, since ${founder.instance} is gone`)
    : oneManagerOnly(asked);
}

function oneManagerOnly(asked: Asked): Claim {
  const { action, facts } = asked;
  const manager = facts.founder?.instance ?? 'another instance';
  const because = `${manager} is the manager of ${action.cluster}; more than one is not supported yet`;
  return { plan: { ...base(asked, 'reject', because), rejection: 'OneManagerOnly' }, take: undefined, wake: undefined };
}

function terminate(asked: Asked): Claim {
  const { action, facts } = asked;
  const { instance, cluster } = action;
  if (facts.state?.status === 'new') {
    // Whatever it is doing, nobody could have joined it: taking it over keeps a late founding from being recorded.
    return letGo(asked, `${cluster} has no swarm yet`);
  }
  if (isManager(facts, instance)) {
    return hold(asked);
  }
  if (facts.node?.phase === 'gone') {
    return complete(asked, `${instance} is out of the swarm already`);
  }
  // A missing item is not "not in the swarm" (lost, adopted): only the managers know. Launching means: no join was sent.
  if (facts.node?.phase === 'launching' && facts.node.nodeId === undefined) {
    return letGo(asked, `${instance} never came to join`);
  }
  return { ...take(asked, 'leave', 'leaving', `drain and forget ${instance}`), wake: waiting(asked) };
}

/** Takes the instance over from whoever is at work on it, and completes at once. */
function letGo(asked: Asked, because: string): Claim {
  return { ...take(asked, 'complete', 'gone', because), wake: waiting(asked) };
}

function isManager({ founder, node }: ClaimFacts, instance: string): boolean {
  return founder?.instance === instance || (node?.role === 'manager' && node.nodeId !== undefined);
}

/** As long as AWS allows: with its only manager the swarm would be gone. */
function hold(asked: Asked): Claim {
  const { action } = asked;
  const because = `${action.instance} is the manager of ${action.cluster}: held, a person must decide`;
  const deadline = latestDeadlineOf(action);
  const { plan } = take(asked, 'hold', 'leaving', because);
  return {
    plan: { ...plan, deadline },
    take: { phase: 'leaving', leaseUntil: deadline + LEASE_MARGIN, founder: false },
    wake: waiting(asked),
  };
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
  return { plan, take: { phase, leaseUntil: (plan.deadline ?? asked.now) + LEASE_MARGIN, founder }, wake: undefined };
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
    look: Math.min(JOIN_LOOK, slowLook(action.timeout)),
    lookSoon: Math.min(MANAGER_LOOK, slowLook(action.timeout)),
    lookSlow: slowLook(action.timeout),
    labels: action.labels,
    depart: action.depart,
    nodeId: node?.nodeId ?? 'none',
    ...(state?.status === 'founded' && leader !== undefined
      ? { swarm: { swarmId: state.swarmId, caDigest: state.caDigest, managers: leader.managers } }
      : {}),
  };
}
