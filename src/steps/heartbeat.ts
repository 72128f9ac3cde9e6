// Keeps the lifecycle hook of a waiting step alive.
import { beat } from '../aws/auto-scaling.ts';
import { heartbeatDue } from '../core/lifecycle/deadline.ts';
import type { RendezvousItem } from '../core/steps/rendezvous.ts';
import { ofNode } from './step.ts';
import type { StepPorts } from './ports.ts';
import type { StepRequest } from './step.ts';

/**
 * The rounds of a hand-over are short. None of them comes to a second look, which keeps the hook alive elsewhere.
 *
 * @returns the services that the hand-over has begun with
 */
export async function beatBetween(ports: StepPorts, request: StepRequest): Promise<Partial<StepRequest>> {
  const item = await ports.table.park(ofNode(request), { lookedAt: ports.now() });
  if (item === undefined) {
    return {};
  }
  await keepHookAlive(ports, request, item);
  return { tried: item.handedOver ?? [], unplaced: item.unplaced ?? [] };
}

export async function keepHookAlive(ports: StepPorts, request: StepRequest, item: RendezvousItem): Promise<void> {
  const { plan } = request;
  const now = ports.now();
  if (plan.hook === undefined || !heartbeatDue(item.beatAt ?? plan.hook.time, plan.hook.timeout, now)) {
    return;
  }
  await beat(ports.autoScaling, plan);
  await ports.table.park(ofNode(request), { beatAt: now });
}
