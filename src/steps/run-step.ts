// One attempt of a token state, in one pass: read the facts, decide on them (src/core/steps/decide.ts), do the one thing.
import { decide, noticesOfStep } from '../core/steps/decide.ts';
import type { Decision, Facts, Step } from '../core/steps/step.ts';
import { traitsOf } from '../core/steps/verbs.ts';
import { longestAbsence } from '../core/lifecycle/deadline.ts';
import { isWait } from '../core/names.ts';
import { carryOut } from './carry-out.ts';
import { keepHookAlive } from './heartbeat.ts';
import type { StepPorts } from './ports.ts';
import { readFact } from './read-fact.ts';
import { ofNode, toStep } from './step.ts';
import type { StepRequest } from './step.ts';

export async function runStep(ports: StepPorts, request: StepRequest): Promise<void> {
  const step = toStep(request);
  const first = await readFacts(ports, step, await arrive(ports, step));
  for (const { metric, because } of noticesOfStep(step, first.facts)) {
    ports.raise(metric, because, { cluster: step.key.cluster });
  }
  let { facts, decision } = first;
  for (;;) {
    const news = await carryOut(ports, step, decision, facts);
    if (news === undefined) {
      return;
    }
    ({ facts, decision } = await readFacts(ports, step, { ...facts, ...news }));
  }
}

/** Asks for one fact after the other, as long as the decision depends on one that is missing. */
async function readFacts(
  ports: StepPorts,
  step: Step,
  known: Facts,
): Promise<{ readonly facts: Facts; readonly decision: Decision }> {
  let facts = known;
  for (;;) {
    const decision = decide(step, facts);
    if (decision.kind !== 'ask') {
      return { facts, decision };
    }
    facts = { ...facts, ...(await readFact(ports, step, decision)) };
  }
}

/**
 * Stores the task token in the item. The same write returns the item and tells whether it is still this execution's. Keeps the hook alive as well. A first
 * attempt that sends a command stores the token later, together with the command.
 */
async function arrive(ports: StepPorts, step: Step): Promise<Facts> {
  const { key, taskToken, verb, attempt } = step;
  const { stage, tokenKey } = ports;
  if (attempt === 0 && !isWait(verb)) {
    return { ...(await betweenRounds(ports, step)), now: ports.now(), stage, tokenKey };
  }
  const item = (await ports.table.park(key, { taskToken, waits: key.step })) ?? null;
  const facts = { item, now: ports.now(), stage, tokenKey };
  if (item !== null) {
    await keepHookAlive(ports, step, item);
    await keepLock(ports, step);
  }
  return facts;
}

/** The rounds of a hand-over are short: none of them reaches a second look, which is what keeps the hook alive in other steps. */
async function betweenRounds(ports: StepPorts, step: Step): Promise<Pick<Facts, 'noted'>> {
  const item = step.round && (await ports.table.park(ofNode(step), { lookedAt: ports.now() }));
  if (item === undefined) {
    return {};
  }
  await keepHookAlive(ports, step, item);
  return { noted: { tried: item.handedOver ?? [], unplaced: item.unplaced ?? [], diesAt: item.diesAt } };
}

/**
 * A demotion that was accepted and cannot be seen yet is still under way during the pauses between its tries. So the lease of the lock must outlive the
 * longest pause. If somebody else has the lock by now, the next send finds out.
 */
async function keepLock({ lock, now }: StepPorts, { verb, key, attempt, plan, ask }: Step): Promise<void> {
  if (traitsOf(verb).changesManagers === 'takes away' && !ask.undo) {
    await lock.take(key, now(), now() + longestAbsence(attempt, plan.lookSlow ?? 0));
  }
}
