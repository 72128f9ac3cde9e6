// What a scenario may expect of a name in DNS: what resolvers have seen of it, and what the zones have now.
import { asName } from '../aws/services/route53.ts';
import type { Lab } from '../lab.ts';

/** What resolvers and those who ask them have seen of one name. */
export interface ResolvedName {
  wrong: number;
  unknown: number;
  called: number;
  failed: number;
}

export function nameFacts(lab: Lab, name: string, seen: ResolvedName | undefined): Record<string, unknown> {
  return {
    ...seen,
    answers: lab.route53.answered(name).length,
    records: [...lab.route53.zones.values()].flatMap(({ records }) =>
      [...records.values()].filter((one) => one.name === asName(name)),
    ).length,
    throttled: lab.route53.throttled,
  };
}
