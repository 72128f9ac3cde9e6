// Whether the one instance that may found a cluster is gone, so that another one may.

/** DescribeInstances is eventually consistent: AWS documents no time, and a few seconds were seen. Seconds. */
const SHOWN_BY_EC2 = 600;

/** In place of a state: EC2 has said that there is no such instance. */
const NOT_FOUND = 'not-found';

/**
 * Undefined where EC2 was not asked, or of another instance: somebody else may have become the founder meanwhile.
 *
 * @param now epoch seconds, as `since`
 */
export function isFounderGone(
  founder: { readonly instance: string; readonly since: number },
  view: { readonly instance: string; readonly states: readonly string[] } | undefined,
  now: number,
): boolean | undefined {
  if (view?.instance !== founder.instance) {
    return undefined;
  }
  const { states } = view;
  // An answer without it says nothing: EC2 was asked by id, where it says that there is none by an error.
  if (states.length === 0) {
    return false;
  }
  // EC2 shows what is terminated for about an hour; what it does not find may also be too young to be shown.
  return states.every((state) => state === 'terminated' || (state === NOT_FOUND && now - founder.since > SHOWN_BY_EC2));
}
