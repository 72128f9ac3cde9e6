// What is sent to a browser: first the whole view, then what has changed. A thousand nodes four times a second would be a megabyte each.
import { isDeepStrictEqual } from 'node:util';

import type { Change } from './changes.ts';
import type { InstanceView, PageView } from './view.ts';

/** One moment of the timeline. */
interface Point {
  readonly at: number;
  readonly desired: number;
  readonly inService: number;
  readonly ready: number;
}

/** What a tidy would do, as it was planned last. */
export interface Planned {
  readonly at: number;
  readonly repairs: readonly { readonly kind: string; readonly whom: string; readonly because: string }[];
  readonly reports: readonly { readonly whom: string; readonly because: string }[];
}

/** What is the same for all who look, and is no part of a view. */
export interface Story {
  readonly points: readonly Point[];
  readonly changes: readonly Change[];
  readonly planned: Planned | null;
}

export interface Frame {
  readonly head: Omit<PageView, 'instances'> & Story;
  /** Whether `instances` are all that there are, in their order; else those that have changed. */
  readonly whole: boolean;
  readonly instances: readonly InstanceView[];
  readonly gone: readonly string[];
}

export function frameOf(before: PageView | undefined, after: PageView, story: Story): Frame {
  const { instances, ...rest } = after;
  const head = { ...rest, ...story };
  if (before === undefined) {
    return { head, whole: true, instances, gone: [] };
  }
  const old = new Map(before.instances.map((one) => [one.id, one]));
  const now = new Set(instances.map(({ id }) => id));
  return {
    head,
    whole: false,
    instances: instances.filter((one) => !isDeepStrictEqual(old.get(one.id), one)),
    gone: before.instances.map(({ id }) => id).filter((id) => !now.has(id)),
  };
}

const MOST_POINTS = 240;
const MOST_CHANGES = 100;

export const NO_STORY: Story = { points: [], changes: [], planned: null };

/** The story with one more look in it. A moment that is like the two before it is told by the later one alone. */
export function goOn(story: Story, view: PageView, changes: readonly Change[]): Story {
  const sum = (of: (group: PageView['groups'][number]) => number): number =>
    view.groups.reduce((total, group) => total + of(group), 0);
  const point = {
    at: view.at,
    desired: sum(({ desired }) => desired),
    inService: sum(({ inService }) => inService),
    ready: sum(({ ready }) => ready),
  };
  const [older, last] = story.points.slice(-2);
  const kept = same(older, point) && same(last, point) ? story.points.slice(0, -1) : story.points;
  return {
    ...story,
    points: [...kept, point].slice(-MOST_POINTS),
    changes: [...changes.toReversed(), ...story.changes].slice(0, MOST_CHANGES),
  };
}

const same = (a: Point | undefined, b: Point): boolean =>
  a?.desired === b.desired && a.inService === b.inService && a.ready === b.ready;
