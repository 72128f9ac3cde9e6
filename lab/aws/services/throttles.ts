// How fast an account and an agent take calls, and when AWS throttles them: the `limits` of a scenario. AWS publishes few of these numbers. How
// much AWS takes, in sizes and counts, is in quotas.ts.
import type { Clock } from '../../time/clock.ts';
import type { Lag } from './lagging.ts';
import { AwsError } from './service.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Rate } from './token-bucket.ts';

/** The SSM agent's own settings, and one that is not its own. */
export interface AgentLimits {
  /** Commands that run at the same time (`Mds.CommandWorkersLimit`). */
  readonly workers: number;
  /** Commands that it takes besides (`Mds.CommandWorkerBufferLimit`); further ones are refused with CommandBufferFull. */
  readonly buffer: number;
  /**
   * After a refusal the next offer comes this much later, ms. Over ec2messages it is the agent that holds the command and tries
   * again every ten seconds, before it asks for others. Over ssmmessages it answers with a status, and what the service then does
   * is not published.
   */
  readonly offerAgain: number;
  /** From the agent's queue to the first line of a script, ms. */
  readonly handOver?: number;
  /** What a script takes of a processor, ms: the agent's worker process, its shell and its docker commands. */
  readonly cpu?: number;
  /** Processors of the instance. */
  readonly cores?: number;
  /** From one restart that nobody asked for to the next, on average, ms; 0: none. What watches over scripts goes on. */
  readonly restarts?: number;
}

/** Throttling that a scenario asks for; without it there is none. Each rate is named for the call that it throttles. */
export interface Limits {
  /** Per account. Not published; it was seen at test suites. */
  readonly sendCommand?: Rate | undefined;
  /** Per account, shared by all Get calls of Parameter Store: 40 a second; the burst is not published. */
  readonly getParameter?: Rate | undefined;
  /** Agents that come up at once (UpdateInstanceInformation). Not published; more than a hundred at once were throttled. */
  readonly registrations?: Rate | undefined;
  readonly agent?: Partial<AgentLimits> | undefined;
  /** From the launch of an instance until `ssm:resourceTag` has its tags, ms. Not published, nor whether there is any such time. */
  readonly resourceTags?: number | undefined;
  /**
   * Whether ListCommands by instance shows what has not reached its agent yet. AWS refuses to filter for that by status, and does not say
   * whether it is listed without a filter.
   */
  readonly listsPending?: boolean | undefined;
  /** How late describe calls are, at most. */
  readonly lag?: Lag | undefined;
}

/** As the agent's source has them. */
export const AGENT_LIMITS: AgentLimits = { workers: 5, buffer: 5, offerAgain: 10_000 };

/**
 * Measured with the agent's own code on two cores: 39 to 61 ms until the first line, 0.15 to 0.2 s of processor time for a confirm, so that a
 * manager confirms about ten a second.
 */
const AGENT_COST = { handOver: 50, cpu: 180, cores: 2 };

/** An agent looks for an update of itself, and is updated and restarted by others: AWS gives no number, and this is more than most see. */
const AGENT_RESTARTS = { restarts: 30 * 60_000 };

/** Real nodes, on the wall's clock, take their time by themselves, and their agents are restarted by what a scenario says. */
export function agentLimitsOf(lab: { readonly virtual: boolean; readonly limits?: Limits }): AgentLimits {
  return { ...AGENT_LIMITS, ...(lab.virtual ? { ...AGENT_COST, ...AGENT_RESTARTS } : {}), ...lab.limits?.agent };
}

export type Throttled = 'sendCommand' | 'getParameter' | 'registrations';

/** As SSM spells it. */
export const rateExceeded = (): AwsError => new AwsError('ThrottlingException', 'Rate exceeded');

/** The buckets of an account, by name. */
export class Throttles {
  readonly #buckets: ReadonlyMap<Throttled, TokenBucket>;

  constructor(clock: Clock, { sendCommand, getParameter, registrations }: Limits) {
    const buckets = new Map<Throttled, TokenBucket>();
    for (const [name, rate] of Object.entries({ sendCommand, getParameter, registrations })) {
      if (rate !== undefined) {
        buckets.set(name as Throttled, new TokenBucket(clock, rate));
      }
    }
    this.#buckets = buckets;
  }

  /** Whether one more goes through now; always, where nothing limits it. */
  take(name: Throttled): boolean {
    return this.#buckets.get(name)?.take() ?? true;
  }

  /** How often each was refused. */
  get refused(): Record<string, number> {
    return Object.fromEntries([...this.#buckets].map(([name, { refused }]) => [name, refused]));
  }
}
