// Whether a cluster may be released: its swarm and its groups stay as they are, and skep knows nothing of them any more.
import type { FoundGroup } from './facts.ts';

/** Why the cluster is held while it is released. */
export const RELEASING = 'skep release is at work: run it again if it was stopped';

/** What an instance may be when its hooks go: anything else waits in one of them, or is retained for one. */
const AT_REST: readonly string[] = ['InService', 'Standby', 'Terminated'];

/** To delete a hook ends what waits in it: a launch is abandoned, a termination goes on undrained. */
export function whyNotRelease(
  groups: readonly { readonly name: string; readonly found: Pick<FoundGroup, 'instances'> }[],
): string | undefined {
  const waiting = groups.flatMap(({ name, found }) =>
    found.instances
      .filter(({ lifecycle }) => !AT_REST.includes(lifecycle))
      .map(({ instance, lifecycle }) => `${instance} of ${name} is ${lifecycle}`),
  );
  return waiting.length === 0 ? undefined : `not everything is at rest: ${waiting.join(', ')}`;
}
