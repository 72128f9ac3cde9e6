// What is done about what an event means: one pure function.
import type { NodeItem } from '../model.ts';
import type { Meaning } from './event.ts';

/** What is known of the instance: of nobody's there is nothing. */
type WarnedNode = Pick<NodeItem, 'instance' | 'group' | 'role' | 'phase' | 'leaseUntil'>;

type WarningResponse =
  | { readonly do: 'nothing'; readonly because: string }
  /** It is leaving already: whoever is at work on it is told how long it lives. */
  | { readonly do: 'tell'; readonly diesAt: number }
  /** It leaves now, within the time that it has. */
  | { readonly do: 'evacuate'; readonly diesAt: number };

/** @param now epoch seconds */
export function responseTo(meaning: Meaning, { phase, role, leaseUntil }: WarnedNode, now: number): WarningResponse {
  if (meaning.kind === 'hook') {
    return { do: 'nothing', because: 'a state machine is the target of its rule' };
  }
  if (phase === 'gone') {
    return { do: 'nothing', because: 'it is out of the swarm already' };
  }
  const { at: diesAt } = meaning;
  if (now >= diesAt) {
    return { do: 'nothing', because: 'AWS has taken it by now: its terminate hook and the tidy see to the rest' };
  }
  if (role === 'manager') {
    // To take it out of the raft is the quorum rule's to decide, once its terminate hook waits or it is gone.
    return { do: 'tell', diesAt };
  }
  return phase === 'leaving' && now < leaseUntil ? { do: 'tell', diesAt } : { do: 'evacuate', diesAt };
}
