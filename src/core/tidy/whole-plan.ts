// The plan that a tidy ends with: the repairs, or under a hold what they would be; whether there is a swarm; and the names in DNS.
import type { TidyFacts, TidyPlan } from './facts.ts';
import { planTidy, underHold } from './repairs.ts';

interface Circumstances {
  /** What the hold says, if there is one. */
  readonly held: string | undefined;
  /** False for a cluster without a swarm. */
  readonly founded: boolean;
  /** A group of the cluster has names in DNS. */
  readonly hasNames: boolean;
}

const NAMES = { kind: 'names', because: 'names in DNS are compared with the Ready nodes' } as const;

export function wholePlan(facts: TidyFacts, { held, founded, hasNames }: Circumstances): TidyPlan {
  const wanted = planTidy(facts);
  const plan = held === undefined ? wanted : underHold(wanted, facts.groups, held);
  // Of a swarm that is not there yet nothing is missing.
  const told = founded || plan.seen === null ? plan : { ...plan, seen: { ...plan.seen, founded } };
  return held === undefined && hasNames ? { ...told, names: [NAMES] } : told;
}
