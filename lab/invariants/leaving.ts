// A node is removed, or a manager demoted: whether that may be, at this very moment.
import { memberOf } from '../aws/services/warm-pool.ts';
import type { Lab } from '../lab.ts';
import type { NodeLeaving, NodeTruth, SwarmTruth } from '../nodes/machines.ts';
import type { Violation } from './rules.ts';

type Problem = Pick<Violation, 'rule' | 'what'>;

/** @param wanted how many managers the groups want */
export function problemsOfLeaving(lab: Lab, { what, nodeId, swarm }: NodeLeaving, wanted: number): Problem[] {
  const node = swarm.nodes.find((one) => one.nodeId === nodeId);
  if (node === undefined) {
    return [];
  }
  return what === 'demoted' ? demoted(node, swarm, wanted) : removed(lab, node);
}

/** One that nobody can reach is missed by nobody. */
function demoted({ nodeId, isReachable }: NodeTruth, { nodes }: SwarmTruth, wanted: number): Problem[] {
  const left = nodes.filter((one) => one.isMember && one.nodeId !== nodeId);
  const reachable = left.filter((one) => one.isReachable).length;
  if (reachable < Math.floor(left.length / 2) + 1) {
    return [{ rule: 'quorum-kept', what: `${nodeId} is demoted, and leaves ${reachable} of ${left.length} reachable` }];
  }
  return isReachable && left.length < wanted
    ? [{ rule: 'quorum-kept', what: `${nodeId} is demoted, and leaves ${left.length} of ${wanted} that are wanted` }]
    : [];
}

/** Its hook has waited for an hour, and its group calls it unhealthy: then skep writes its node off (docs/failure-modes.md). Milliseconds. */
const WRITTEN_OFF_AFTER = 3_600_000;

function isWrittenOff({ autoScaling, clock }: Lab, instance: string): boolean {
  const group = autoScaling.groupOf(instance);
  const isUnhealthy = (group && memberOf(group, instance))?.healthy === false;
  const waits = [...autoScaling.actions.values()].some(
    ({ instanceId, since }) => instanceId === instance && clock.now() - since >= WRITTEN_OFF_AFTER,
  );
  return isUnhealthy && waits;
}

function removed(lab: Lab, { nodeId, machines, tasksAtWork }: NodeTruth): Problem[] {
  const [instance] = machines.filter((id) => lab.ec2.isRunning(id));
  if (instance === undefined) {
    return [];
  }
  const group = lab.autoScaling.groupOf(instance);
  const lifecycle = (group && memberOf(group, instance))?.lifecycle ?? 'in no group';
  const staysThere = (lifecycle === 'InService' || lifecycle === 'Standby') && !lab.ec2.warned.has(instance);
  if (staysThere) {
    return [
      { rule: 'none-forgotten-alive', what: `${nodeId} is removed, and ${instance} is ${lifecycle} and is that node` },
    ];
  }
  return tasksAtWork > 0 && !isWrittenOff(lab, instance)
    ? [
        {
          rule: 'drained-before-forgotten',
          what: `${nodeId} is removed with ${tasksAtWork} task(s) at work on ${instance}`,
        },
      ]
    : [];
}
