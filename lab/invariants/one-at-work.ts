// One lifecycle action has one execution at work on it: an event that comes twice changes nothing.
import type { Execution } from '../aws/states/execution.ts';
import type { HistoryEvent } from '../aws/states/history.ts';
import { instanceOf } from './telling.ts';

/** States in which it is decided whether there is anything to do. */
const BEFORE_WORK: ReadonlySet<string> = new Set([
  'Claim',
  'Route',
  'LookFounder',
  'FounderAsked',
  'ClaimAgain',
  'Ignored',
]);

interface Input {
  readonly detail?: { readonly LifecycleActionToken?: unknown };
  readonly skep?: { readonly replaces?: unknown };
}

/** @returns what is wrong, where an execution has just heard that another one has taken its instance */
export function takenOver(execution: Execution, event: HistoryEvent, all: readonly Execution[]): string | undefined {
  if (event.type !== 'TaskFailed' || event.details['error'] !== 'Superseded') {
    return undefined;
  }
  const token = tokenOf(execution);
  const another = all.find(
    (one) =>
      one !== execution &&
      token !== undefined &&
      tokenOf(one) === token &&
      one.startDate >= execution.startDate &&
      inputOf(one).skep?.replaces === undefined &&
      isAtWork(one),
  );
  return another === undefined
    ? undefined
    : `${execution.name} is at work on ${instanceOf(execution) ?? 'it'}, and ${another.name} has taken it by the same event`;
}

const inputOf = ({ input }: Execution): Input => input ?? {};
const tokenOf = (execution: Execution): unknown => inputOf(execution).detail?.LifecycleActionToken;
const isAtWork = ({ history }: Execution): boolean =>
  history.some(({ type, state }) => type.endsWith('StateEntered') && !BEFORE_WORK.has(state ?? ''));
