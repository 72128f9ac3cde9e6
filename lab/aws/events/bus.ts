// EventBridge's default bus as the lab plays it: rules to targets, with retries, a dead-letter queue, and faults on demand.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { QUOTAS } from '../services/quotas.ts';
import { AwsError } from '../services/service.ts';
import type { StackRule, StackTarget } from '../stack/stack.ts';
import { matchesPattern, parsePattern } from './pattern.ts';
import type { Pattern } from './pattern.ts';

export interface BusEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * What a scenario makes of events: lost, late, or twice. Matches by a pattern, like a rule. `delay`: EventBridge has the event, and its
 * age counts. `late`: its source sends it that late.
 */
export interface EventFault {
  readonly pattern: Pattern;
  readonly effect:
    | { readonly kind: 'drop' }
    | { readonly kind: 'delay' | 'late'; readonly ms: number }
    | { readonly kind: 'duplicate' };
  times: number;
}

export interface DeadLetter {
  readonly at: number;
  readonly rule: string;
  readonly target: string;
  readonly error: string;
  readonly event: unknown;
  /** A function failed on it, as often as Lambda tries; else it was not handed over at all. */
  readonly failed: boolean;
}

export interface BusOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly rules: readonly StackRule[];
  readonly region: string;
  readonly account: string;
  /** From the source to the target, ms. */
  readonly latency: number;
  /** What Lambda does with events that a function failed on; undefined for targets that are no functions. */
  readonly asynchronous: (target: StackTarget) => RetryPolicy | undefined;
  /** Hands an event to a target. Rejects if the target does not take it, or (a function) if it fails. */
  readonly deliver: (target: StackTarget, event: unknown) => Promise<void>;
  /** Told how many there are, with each new one. */
  readonly onDeadLetter?: (count: number) => void;
  /** Whether the rule is allowed to reach the target. */
  readonly mayDeliver: (rule: StackRule, target: StackTarget) => boolean;
  /** Whether a dead letter gets into its queue: EventBridge's, or (`failed`) one that a function has failed on. */
  readonly mayBury: (rule: StackRule, target: StackTarget, failed: boolean) => boolean;
}

/** How often, and for how long, an event is tried on a target. */
export interface RetryPolicy {
  readonly maximumEventAgeSeconds: number;
  readonly maximumRetryAttempts: number;
}

/** Between two attempts, ms. */
type Pause = (attempt: number) => number;

/** Lambda tries an event again after one minute, and after two more. */
const lambdaPause: Pause = (attempt) => 60_000 * (attempt + 1);
/** EventBridge backs off exponentially, AWS does not say how: from a second to ten minutes here. */
const eventBridgePause: Pause = (attempt) => Math.min(1000 * 2 ** attempt, 600_000);

/** One event on its way to one target. */
interface Errand {
  readonly rule: StackRule;
  readonly target: StackTarget;
  readonly event: unknown;
  /** Since when its age counts. */
  readonly since: number;
  readonly attempt: number;
}

export class EventBus {
  readonly deadLetters: DeadLetter[] = [];
  readonly faults: EventFault[] = [];
  readonly #options: BusOptions;
  readonly #rules: readonly { readonly rule: StackRule; readonly pattern: Pattern }[];
  #schedules: (() => void)[] = [];
  /** Whether the rules are there: without their stack they are not. */
  #hasRules = true;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#rules = options.rules.flatMap((rule) =>
      rule.pattern === undefined ? [] : [{ rule, pattern: parsePattern(rule.pattern) }],
    );
  }

  /** From here on the rules are there, or are not. */
  deploy(hasRules: boolean): void {
    this.#hasRules = hasRules;
    this.stopSchedules();
    if (hasRules) {
      this.startSchedules();
    }
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
          this.#send({ rule, target, event: parseInput(target), since: this.#options.clock.now(), attempt: 0 });
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
    checkSize(full);
    const fault = this.faults.find(({ pattern, times }) => times > 0 && matchesPattern(pattern, full));
    if (fault !== undefined) {
      fault.times -= 1;
    }
    switch (fault?.effect.kind) {
      case 'drop':
        return;
      case 'delay':
        this.#route(full, latency + fault.effect.ms, clock.now());
        return;
      case 'late':
        this.#route(full, latency + fault.effect.ms, clock.now() + fault.effect.ms);
        return;
      case 'duplicate':
        this.#route(full, latency, clock.now());
        this.#route({ ...full, id: random.uuid() }, latency + 1000, clock.now());
        return;
      case undefined:
        this.#route(full, latency, clock.now());
    }
  }

  #route(event: Record<string, unknown>, delay: number, since: number): void {
    for (const { rule, pattern } of this.#rules) {
      if (this.#hasRules && matchesPattern(pattern, event)) {
        for (const target of rule.targets) {
          this.#options.clock.schedule(delay, () => {
            this.#send({ rule, target, event, since, attempt: 0 });
          });
        }
      }
    }
  }

  /** EventBridge's part. What has become too old meanwhile is not handed over any more. */
  #send(errand: Errand): void {
    const { retry } = errand.target;
    const asynchronous = this.#options.asynchronous(errand.target);
    if (this.#isTooOld(errand, retry)) {
      this.#bury(errand, 'the event is older than the MaximumEventAgeInSeconds of its target');
      return;
    }
    if (!this.#options.mayDeliver(errand.rule, errand.target)) {
      // No retries: it would not be allowed the next time either.
      this.#bury(errand, 'NO_PERMISSIONS');
      return;
    }
    // A function's events are Lambda's as soon as it has them, and their age counts anew.
    void (asynchronous === undefined
      ? this.#hand(errand, retry, eventBridgePause)
      : this.#hand({ ...errand, since: this.#options.clock.now() }, asynchronous, lambdaPause));
  }

  async #hand(errand: Errand, policy: RetryPolicy, pause: Pause): Promise<void> {
    const { target, event, attempt } = errand;
    try {
      await this.#options.deliver(target, target.input === undefined ? event : parseInput(target));
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const failed = pause === lambdaPause;
      if (attempt >= policy.maximumRetryAttempts) {
        this.#bury(errand, text, failed);
        return;
      }
      this.#options.clock.schedule(pause(attempt), () => {
        if (this.#isTooOld(errand, policy)) {
          this.#bury(errand, text, failed);
        } else {
          void this.#hand({ ...errand, attempt: attempt + 1 }, policy, pause);
        }
      });
    }
  }

  #isTooOld({ since }: Errand, { maximumEventAgeSeconds }: RetryPolicy): boolean {
    return this.#options.clock.now() - since > maximumEventAgeSeconds * 1000;
  }

  #bury({ rule, target, event }: Errand, error: string, failed = false): void {
    if (!this.#options.mayBury(rule, target, failed)) {
      return; // lost, without a word
    }
    this.deadLetters.push({ at: this.#options.clock.now(), rule: rule.name, target: target.arn, error, event, failed });
    this.#options.onDeadLetter?.(this.deadLetters.length);
  }
}

/** @throws {AwsError} as PutEvents does for an entry that is too large */
function checkSize(event: unknown): void {
  const { value: most } = QUOTAS.event;
  if (Buffer.byteLength(JSON.stringify(event)) > most) {
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
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
