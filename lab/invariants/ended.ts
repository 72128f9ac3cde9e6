// An instance is ended through its hook: whether tasks are at work on it.
import { ledSwarms } from './led-swarms.ts';
import type { Group, Member } from '../aws/services/group.ts';
import type { Lab } from '../lab.ts';

/** One that left tasks behind: whether that was reported is seen when its execution has ended. */
export interface Ended {
  readonly instance: string;
  readonly what: string;
}

/** @param before what it was until now: what was retained, or had no hook to wait in, is somebody else's doing */
export function leftUndrained(lab: Lab, group: Group, { instanceId }: Member, before: string | undefined): Ended[] {
  if (before?.endsWith(':Wait') !== true || !lab.ec2.isRunning(instanceId)) {
    return [];
  }
  const nodes = ledSwarms(lab).flatMap((swarm) => swarm.nodes);
  return nodes
    .filter(({ machines, tasksAtWork }) => tasksAtWork > 0 && machines.includes(instanceId))
    .map(({ nodeId, tasksAtWork }) => ({
      instance: instanceId,
      what: `${instanceId} of ${group.name} is ended from ${before} with ${tasksAtWork} task(s) at work on ${nodeId}`,
    }));
}
