// What scale-in is started with where AWS has said that it takes an instance: the shape of a lifecycle event, without a hook that waits.
import * as z from 'zod';

import { TERMINATING } from '../events/lifecycle-action.ts';
import { instanceId, nodeIdText, terminateHook } from '../names.ts';
import type { NodeRole } from '../names.ts';

/** No service of AWS has this source. An event with it is believed only if the table has a warning of the instance too. */
export const WARNING_SOURCE = 'skep.warning';

/** Until then an execution tries to forget the node of an instance that has gone meanwhile, seconds. A hook's own margin comes off. */
const PATIENCE = 600;
/** No hook is kept alive: none of its looks is due within that. */
const HOOK_TIMEOUT = 1800;
/** In text they are 45 characters each, and SSM takes a command of 64 KiB. */
const TOGETHER = 300;

interface Evacuation {
  readonly stage: string;
  readonly cluster: string;
  readonly node: { readonly instance: string; readonly group: string; readonly role: NodeRole };
  /** Those that AWS takes in the same minutes, as `node@instance`. */
  readonly together: readonly string[];
  /** Epoch seconds. */
  readonly now: number;
}

export const evacuationOf = ({ stage, cluster, node, together, now }: Evacuation): Record<string, unknown> => ({
  version: '0',
  source: WARNING_SOURCE,
  'detail-type': 'EC2 Instance-terminate Lifecycle Action',
  time: new Date(now * 1000).toISOString(),
  detail: {
    AutoScalingGroupName: node.group,
    LifecycleHookName: terminateHook(stage),
    EC2InstanceId: node.instance,
    LifecycleTransition: TERMINATING,
    NotificationMetadata: JSON.stringify({ cluster, role: node.role, timeout: HOOK_TIMEOUT, patience: PATIENCE }),
  },
  together: together.slice(0, TOGETHER),
});

/** The same for an event that comes twice. */
export const evacuationName = (instance: string, diesAt: number): string => `warned-${instance}-${diesAt}`;

const leaver = z.string().refine((text) => {
  const [node, instance, ...rest] = text.split('@');
  return rest.length === 0 && nodeIdText.safeParse(node).success && instanceId.safeParse(instance).success;
}, 'not a node and its instance');
/** If this is no list of nodes it counts as empty: it helps to pause the others first, but the drain is what counts. */
export const togetherOf = z.array(leaver).max(TOGETHER).optional().catch(undefined);
