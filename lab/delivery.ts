// How an event comes from EventBridge to its target: a function of the stack, or a state machine.
import type { Lambda } from './aws/lambda.ts';
import type { States } from './aws/services/states.ts';
import type { StackTarget } from './aws/stack/stack.ts';

interface Targets {
  readonly lambda: Lambda;
  readonly states: States;
}

/** @throws what the target refuses it with, or what its function has failed with */
export async function deliver({ lambda, states }: Targets, target: StackTarget, event: unknown): Promise<void> {
  if (lambda.has(target.arn)) {
    const outcome = await lambda.invoke(target.arn, event, 'asynchronous');
    if (!outcome.ok) {
      throw Object.assign(new Error(outcome.errorMessage), { name: outcome.errorType });
    }
    return;
  }
  const id = typeof event === 'object' && event !== null && 'id' in event ? String(event.id) : undefined;
  // EventBridge names executions after the event, so that a redelivered event meets ExecutionAlreadyExists.
  states.start(target.arn, id, event);
}
