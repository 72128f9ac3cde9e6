// Keeps the lifecycle hook of a waiting step alive.
import { beat } from '../aws/auto-scaling.ts';
import { heartbeatDue } from '../core/lifecycle/deadline.ts';
import type { RendezvousItem } from '../core/steps/rendezvous.ts';
import type { Step } from '../core/steps/step.ts';
import type { StepPorts } from './ports.ts';
import { ofNode } from './step.ts';

export async function keepHookAlive(ports: StepPorts, step: Step, item: RendezvousItem): Promise<void> {
  const { plan } = step;
  const now = ports.now();
  if (plan.hook === undefined || !heartbeatDue(item.beatAt ?? plan.hook.time, plan.hook.timeout, now)) {
    return;
  }
  await beat(ports.autoScaling, plan);
  await ports.table.park(ofNode(step), { beatAt: now });
}
