// Launches that AWS refuses, for want of capacity or by a quota: the group tries again, and says what it was told in its scaling activities.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import type { Group } from './group.ts';
import { pageOf } from './pages.ts';

/** Between two tries, ms. AWS publishes no number. */
const TRIES_AGAIN = 60_000;

interface Knob {
  /** A part of the names of the groups that are meant. */
  readonly group: string;
  /** @example You have requested more vCPU capacity than your current vCPU limit of 32 allows */
  readonly message: string;
}

interface Activity extends Knob {
  readonly id: string;
  readonly at: number;
}

interface Sources {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly reconcile: (group: Group) => void;
}

export class LaunchFailures {
  /** A knob, for as long as it stands here. */
  readonly knobs: Knob[] = [];
  readonly #activities: Activity[] = [];
  readonly #waiting = new Set<Group>();
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Whether nothing can be launched now: then it is tried again later. */
  refuses(group: Group): boolean {
    const { clock, newId, reconcile } = this.#sources;
    const knob = this.knobs.find((one) => group.name.includes(one.group));
    if (knob === undefined) {
      return false;
    }
    if (!this.#waiting.has(group)) {
      this.#activities.push({ id: newId(), at: clock.now(), group: group.name, message: knob.message });
      this.#waiting.add(group);
      clock.schedule(TRIES_AGAIN, () => {
        this.#waiting.delete(group);
        reconcile(group);
      });
    }
    return true;
  }

  /** The last one first. */
  describe(input: Record<string, unknown>): unknown {
    const { AutoScalingGroupName: name, MaxRecords: limit, NextToken: token } = asked.parse(input);
    const found = this.#activities.filter(({ group }) => name === undefined || group === name).toReversed();
    const { items, next } = pageOf(found, { limit, token }, 100, 'InvalidNextToken');
    return { Activities: items.map(describeActivity), ...(next === undefined ? {} : { NextToken: next }) };
  }
}

const asked = z.strictObject({
  AutoScalingGroupName: z.string().min(1).max(255).optional(),
  MaxRecords: z.coerce.number().int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
});

const describeActivity = ({ id, at, group, message }: Activity): Record<string, unknown> => ({
  ActivityId: id,
  AutoScalingGroupName: group,
  Description: `Launching a new EC2 instance.  Status Reason: ${message} Launching EC2 instance failed.`,
  Cause: `At ${new Date(at).toISOString()} an instance was launched in response to a difference between desired and actual capacity.`,
  StartTime: new Date(at),
  EndTime: new Date(at),
  StatusCode: 'Failed',
  StatusMessage: `${message} Launching EC2 instance failed.`,
  Progress: 100,
});
