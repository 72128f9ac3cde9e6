// Whether the one instance that may found a cluster is gone, so that another one may.

/** DescribeInstances is eventually consistent. Seconds; documented are none, seen are a few. */
const SHOWN_BY_EC2 = 600;

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
  // EC2 shows what is terminated for about an hour; what it does not show at all may also be too young to be shown.
  return states.length === 0 ? now - founder.since > SHOWN_BY_EC2 : states.every((state) => state === 'terminated');
}
