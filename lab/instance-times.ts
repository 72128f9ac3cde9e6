// When instances came and went: from the launch until they are in service, from the termination until they are gone.
import type { Group, Member } from './aws/services/group.ts';

/** One launch or one termination. Milliseconds on the lab's clock. */
export interface Move {
  readonly instance: string;
  readonly group: string;
  readonly from: number;
  /** When its lifecycle hook began to wait. */
  hookAt: number | undefined;
  readonly to: number;
  /** What it came to: `InService`, `Terminated`, `Terminating:Retained`. */
  readonly lifecycle: string;
}

type OpenMove = Pick<Move, 'instance' | 'group' | 'from' | 'hookAt'>;

const ENDS: ReadonlySet<string> = new Set(['InService', 'Terminated', 'Terminating:Retained']);

export class InstanceTimes {
  readonly #open = new Map<string, OpenMove>();
  readonly #ended: Move[] = [];

  note({ name: group }: Pick<Group, 'name'>, member: Pick<Member, 'instanceId' | 'lifecycle'>, now: number): void {
    const { instanceId: instance, lifecycle } = member;
    // A warm pool is neither in service nor gone: what begins or ends there is no move of the group.
    if (lifecycle.startsWith('Warmed:')) {
      this.#open.delete(instance);
      return;
    }
    // A termination may overtake a launch: that one came to nothing.
    const begins = lifecycle === 'Pending' || lifecycle === 'Terminating:Wait';
    const known = begins ? undefined : this.#open.get(instance);
    const move = known ?? { instance, group, from: now, hookAt: undefined };
    if (lifecycle.endsWith(':Wait')) {
      move.hookAt = now;
    }
    if (ENDS.has(lifecycle)) {
      this.#open.delete(instance);
      this.#ended.push({ ...move, to: now, lifecycle });
    } else {
      this.#open.set(instance, move);
    }
  }

  /** Whose hook was open for the longest time; it counts from there, not from the launch. */
  slowest(kind: 'launch' | 'termination'): Move | undefined {
    const of = this.#ended.filter(({ lifecycle }) => (lifecycle === 'InService') === (kind === 'launch'));
    const slowest = of.reduce<Move | undefined>(
      (most, one) => (most === undefined || isSlower(one, most) ? one : most),
      undefined,
    );
    return slowest && { ...slowest, from: slowest.hookAt ?? slowest.from };
  }

  /** Of those that began at `since` or later, the one that ended last; of several the one that took longest. */
  last(since: number): Move | undefined {
    const of = this.#ended.filter(({ from }) => from >= since);
    return of.reduce<Move | undefined>(
      (last, one) => (last === undefined || isLater(one, last) ? one : last),
      undefined,
    );
  }
}

function isSlower(one: Move, other: Move): boolean {
  return one.to - (one.hookAt ?? one.to) > other.to - (other.hookAt ?? other.to);
}

function isLater(one: Move, other: Move): boolean {
  return one.to > other.to || (one.to === other.to && one.from < other.from);
}
