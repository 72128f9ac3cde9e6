// Whether a manager that leaves is the last one, and may take its swarm with it.
import { groupsOfStage } from '../aws/auto-scaling.ts';
import { whyNotErase } from '../core/managers/erasure.ts';
import { terminateHook } from '../core/names.ts';
import type { StepPorts } from './ports.ts';

/** Where it may, that is noted before anything else: from then on a person's permission to erase has no end. */
export async function goesLast(
  { erasures, autoScaling, stage, now }: Pick<StepPorts, 'erasures' | 'autoScaling' | 'stage' | 'now'>,
  { cluster, instance }: { readonly cluster: string; readonly instance: string },
): Promise<boolean> {
  const { swarmId, erase: erasure } = (await erasures.read(cluster)) ?? {};
  // Nearly always nobody has permitted anything, and this costs one read.
  if (erasure === undefined || swarmId === undefined) {
    return false;
  }
  const groups = await groupsOfStage(autoScaling, cluster, terminateHook(stage));
  const instances = groups.flatMap((group) => group.instances.map((one) => one.instance));
  const managers = groups.filter(({ role }) => role === 'manager');
  const because = whyNotErase({
    erasure,
    swarmId,
    instance,
    target: managers.reduce((sum, { desired }) => sum + desired, 0),
    others: instances.filter((one) => one !== instance),
    now: now(),
  });
  return because === undefined && (await erasures.begin(cluster, swarmId, instance));
}
