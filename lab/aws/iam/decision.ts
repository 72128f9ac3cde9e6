// What IAM decides: an explicit Deny first, then whoever allows; otherwise no.
import type { Ask, Asker, Policy, Statement } from './policy.ts';

/** Policies that belong to a resource, and whether the account's own roles need nothing else than their own policies. */
export interface ResourcePolicy {
  readonly policy: Policy;
  /** KMS: what the key's policy does not say, no role's policy can. */
  readonly alone: boolean;
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly kind: 'identity' | 'resource'; readonly explicit: boolean };

export function decide(ask: Ask, asker: Asker, identity: Policy, resource?: ResourcePolicy): Decision {
  const own = identity.filter((statement) => statement.covers(ask));
  const its = (resource?.policy ?? []).filter(({ covers, means }) => covers(ask) && means(asker) !== undefined);
  const denied = (['identity', 'resource'] as const).find((kind) => (kind === 'identity' ? own : its).some(denies));
  if (denied !== undefined) {
    return { allowed: false, kind: denied, explicit: true };
  }
  if (its.some(({ means }) => means(asker) === 'directly')) {
    return { allowed: true };
  }
  // A service has no policy of its own. A key's policy must let the account's own policies speak.
  if (asker.service !== undefined || (resource?.alone === true && its.length === 0)) {
    return { allowed: false, kind: 'resource', explicit: false };
  }
  return own.length > 0 ? { allowed: true } : { allowed: false, kind: 'identity', explicit: false };
}

/** The statements without any one of which the answer would be no. */
export function decisive(ask: Ask, asker: Asker, identity: Policy, resource?: ResourcePolicy): readonly Statement[] {
  const but = (policy: Policy, left: Statement): Policy => policy.filter((one) => one !== left);
  const candidates = [...identity, ...(resource?.policy ?? [])].filter(({ covers }) => covers(ask));
  return candidates.filter((one) => {
    const theirs = resource === undefined ? undefined : { ...resource, policy: but(resource.policy, one) };
    return !decide(ask, asker, but(identity, one), theirs).allowed;
  });
}

const denies = ({ effect }: Statement): boolean => effect === 'Deny';
