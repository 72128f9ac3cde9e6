// What a group wants to be done where AWS warns of its instances, by its tags. A value that is none of these counts as if the tag were
// not there, and the tidy reports it: a typing error must not take instances out.

export interface WarningPolicy {
  /** Of the group's instances, so many may be on their way out at once by skep's doing: more than 0, at most 1. */
  readonly share: number;
  /** So long before the date that AWS has announced an instance is replaced, seconds: Infinity for at once, undefined for never. */
  readonly ahead: number | undefined;
  /** One whose status checks fail is replaced; else it is told. */
  readonly impaired: boolean;
  /** Where EC2 recommends a rebalance: nothing, or the group replaces the instance, which drains its node. */
  readonly recommended: (typeof RECOMMENDED)[number];
}

export const WARNING_TAGS = {
  share: 'skep:replace-share',
  ahead: 'skep:replace-announced',
  impaired: 'skep:replace-impaired',
  recommended: 'skep:rebalance-recommendation',
} as const;

const RECOMMENDED = ['ignore', 'drain'] as const;

export const USUAL_POLICY: WarningPolicy = { share: 0.2, ahead: Infinity, impaired: false, recommended: 'ignore' };

/** Longer before no instance is announced. */
const MOST_HOURS = 720;

interface ReadPolicy {
  readonly policy: WarningPolicy;
  /** Tags that say nothing that can be done, in words. */
  readonly problems: readonly string[];
}

/** @param tag the value of a tag of the group, by its key */
export function warningPolicyOf(tag: (key: string) => string | undefined): ReadPolicy {
  const problems: string[] = [];
  const read = <Value>(
    key: string,
    parse: (text: string) => { readonly is: Value } | undefined,
    usual: Value,
    wanted: string,
  ): Value => {
    const text = tag(key);
    const parsed = text === undefined ? { is: usual } : parse(text);
    if (parsed === undefined) {
      problems.push(`${key} is not ${wanted}: it counts as if it were not there`);
    }
    return (parsed ?? { is: usual }).is;
  };
  const policy = {
    share: read(WARNING_TAGS.share, shareOf, USUAL_POLICY.share, 'a whole number of percent from 1 to 100'),
    ahead: read(
      WARNING_TAGS.ahead,
      aheadOf,
      USUAL_POLICY.ahead,
      `now, never, or a number of hours like 24h, ${MOST_HOURS} at most`,
    ),
    impaired: read(
      WARNING_TAGS.impaired,
      (text) => wordOf([true, false], text),
      USUAL_POLICY.impaired,
      'true or false',
    ),
    recommended: read(
      WARNING_TAGS.recommended,
      (text) => wordOf(RECOMMENDED, text),
      USUAL_POLICY.recommended,
      RECOMMENDED.join(' or '),
    ),
  };
  return { policy, problems };
}

function shareOf(text: string): { readonly is: number } | undefined {
  const percent = /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : Infinity;
  return percent <= 100 ? { is: percent / 100 } : undefined;
}

function aheadOf(text: string): { readonly is: number | undefined } | undefined {
  if (text === 'now' || text === 'never') {
    return { is: text === 'now' ? Infinity : undefined };
  }
  const hours = /^[1-9][0-9]{0,2}h$/.test(text) ? Number(text.slice(0, -1)) : Infinity;
  return hours <= MOST_HOURS ? { is: hours * 3600 } : undefined;
}

/** The one of these values that the tag spells. */
const wordOf = <Value extends string | boolean>(
  values: readonly Value[],
  text: string,
): { readonly is: Value } | undefined => values.map((is) => ({ is })).find(({ is }) => String(is) === text);
