// How the instance is taken back that `skep verify --launch` has started in a group: what came for another reason is nobody's to end.

interface GroupMembers {
  readonly name: string;
  readonly desired: number;
  readonly instances: readonly { readonly instance: string; readonly lifecycle: string }[];
}

export type TakingBack =
  /** By its id: told that it wants one less, Auto Scaling would choose whom to end. `shrinks`: and the group wants one less. */
  | { readonly kind: 'end'; readonly instance: string; readonly shrinks: boolean }
  /** Nobody has come, or the one that came was given up and nothing is in its place yet. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'nothing'; readonly because: string }
  /** It cannot be told which one it is. */
  | { readonly kind: 'leave'; readonly because: string };

/**
 * @param before right before the group was told to want one more
 * @param now undefined where there is no such group any more
 * @param own the instance that was followed, where one was
 */
export function takingBack(before: GroupMembers, now: GroupMembers | undefined, own: string | undefined): TakingBack {
  const { name, desired } = before;
  if (now === undefined) {
    return { kind: 'nothing', because: `${name} is not there any more` };
  }
  const newcomers = newcomersIn(now, before);
  if (own !== undefined && newcomers.includes(own)) {
    // Where somebody has set it back already, one less would be one too few.
    return { kind: 'end', instance: own, shrinks: now.desired > desired };
  }
  if (now.desired <= desired) {
    return { kind: 'nothing', because: `${name} wants ${now.desired} by now` };
  }
  if (now.desired > desired + 1) {
    return {
      kind: 'leave',
      because: `${name} wants ${now.desired} by now, and somebody else has set that: whether one of them is too many is not known`,
    };
  }
  const [only, ...others] = newcomers;
  if (only === undefined) {
    return { kind: 'nobody' };
  }
  return others.length === 0
    ? { kind: 'end', instance: only, shrinks: true }
    : {
        kind: 'leave',
        because: `${name} wants one more than ${desired}, and ${newcomers.join(', ')} came to it: skep remove INSTANCE takes one out`,
      };
}

/** Those that came after it was looked at, and are not on their way out. */
export const newcomersIn = (now: GroupMembers, before: GroupMembers): string[] =>
  now.instances
    .filter(
      ({ instance, lifecycle }) => !before.instances.some((one) => one.instance === instance) && isThere(lifecycle),
    )
    .map(({ instance }) => instance);

const isThere = (lifecycle: string): boolean => !lifecycle.startsWith('Terminat');
