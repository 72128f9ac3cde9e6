// The requests that a scenario's services were sent, and what became of each. They are counted when they have ended: one that was in
// flight at a `measure` counts for what comes after it, which is what may break it.
import type { RequestSeen } from '../nodes/machines.ts';

interface Counted {
  /** Epoch milliseconds of the lab. */
  readonly sentAt: number;
  readonly endedAt: number;
  readonly slow: boolean;
  readonly failure: string;
}

export interface RequestCounts {
  readonly sent: number;
  /** Of those the slow ones. */
  readonly slow: number;
  readonly failed: number;
  /** The longest time in which every quick one failed, seconds. */
  readonly gap: number;
  /** How many failed of each kind. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What is between one `measure` and the next, of one service. */
export interface RequestRow extends RequestCounts {
  /** What the step `measure` calls it; empty before the first, and where it has no name. */
  readonly as: string;
  readonly service: string;
}

export class Requests {
  readonly #now: () => number;
  readonly #services = new Map<string, Counted[]>();
  readonly #measures: { readonly as: string; readonly from: number }[] = [{ as: '', from: 0 }];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** From here on they count for this. */
  measure(as: string): void {
    this.#measures.push({ as, from: this.#now() });
  }

  of(service: string): (request: RequestSeen) => void {
    const counted: Counted[] = [];
    this.#services.set(service, counted);
    return ({ ago, slow, failure }) => {
      const endedAt = this.#now();
      counted.push({ sentAt: endedAt - ago, endedAt, slow, failure });
    };
  }

  /** Since the last `measure`. */
  counts(service: string): RequestCounts | undefined {
    const requests = this.#services.get(service);
    return requests && countsOf(requests, this.#measures.at(-1)?.from ?? 0, Infinity);
  }

  /** One for each `measure` and each service that was sent any. */
  get rows(): RequestRow[] {
    return this.#measures.flatMap(({ as, from }, index) => {
      const to = this.#measures[index + 1]?.from ?? Infinity;
      return [...this.#services]
        .map(([service, requests]) => ({ as, service, ...countsOf(requests, from, to) }))
        .filter(({ sent }) => sent > 0);
    });
  }
}

function countsOf(all: readonly Counted[], from: number, to: number): RequestCounts {
  const requests = all.filter(({ endedAt }) => endedAt >= from && endedAt < to);
  const failed = requests.filter(({ failure }) => failure !== '');
  const kinds = Map.groupBy(failed, ({ failure }) => failure);
  return {
    sent: requests.length,
    slow: requests.filter(({ slow }) => slow).length,
    failed: failed.length,
    gap: gapOf(requests.filter(({ slow }) => !slow)),
    failures: Object.fromEntries([...kinds].map(([kind, { length }]) => [kind, length])),
  };
}

/** From the first of several in a row that failed until the next that was answered; or until the last, where none was. */
function gapOf(quick: readonly Counted[]): number {
  let since: number | undefined;
  let longest = 0;
  for (const { sentAt, failure } of quick.toSorted((a, b) => a.sentAt - b.sentAt)) {
    if (since !== undefined) {
      longest = Math.max(longest, sentAt - since);
    }
    since = failure === '' ? undefined : (since ?? sentAt);
  }
  return Math.round(longest) / 1000;
}
