// How large a group may be: what its file says against what Auto Scaling has, which anybody may have changed since.

export interface Sizes {
  readonly min: number;
  readonly max: number;
  readonly desired: number;
}

type Bounds = Pick<Sizes, 'min' | 'max'>;

/** How many nodes go where a group gets these bounds. */
export const surplus = ({ max }: Bounds, { desired }: Sizes): number => Math.max(0, desired - max);

/** @returns in words, what is to be corrected; undefined where the group has these bounds */
export function sizesWords(wanted: Bounds, now: Sizes): string | undefined {
  const words = ({ min, max }: Bounds): string => (min === max ? `${min}` : `${min} to ${max}`);
  return wanted.min === now.min && wanted.max === now.max
    ? undefined
    : `its size is ${words(now)}, by somebody's hand or by a \`down\` that was ended: it becomes ${words(wanted)}`;
}
