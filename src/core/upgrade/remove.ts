// Whether one instance may be taken out by a person, and how far it has come.
import { whyNotDemote } from '../managers/quorum.ts';
import type { Hold } from '../model.ts';
import type { NodeRole } from '../names.ts';

export interface RemovalFacts {
  readonly instance: string;
  readonly lifecycle: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly desired: number;
  readonly least: number;
  readonly hold: Hold | undefined;
  /** Managers on record, and whether EC2 says that they run. */
  readonly managers: readonly { readonly instance: string; readonly runs: boolean }[];
}

/** @param shrinks its group is to want one less, so that nothing takes its place */
export function whyNotRemove(facts: RemovalFacts, shrinks: boolean): string | undefined {
  const { instance, lifecycle, group, desired, least, hold, role } = facts;
  if (hold !== undefined) {
    return `the cluster is held (${hold.because || 'no reason was given'}): nothing leaves before skep unhold`;
  }
  // One that was retained goes by this very call.
  if (lifecycle.startsWith('Terminat') && !lifecycle.endsWith(':Retained')) {
    return `${instance} is on its way out already (${lifecycle}): skep why ${instance} tells how far it is`;
  }
  if (shrinks && desired <= least) {
    return `${group} wants ${desired}, and ${least} is the least that it may want: lower that, or say --replace`;
  }
  return role === 'manager' ? whyNotManager(facts, shrinks) : undefined;
}

/** With a replacement it waits for that one in its hook; without, it may go only if the others do without it. */
function whyNotManager({ instance, group, managers }: RemovalFacts, shrinks: boolean): string | undefined {
  if (!managers.some((one) => one.instance === instance)) {
    return undefined;
  }
  if (shrinks && managers.length === 1) {
    return `${instance} is the last manager, and its swarm goes with it: skep erase ends a swarm. To replace it say --replace`;
  }
  const replacement = { nodeId: 'its replacement', reachable: true, demoting: false };
  const members = managers.map((one) => ({ nodeId: one.instance, reachable: one.runs, demoting: false }));
  const because = whyNotDemote(shrinks ? members : [...members, replacement], instance, 0);
  return because === undefined
    ? undefined
    : `the swarm would lose its quorum: ${because} (as EC2 says of the managers of ${group} and the others on record)`;
}

/** How far it has come, in one line. @param lifecycle undefined where it is in no group any more */
export function removalText(instance: string, lifecycle: string | undefined, phase: string | undefined): string {
  if (lifecycle === undefined) {
    return `${instance} is gone`;
  }
  if (lifecycle.endsWith(':Retained')) {
    return `${instance} could not go before its deadline, and is kept: skep why ${instance}`;
  }
  return `${instance}: ${lifecycle}${phase === undefined ? '' : `, ${phase}`}`;
}

export type RemovalOutcome = 'goes-on' | 'gone' | 'kept';

/** @param begun it was retained before: then that alone says nothing yet */
export function removalOutcome(lifecycle: string | undefined, begun: boolean): RemovalOutcome {
  if (lifecycle === undefined) {
    return 'gone';
  }
  return lifecycle.endsWith(':Retained') && begun ? 'kept' : 'goes-on';
}
