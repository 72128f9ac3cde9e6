// What it means that SSM, or IAM, refuses to send a command.
import { isGoneFrom } from '../aws/auto-scaling.ts';
import { bringsIn, runsOnManager } from '../core/steps/verbs.ts';
import { FlowError } from '../core/errors.ts';
import { nextTry } from './look.ts';
import { verbOf } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

/** Refused this often, the instance may be gone: one more question to AWS is worth it. Then every tenth time. */
const ASK_WHETHER_GONE = 4;
const ASK_AGAIN = 10;

/** SSM has one error for an agent that is not there yet, not there any more, and an instance that never was. */
export async function refusal(
  ports: StepPorts,
  request: StepRequest,
  because: string,
  denied: Error | undefined,
): Promise<Error> {
  const { undo, verb } = request;
  if (!undo && bringsIn(verb)) {
    return joinRefusal(ports, request, because, denied);
  }
  if (denied !== undefined) {
    return denied;
  }
  if (!runsOnManager(verbOf(request))) {
    return new FlowError('InstanceUnreachable', because);
  }
  return nextTry(ports, request, because);
}

async function joinRefusal(
  { autoScaling }: StepPorts,
  { attempt, plan: { instance = '', group } }: StepRequest,
  because: string,
  denied: Error | undefined,
): Promise<Error> {
  if (attempt < ASK_WHETHER_GONE) {
    // Whether a tag counts before the agent has registered is not documented: a denial may be of the first moments only.
    return new FlowError('AgentNotRegistered', because);
  }
  // An instance that does not exist has no tags, so that IAM denies it before SSM says that it is invalid.
  const ask = denied !== undefined || (attempt - ASK_WHETHER_GONE) % ASK_AGAIN === 0;
  if (ask && (await isGoneFrom(autoScaling, instance, group))) {
    return new FlowError('InstanceGone', `${instance} is in no group any more`);
  }
  return denied ?? new FlowError('AgentNotRegistered', because);
}
