// Whether skep's mark on a service may be taken back now, so that no task that runs is lost by it.
import { totalsOf } from '../rebalance/facts.ts';
import { isIdle } from './facts.ts';
import type { Mark, ServiceFacts } from './facts.ts';

/**
 * SwarmKit takes one replica less from the node with the most tasks of the service, whether the extra task runs or not. If the extra task does
 * not run (its image cannot be pulled, say), a task that runs may go in its place. So the mark may be taken back if as many tasks as before
 * would still run, or if SwarmKit takes the one that does not run: a task without a node first, then one on the fullest node.
 */
export function mayTakeBack(service: ServiceFacts, mark: Mark): boolean {
  if (service.previousMark !== '' && !isIdle(service)) {
    // Its owner's own update is under way.
    return false;
  }
  if (mark.kind === 'exclude' || service.replicas !== mark.replicas + 1) {
    // Somebody else has set the number since: only the mark goes.
    return true;
  }
  const { running, all } = totalsOf(service);
  return running > mark.replicas || all <= mark.replicas || takesOneThatDoesNotRun(service);
}

function takesOneThatDoesNotRun({ tasks, unassigned }: ServiceFacts): boolean {
  const counts = [...tasks.values()].map(({ running, others }) => ({ all: running + others, others }));
  const most = Math.max(0, ...counts.map(({ all }) => all));
  // Of nodes that are equally full SwarmKit takes any.
  return unassigned > 0 || counts.filter(({ all }) => all === most).every(({ others }) => others > 0);
}
