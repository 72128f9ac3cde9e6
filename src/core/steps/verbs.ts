// What is sent to which instance for a verb: the document's parameters and its times. What the verbs differ in stands in verbs/.
import { createHash } from 'node:crypto';

import type { Manager } from '../model.ts';
import { FlowError } from '../errors.ts';
import { isWait } from '../names.ts';
import type { StepKind, Verb } from '../names.ts';
import { UNITS } from './verbs/all.ts';
import { COMMON, OF_MANAGERS } from './verbs/parameters.ts';
import { needed, nodeFacts } from './verbs/verb.ts';
import type { ClusterConfig, CommandFacts, Parameter, Shifting, Traits, VerbUnit } from './verbs/verb.ts';

export { nodeFacts };
export type { ClusterConfig, Shifting };

/** Away from 10.0.0.0/8, Docker's default, which collides with most VPCs (docs/decisions/address-pool.md). */
export const DEFAULT_CONFIG: ClusterConfig = { addressPool: '172.30.0.0/16', subnetSize: 24, dataPathPort: 4789 };

export interface Command {
  readonly verb: Verb;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** How long the agent may take to pick it up, seconds. SSM wants at least 30. */
  readonly deliveryTimeout: number;
  /** Until when the membership lock must be held for it, epoch seconds; undefined for what changes no manager set. */
  readonly lockUntil: number | undefined;
}

interface CommandRequest extends CommandFacts {
  readonly verb: Verb;
}

/** None of a step that sends no document. */
export const traitsOf = (step: StepKind): Traits => (isWait(step) ? {} : UNITS[step]);

export const runsOnManager = (verb: Verb): boolean => UNITS[verb].runsOn === 'manager';

/** Sent to an instance that was launched a moment ago: its agent may not have registered yet. False for a step that sends none. */
export const bringsIn = (step: string): boolean =>
  Object.entries(UNITS).some(([verb, { runsOn }]) => verb === step && runsOn === 'new');

/** Documents refuse to start after this, seconds from now: a stray command must not act on a later state of things. */
const START_WITHIN = 600;
/** The same under the membership lock, which must outlast the command: others wait for it. */
const LOCKED_START_WITHIN = 120;
/** Clocks of instances differ. */
const CLOCK_SKEW = 30;

export function commandFor({ verb, ...facts }: CommandRequest): Command {
  const unit = UNITS[verb];
  const { now } = facts;
  const locked = isLocked(unit, facts);
  const startWithin = locked || unit.startsSoon?.(facts) === true ? LOCKED_START_WITHIN : START_WITHIN;
  const runtime = typeof unit.runtime === 'number' ? unit.runtime : unit.runtime(facts, locked);
  unit.refuse?.(facts);
  return {
    verb,
    target: targetOf(verb, facts),
    parameters: {
      ...valuesOf(facts, COMMON),
      ...(unit.runsOn === 'manager' ? valuesOf(facts, OF_MANAGERS) : {}),
      notAfter: String(now + startWithin),
      executionTimeout: String(runtime),
      ...valuesOf(facts, unit.parameters),
    },
    deliveryTimeout: mayBePickedUpLate(unit) ? startWithin : facts.undo ? 30 : 60,
    // A lease fences nothing on a node, so it outlives whatever was sent under it.
    lockUntil: locked ? now + startWithin + runtime + CLOCK_SKEW : undefined,
  };
}

/**
 * Whether the delivery timeout is as long as the document may still begin. A manager may be busy with a burst: a short timeout would turn that
 * into a storm of new sends. SSM knows an instance from a warm pool already, and accepts a command before its agent is up; if the delivery
 * timeout then passes, SSM reports it only when the execution timeout has passed as well.
 */
const mayBePickedUpLate = ({ runsOn }: VerbUnit): boolean => runsOn !== 'instance';

function valuesOf(facts: CommandFacts, parameters: Readonly<Record<string, Parameter>>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value(facts)]));
}

/** The founder is alone: there is nobody yet who could join beside it. Beside the last one nobody may. */
function isLocked({ changesManagers }: VerbUnit, { plan, last }: CommandFacts): boolean {
  return last || (plan.role === 'manager' && plan.route !== 'found' && changesManagers !== undefined);
}

/**
 * Any reachable manager will do; the instance id spreads the load and keeps the choice stable over retries. What one manager did
 * not do is asked of the next, and after all on record of whoever else may be one.
 */
export function pickManager(
  managers: readonly Manager[],
  instance: string,
  number = 1,
  candidates: readonly Manager[] = [],
): Manager | undefined {
  // Of what becomes of a manager the others decide, where there are any: a node cannot demote itself, nor see itself as others do.
  const isOther = (manager: Manager): boolean => manager.instance !== instance;
  const alone = ![...managers, ...candidates].some(isOther);
  const first = createHash('sha256').update(instance).digest().readUInt16BE(0);
  const order = [managers, candidates].flatMap((list) => rotated(alone ? list : list.filter(isOther), first));
  return order[(number - 1) % order.length];
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const from = by % Math.max(1, list.length);
  return [...list.slice(from), ...list.slice(0, from)];
}

function targetOf(verb: Verb, { plan, managers, candidates, try: number }: CommandFacts): string {
  if (!runsOnManager(verb)) {
    return needed(plan.instance, 'instance');
  }
  const manager = pickManager(managers, plan.instance ?? plan.cluster ?? '', number, candidates);
  if (manager === undefined) {
    throw new FlowError('BadInput', `${verb} needs a manager, and none is known`);
  }
  return manager.instance;
}
