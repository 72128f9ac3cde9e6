// What is done about what an event means: one pure function.
import type { WarningPolicy } from '../lifecycle/warning-policy.ts';
import { WARNING_TAGS } from '../lifecycle/warning-policy.ts';
import type { NodeItem } from '../model.ts';
import type { Meaning } from './event.ts';

/** What the table knows of the instance. */
type WarnedNode = Pick<NodeItem, 'instance' | 'group' | 'role' | 'phase' | 'leaseUntil'>;

/** What of its group counts where EC2 only recommends something. */
export interface WarnedGroup {
  readonly policy: WarningPolicy;
  /** Its property CapacityRebalance: Auto Scaling launches another instance first, and then ends this one by its terminate hook. */
  readonly capacityRebalance: boolean;
}

type WarningResponse =
  | { readonly do: 'nothing'; readonly because: string }
  /** It is leaving already: the execution that works on it is told how long it lives. */
  | { readonly do: 'tell'; readonly diesAt: number }
  /** It leaves now, within the time that it has. */
  | { readonly do: 'evacuate'; readonly diesAt: number }
  /** There is time: a tidy looks at the whole cluster, and decides who is replaced and when. */
  | { readonly do: 'tidy'; readonly because: string };

/**
 * @param now epoch seconds
 * @param group undefined where nobody has asked, or where there is no such group
 */
export function responseTo(meaning: Meaning, node: WarnedNode, now: number, group?: WarnedGroup): WarningResponse {
  if (meaning.kind === 'hook') {
    return { do: 'nothing', because: 'a state machine is the target of its rule' };
  }
  if (node.phase === 'gone') {
    return { do: 'nothing', because: 'it is out of the swarm already' };
  }
  if (meaning.kind === 'interruption') {
    return aboutInterruption(meaning, node, now);
  }
  if (node.phase === 'leaving') {
    return { do: 'nothing', because: 'it leaves already' };
  }
  return meaning.kind === 'announced'
    ? { do: 'tidy', because: `AWS has announced ${meaning.code}` }
    : aboutRecommended(group);
}

function aboutInterruption(
  { at: diesAt }: Extract<Meaning, { readonly kind: 'interruption' }>,
  { phase, role, leaseUntil }: WarnedNode,
  now: number,
): WarningResponse {
  if (now >= diesAt) {
    return { do: 'nothing', because: 'AWS has taken it by now: its terminate hook and the tidy see to the rest' };
  }
  if (role === 'manager') {
    // To take it out of the raft is the quorum rule's to decide, once its terminate hook waits or it is gone.
    return { do: 'tell', diesAt };
  }
  return phase === 'leaving' && now < leaseUntil ? { do: 'tell', diesAt } : { do: 'evacuate', diesAt };
}

function aboutRecommended(group: WarnedGroup | undefined): WarningResponse {
  if (group?.capacityRebalance === true) {
    return { do: 'nothing', because: 'its group has CapacityRebalance, and replaces it by itself' };
  }
  return group?.policy.recommended === 'drain'
    ? { do: 'tidy', because: 'EC2 recommends to rebalance' }
    : { do: 'nothing', because: `its group does not ask for more (${WARNING_TAGS.recommended})` };
}
