// Which swarm a command is about, and whose managers may be asked: from the plan, or read anew at the moment of use.
import { swarmOf } from '../lifecycle/claim.ts';
import type { Manager, Plan, PlannedSwarm } from '../model.ts';
import type { Verb } from '../names.ts';
import type { Facts, StepNotice, Question, Step } from './step.ts';
import { runsOnManager, traitsOf } from './verbs.ts';

/** What a manager ends with that is none, has no swarm, or was not reached. A node that is not Ready yet, say, is no fault of its manager. */
const NO_ANSWERS = [
  'NotManager',
  'NoLeader',
  'DockerDown',
  'CommandTimedOut',
  'CommandUndelivered',
  'OtherEpoch',
  'ScriptLost',
];

type WhomToAsk =
  | Question
  | { readonly kind: 'known'; readonly plan: Plan }
  /** The cluster has no swarm. */
  | { readonly kind: 'unfounded' }
  /** It has one, and nobody is known who could be asked. */
  | { readonly kind: 'nobody' };

/** @param number which command of its step it is, from 1: what one manager did not do is asked of the next */
export function whomToAsk(step: Step, verb: Verb, facts: Facts, number: number): WhomToAsk {
  const { plan } = step;
  if (traitsOf(verb).mayPredateFounding === true && plan.swarm === undefined) {
    return claimedBeforeTheFounding(plan, facts);
  }
  if (!readsLeader(step, verb, number)) {
    return { kind: 'known', plan };
  }
  if (facts.swarm === undefined) {
    return { kind: 'ask', fact: 'swarm' };
  }
  const swarm = foundedSwarm(facts);
  if (swarm === undefined) {
    return { kind: 'unfounded' };
  }
  if (number <= swarm.managers.length) {
    return { kind: 'known', plan: { ...plan, swarm } };
  }
  if (facts.candidates === undefined) {
    return { kind: 'ask', fact: 'candidates' };
  }
  const candidates = others(swarm, facts.candidates);
  return swarm.managers.length + candidates.length === 0
    ? { kind: 'nobody' }
    : { kind: 'known', plan: { ...plan, swarm: { ...swarm, candidates } } };
}

/** By the swarm's id it knows which one is not to be left. */
function claimedBeforeTheFounding(plan: Plan, facts: Facts): WhomToAsk {
  if (facts.swarm === undefined) {
    return { kind: 'ask', fact: 'swarm' };
  }
  const swarm = foundedSwarm(facts);
  return { kind: 'known', plan: swarm === undefined ? plan : { ...plan, swarm } };
}

/** Undefined while the cluster has none. */
export function foundedSwarm({ swarm }: Facts): PlannedSwarm | undefined {
  return swarm?.state?.status === 'founded' ? swarmOf(swarm.state, swarm.record ?? undefined) : undefined;
}

/**
 * Whoever else may be a manager. They are asked when the record is lost, or when everybody on it was asked and did not do it. So an old record
 * costs a few tries, and nothing else.
 */
function others({ managers }: PlannedSwarm, candidates: readonly Manager[]): Manager[] {
  const known = new Set(managers.map(({ instance }) => instance));
  return candidates.filter(({ instance }) => !known.has(instance));
}

/**
 * What was claimed before the founding, or has failed with the managers it knew, reads the leader anew. So does a manager, since it has
 * waited for its turn, and others came or went meanwhile. A join whose agent has not registered yet has not failed with anybody.
 */
function readsLeader({ plan, attempt }: Step, verb: Verb, number: number): boolean {
  const onManager = runsOnManager(verb);
  const { changesManagers, needsManagers = false } = traitsOf(verb);
  if (!needsManagers && !onManager) {
    return false;
  }
  const failed = number > 1 || (attempt > 0 && onManager);
  const waited = plan.role === 'manager' && (changesManagers === 'adds' || changesManagers === 'takes away');
  return failed || waited || !knowsManagers(plan);
}

const knowsManagers = ({ swarm }: Plan): boolean => (swarm?.managers ?? []).length > 0;

/**
 * What a person is told about the managers of a cluster.
 *
 * @param failure what the command before this one ended with
 */
export function noticesOf(
  step: Step,
  verb: Verb,
  facts: Facts,
  number: number,
  failure: string | undefined,
): StepNotice[] {
  const swarm = foundedSwarm(facts);
  if (swarm === undefined || !readsLeader(step, verb, number)) {
    return [];
  }
  const { defect } = facts.swarm ?? { defect: '' };
  const lost: StepNotice[] = defect === '' ? [] : [{ metric: 'LeaderRecordLost', because: defect }];
  return nobodyAnswers(swarm, verb, facts, number, failure)
    ? [...lost, { metric: 'NoManagerAnswers', because: `no manager of ${step.key.cluster} does what it is asked` }]
    : lost;
}

/** All were asked. A join only reads who they are: that its own instance failed says nothing about them. */
function nobodyAnswers(
  swarm: PlannedSwarm,
  verb: Verb,
  { candidates }: Facts,
  number: number,
  failure: string | undefined,
): boolean {
  if (candidates === undefined || number <= swarm.managers.length || !runsOnManager(verb)) {
    return false;
  }
  const all = swarm.managers.length + others(swarm, candidates).length;
  return number > all && (all === 0 || NO_ANSWERS.includes(failure ?? ''));
}
