// What happened in an execution, in the words of GetExecutionHistory.
import { QUOTAS } from '../services/quotas.ts';
import { StatesError } from './errors.ts';

/** A hard quota: the event that would be number 25,000 must end the execution. */
export const HISTORY_LIMIT = QUOTAS.historyEvents.value;

export interface HistoryEvent {
  /** From 1. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** AWS's name of the event type, e.g. `TaskStateEntered`. */
  readonly type: string;
  /** The state it belongs to; absent for events of the execution. */
  readonly state?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export class History {
  readonly #events: HistoryEvent[] = [];
  readonly #now: () => number;
  readonly #listener: ((event: HistoryEvent) => void) | undefined;

  constructor(now: () => number, listener?: (event: HistoryEvent) => void) {
    this.#now = now;
    this.#listener = listener;
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** Room is left for nothing but the execution's end. */
  get full(): boolean {
    return this.#events.length >= HISTORY_LIMIT - 1;
  }

  /** @throws StatesError `States.Runtime` (which nothing catches) when only the end may follow */
  add(type: string, state: string, details: Readonly<Record<string, unknown>> = {}): HistoryEvent {
    if (this.full) {
      throw new StatesError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${HISTORY_LIMIT}).`,
      );
    }
    return this.#push({ type, state, details });
  }

  /** The execution's own events: its start, and its end, which always has room. */
  mark(type: string, details: Readonly<Record<string, unknown>>): void {
    this.#push({ type, details });
  }

  #push(what: Omit<HistoryEvent, 'id' | 'at'>): HistoryEvent {
    const event = { id: this.#events.length + 1, at: this.#now(), ...what };
    this.#events.push(event);
    this.#listener?.(event);
    return event;
  }
}
