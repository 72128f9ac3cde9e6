// An execution as DescribeExecution and its events show it.
import type { HistoryEvent } from '../states/history.ts';
import type { StackStateMachine } from '../stack/stack.ts';
import type { Execution } from '../states/execution.ts';
import { QUOTAS } from './quotas.ts';

/** Step Functions leaves out what would not fit into an event: the input and the output together, as the event writes them. */
export function payloadsOf({ input, output }: Pick<Execution, 'input' | 'output'>): Record<string, unknown> {
  const payloads = { input: JSON.stringify(input), output: output === undefined ? null : JSON.stringify(output) };
  return Buffer.byteLength(JSON.stringify(payloads)) > QUOTAS.eventPayloads.value
    ? { input: null, inputDetails: { included: false }, output: null }
    : { ...payloads, inputDetails: { included: true } };
}

/** What ListExecutions shows of each, and DescribeExecution too. */
export function listedExecution(execution: Execution): Record<string, unknown> {
  const { arn: executionArn, name, status, startDate, stopDate, stateMachine } = execution;
  return {
    executionArn,
    stateMachineArn: stateMachine.arn,
    name,
    status,
    startDate: startDate / 1000,
    ...(stopDate === undefined ? {} : { stopDate: stopDate / 1000 }),
  };
}

export function describeExecution(execution: Execution): unknown {
  const { input, output, error, cause } = execution;
  return {
    ...listedExecution(execution),
    input: JSON.stringify(input),
    ...(output === undefined ? {} : { output: JSON.stringify(output) }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Of its details the name of the state, where AWS has it, and no data. */
export function historyEvent({ id, at, type, state: name }: HistoryEvent): unknown {
  const event = { id, timestamp: at / 1000, type };
  if (name === undefined) {
    return event;
  }
  if (type.endsWith('StateEntered')) {
    return { ...event, stateEnteredEventDetails: { name } };
  }
  return type.endsWith('StateExited') ? { ...event, stateExitedEventDetails: { name } } : event;
}

export const describeMachine = ({ arn, name, roleArn, definition }: StackStateMachine, since: number): unknown => ({
  stateMachineArn: arn,
  name,
  status: 'ACTIVE',
  definition: JSON.stringify(definition),
  roleArn,
  type: 'STANDARD',
  creationDate: since / 1000,
});
