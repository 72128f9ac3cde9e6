// Does the one thing that was decided. If something stands in the way, that is one more fact, and the step decides again.
import { cancelCommand } from '../aws/run-command.ts';
import { succeedTask } from '../aws/task-callbacks.ts';
import { actionKey, afterHold } from '../core/lifecycle/hold.ts';
import type { Decision, Deliver, Facts, GiveUp, Sent, Step } from '../core/steps/step.ts';
import { endSwarm } from '../coordination/end-swarm.ts';
import { releaseLock } from '../coordination/release-lock.ts';
import { deliver, storeAndDeliver } from './deliver.ts';
import { note } from './note.ts';
import type { StepPorts } from './ports.ts';
import { queue } from './queue.ts';
import { send } from './send.ts';
import { verbOf } from './step.ts';

/** @returns undefined if it was done; otherwise the facts that were learnt instead */
export function carryOut(
  ports: StepPorts,
  step: Step,
  decision: Decision,
  facts: Facts,
): Promise<Partial<Facts> | undefined> {
  switch (decision.kind) {
    case 'send':
      return send(ports, step, decision, facts);
    case 'look again':
      return Promise.resolve(undefined);
    case 'deliver':
      return end(ports, step, decision, facts.now);
    case 'give up':
      return giveUp(ports, step, decision, facts.now);
    case 'wait':
      return decision.queue === undefined || facts.queued !== undefined
        ? Promise.resolve(undefined)
        : queue(ports, step, decision.queue, facts.now);
  }
}

const TAKEN_OVER = { obstacle: { kind: 'taken over' } } as const satisfies Partial<Facts>;

async function end(ports: StepPorts, step: Step, decision: Deliver, now: number): Promise<Partial<Facts> | undefined> {
  const { key, taskToken } = step;
  switch (decision.what) {
    case 'output':
      await note(ports, step, decision.note);
      await succeedTask(ports.states, taskToken, decision.output);
      return undefined;
    case 'stored': {
      const { outcome, item } = decision;
      await deliver(ports, { key, verb: verbOf(step), outcome, item, now });
      return undefined;
    }
    case 'found': {
      const { outcome, of, notBefore } = decision;
      const { target, commandId } = of;
      const ended = { key: { ...key, try: of.try }, verb: verbOf(step), outcome, target, commandId, notBefore, now };
      await storeAndDeliver(ports, ended);
      return undefined;
    }
    case 'end of hold':
      return goOnAfterHold(ports, step, now);
    case 'end of swarm':
      return goWithSwarm(ports, step, now);
  }
}

async function goOnAfterHold(ports: StepPorts, step: Step, now: number): Promise<Partial<Facts> | undefined> {
  const { key, plan, taskToken } = step;
  if (!(await ports.holds.release(key))) {
    return TAKEN_OVER;
  }
  const { deadline, leaseUntil } = afterHold(plan, now);
  await ports.holds.extendLease(key, actionKey(plan), leaseUntil);
  await succeedTask(ports.states, taskToken, { deadline });
  return undefined;
}

async function goWithSwarm(ports: StepPorts, step: Step, now: number): Promise<Partial<Facts> | undefined> {
  const { cluster, instance, owner } = step.key;
  const swarmId = step.plan.swarm?.swarmId ?? '';
  if (!(await endSwarm(ports, { cluster, swarmId, last: { instance, owner }, now }))) {
    return TAKEN_OVER;
  }
  await releaseLock(ports, { cluster, instance }, now);
  await succeedTask(ports.states, step.taskToken, { erased: swarmId });
  return undefined;
}

/** @throws {Error} always: by its name the state machine knows how to go on */
async function giveUp(ports: StepPorts, step: Step, decision: GiveUp, now: number): Promise<never> {
  await note(ports, step, decision.note);
  if (decision.cancel !== undefined) {
    await cancelQuietly(ports, decision.cancel);
  }
  if (decision.releaseLock === true) {
    await releaseLock(ports, step.key, now);
  }
  throw Object.assign(new Error(decision.cause), { name: decision.error });
}

/** A failure is ignored, since CancelCommand promises nothing anyway: the document refuses to start after its `notAfter`. */
async function cancelQuietly({ ssm }: StepPorts, { commandId, target }: Sent): Promise<void> {
  try {
    await cancelCommand(ssm, commandId, target);
  } catch {
    // The wait ends either way.
  }
}
