// The managers of a swarm, asked again and again while a scenario runs: how many of them there are, and how many are reachable, as
// each of them says.
import { isDeepStrictEqual } from 'node:util';

import type { Clock } from '../time/clock.ts';
import type { NodeView } from '../nodes/machines.ts';

const EVERY = 250;
/** A manager without a leader takes up to twenty seconds to say so: whoever has not answered by then counts as one. */
const PATIENCE_SECONDS = 1;

/** What one manager said, until it said something else: null where it had no leader to ask, or did not answer. */
export interface ManagerRun {
  /** Seconds since the lab began. */
  readonly at: number;
  readonly reachable: number | null;
  readonly members: number | null;
}

/** Since the last `measure`. Null where no manager has answered. */
export interface ManagerCounts {
  readonly leastReachable: number | null;
  readonly leastMembers: number | null;
  readonly mostMembers: number | null;
  /** How many reachable managers there were at least beyond the quorum. */
  readonly leastSpare: number | null;
  /** The longest time in which no manager had a leader, seconds. */
  readonly longestWithoutLeader: number;
}

export interface ManagersResult extends ManagerCounts {
  readonly every: number;
  readonly runs: Readonly<Record<string, readonly ManagerRun[]>>;
}

interface Answer {
  readonly reachable: number;
  readonly members: number;
}

export interface Watched {
  readonly clock: Clock;
  /** The instances that are to be asked now. */
  readonly managers: () => readonly string[];
  readonly nodes: (instanceId: string, seconds: number) => Promise<readonly NodeView[]>;
}

export class ManagerWatch {
  readonly #watched: Watched;
  readonly #runs = new Map<string, ManagerRun[]>();
  readonly #asked = new Set<string>();
  #least: { reachable: number; members: number; most: number; spare: number } | undefined;
  #longest = 0;
  #ledAt: number | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  start(): void {
    this.#watched.clock.schedule(EVERY, () => {
      this.#look();
      this.start();
    });
  }

  /** From here on counts begin anew; the runs go on. */
  measure(): void {
    this.#least = undefined;
    this.#longest = 0;
    this.#ledAt = this.#ledAt === undefined ? undefined : this.#watched.clock.now();
  }

  get counts(): ManagerCounts {
    const { reachable = null, members = null, most = null, spare = null } = this.#least ?? {};
    return {
      leastReachable: reachable,
      leastMembers: members,
      mostMembers: most,
      leastSpare: spare,
      longestWithoutLeader: Math.max(this.#longest, this.#withoutLeader()) / 1000,
    };
  }

  get result(): ManagersResult {
    return { every: EVERY, ...this.counts, runs: Object.fromEntries(this.#runs) };
  }

  #look(): void {
    const managers = this.#watched.managers();
    for (const [instance, runs] of this.#runs) {
      if (!managers.includes(instance) && runs.at(-1)?.members !== null) {
        this.#note(instance, this.#watched.clock.now(), undefined);
      }
    }
    for (const instance of managers) {
      // One question at a time: a manager without a leader would else be asked by a growing crowd.
      if (!this.#asked.has(instance)) {
        void this.#ask(instance);
      }
    }
  }

  async #ask(instance: string): Promise<void> {
    const { clock, nodes } = this.#watched;
    const askedAt = clock.now();
    this.#asked.add(instance);
    try {
      const answer = answerOf(await nodes(instance, PATIENCE_SECONDS));
      this.#note(instance, clock.now(), answer);
      this.#count(answer);
    } catch {
      this.#note(instance, askedAt, undefined);
    } finally {
      this.#asked.delete(instance);
    }
  }

  #note(instance: string, at: number, answer: Answer | undefined): void {
    const { clock } = this.#watched;
    const { reachable = null, members = null } = answer ?? {};
    const runs = this.#runs.get(instance) ?? [];
    const last = runs.at(-1);
    // Before its first answer it is no manager yet.
    const isNews =
      last === undefined
        ? answer !== undefined
        : !isDeepStrictEqual([last.reachable, last.members], [reachable, members]);
    if (isNews) {
      runs.push({ at: (at - clock.start) / 1000, reachable, members });
      this.#runs.set(instance, runs);
    }
  }

  #count({ reachable, members }: Answer): void {
    const spare = reachable - (Math.floor(members / 2) + 1);
    const before = this.#least ?? { reachable, members, most: members, spare };
    this.#least = {
      reachable: Math.min(before.reachable, reachable),
      members: Math.min(before.members, members),
      most: Math.max(before.most, members),
      spare: Math.min(before.spare, spare),
    };
    this.#longest = Math.max(this.#longest, this.#withoutLeader());
    this.#ledAt = this.#watched.clock.now();
  }

  /** Until now; not before there was a leader for the first time. */
  #withoutLeader(): number {
    const { clock } = this.#watched;
    const since = clock.now() - (this.#ledAt ?? clock.now());
    return since <= 2 * EVERY ? 0 : since;
  }
}

/** Members are those of raft, not those whose role is manager. Where none leads the answer is as good as none. */
function answerOf(nodes: readonly NodeView[]): Answer {
  const members = nodes.filter(({ reachability }) => reachability !== undefined);
  if (!members.some(({ reachability }) => reachability === 'leader')) {
    throw new Error('no leader');
  }
  return {
    reachable: members.filter(({ reachability }) => reachability !== 'unreachable').length,
    members: members.length,
  };
}
