// EventBridge's default bus as the lab plays it: rules to targets, with retries, a dead-letter queue, and faults on demand.
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { StackRule, StackTarget } from '../stack/stack.ts';
import { matchesPattern, parsePattern } from './pattern.ts';
import type { Pattern } from './pattern.ts';

export interface BusEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What a scenario makes of events: lost, late, or twice. Matches by a pattern, like a rule. */
export interface EventFault {
  readonly pattern: Pattern;
  readonly effect:
    { readonly kind: 'drop' } | { readonly kind: 'delay'; readonly ms: number } | { readonly kind: 'duplicate' };
  times: number;
}

export interface DeadLetter {
  readonly at: number;
  readonly rule: string;
  readonly target: string;
  readonly error: string;
  readonly event: unknown;
}

export interface BusOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly rules: readonly StackRule[];
  readonly region: string;
  readonly account: string;
  /** From the source to the target, ms. */
  readonly latency: number;
  /** Hands an event to a target. Rejects if the target does not take it, or (a function) if it fails. */
  readonly deliver: (target: StackTarget, event: unknown) => Promise<void>;
}

/** Lambda tries an asynchronous event three times, one and two minutes apart; StartExecution is tried in the same rhythm here. */
const RETRY_AFTER = [60_000, 120_000];

export class EventBus {
  readonly deadLetters: DeadLetter[] = [];
  readonly faults: EventFault[] = [];
  readonly #options: BusOptions;
  readonly #rules: readonly { readonly rule: StackRule; readonly pattern: Pattern }[];
  #schedules: (() => void)[] = [];

  constructor(options: BusOptions) {
    this.#options = options;
    this.#rules = options.rules.flatMap((rule) =>
      rule.pattern === undefined ? [] : [{ rule, pattern: parsePattern(rule.pattern) }],
    );
  }

  /** Starts the rules that run on a schedule. */
  startSchedules(): void {
    for (const rule of this.#options.rules) {
      if (rule.schedule !== undefined) {
        this.#repeat(rule, everyMs(rule.schedule));
      }
    }
  }

  stopSchedules(): void {
    for (const cancel of this.#schedules) {
      cancel();
    }
    this.#schedules = [];
  }

  #repeat(rule: StackRule, every: number): void {
    this.#schedules.push(
      this.#options.clock.schedule(every, () => {
        for (const target of rule.targets) {
          void this.#hand(rule, target, parseInput(target), 0);
        }
        this.#repeat(rule, every);
      }),
    );
  }

  put(event: BusEvent): void {
    const { clock, random, account, region, latency } = this.#options;
    const full = {
      version: '0',
      id: random.uuid(),
      account,
      region,
      time: new Date(clock.now()).toISOString(),
      ...event,
    };
    const fault = this.faults.find(({ pattern, times }) => times > 0 && matchesPattern(pattern, full));
    if (fault !== undefined) {
      fault.times -= 1;
    }
    switch (fault?.effect.kind) {
      case 'drop':
        return;
      case 'delay':
        this.#route(full, latency + fault.effect.ms);
        return;
      case 'duplicate':
        this.#route(full, latency);
        this.#route({ ...full, id: random.uuid() }, latency + 1000);
        return;
      case undefined:
        this.#route(full, latency);
    }
  }

  #route(event: Record<string, unknown>, delay: number): void {
    for (const { rule, pattern } of this.#rules) {
      if (matchesPattern(pattern, event)) {
        for (const target of rule.targets) {
          this.#options.clock.schedule(delay, () => void this.#hand(rule, target, event, 0));
        }
      }
    }
  }

  async #hand(rule: StackRule, target: StackTarget, event: unknown, attempt: number): Promise<void> {
    try {
      await this.#options.deliver(target, target.input === undefined ? event : parseInput(target));
    } catch (error) {
      const wait = RETRY_AFTER[attempt];
      if (wait === undefined) {
        const { clock } = this.#options;
        const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        this.deadLetters.push({ at: clock.now(), rule: rule.name, target: target.arn, error: text, event });
        return;
      }
      this.#options.clock.schedule(wait, () => void this.#hand(rule, target, event, attempt + 1));
    }
  }
}

function parseInput(target: StackTarget): unknown {
  return JSON.parse(target.input ?? '{}');
}

/** @example rate(10 minutes) */
function everyMs(schedule: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
  const size = units[unit ?? ''];
  if (count === undefined || size === undefined) {
    throw new Error(`the lab knows schedules of the form rate(10 minutes), not ${schedule}`);
  }
  return Number(count) * size;
}
