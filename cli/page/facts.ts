// What the page is made of: plain data, as its sources told it, each with the time at which it did.
import type { StandingFacts } from '../../src/core/lifecycle/standing.ts';
import type { Status } from '../../src/core/verdict/status.ts';

/** EC2's states of an instance that answers nobody. */
export const GONE: ReadonlySet<string> = new Set(['shutting-down', 'terminated', 'stopping', 'stopped']);

export interface Source {
  readonly name: string;
  /** When it last answered, epoch seconds; null where it never has. */
  readonly at: number | null;
  /** Why it does not answer now. What is shown of it is as old as `at` says. */
  readonly problem: string | null;
}

type PageGroup = StandingFacts['groups'][number] & { readonly desired: number };

/** Of the table, with the step that its execution is at. */
export type PageNode = StandingFacts['known'][number] & {
  readonly step?: string | undefined;
  readonly try?: number | undefined;
  readonly sentAt?: number | undefined;
  readonly target?: string | undefined;
};

/** As a manager sees them. */
export interface SeenNode {
  readonly nodeId: string;
  readonly hostname: string;
  readonly role: string;
  readonly status: string;
  readonly availability: string;
  readonly reachability?: string | undefined;
  /** By the label that skep sets. */
  readonly instance?: string | undefined;
}

export interface SeenTask {
  readonly taskId: string;
  readonly service: string;
  /** Empty while no node is assigned. */
  readonly nodeId: string;
  readonly desiredState: string;
  readonly state: string;
  readonly error: string;
}

export interface SeenSwarm {
  readonly nodes: readonly SeenNode[];
  readonly tasks: readonly SeenTask[];
}

export interface PageFacts {
  readonly cluster: string;
  readonly stage: string;
  /** Region, profile and endpoint, for people. */
  readonly where: string;
  /** By AWS's clock, epoch seconds. */
  readonly now: number;
  readonly status: Status | undefined;
  readonly groups: readonly PageGroup[];
  readonly known: readonly PageNode[];
  /** EC2's. */
  readonly states: ReadonlyMap<string, string>;
  /** Instances of the managers on record. */
  readonly managers: readonly string[];
  /** Undefined where nobody asks the swarm: skep's table keeps no tasks. */
  readonly swarm: SeenSwarm | undefined;
  readonly sources: readonly Source[];
}
