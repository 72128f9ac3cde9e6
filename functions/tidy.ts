// Called by the tidy machine with what a manager sees: compares it with the groups, EC2 and the table, and plans the repairs.
import { EC2Client } from '@aws-sdk/client-ec2';
import { z } from 'zod';

import { describeHook, groupsOfCluster } from '../src/aws/auto-scaling.ts';
import type { Group } from '../src/aws/auto-scaling.ts';
import { autoScalingClient, tableClient } from '../src/aws/clients.ts';
import { aliveInstances } from '../src/aws/ec2.ts';
import { Table } from '../src/aws/table.ts';
import { readConfig } from '../src/config.ts';
import { clusterName, launchHook, nodeRole, terminateHook } from '../src/core/names.ts';
import { holdText, isForgotten } from '../src/core/hold.ts';
import type { Hold } from '../src/core/hold.ts';
import { knownBy, planRepairs, underHold } from '../src/core/repairs.ts';
import type { GroupInstance, KnownNode, Repair, SwarmNode } from '../src/core/repairs.ts';
import { seenOf } from '../src/core/seen.ts';
import { logger, makeHandler, raise } from '../src/handler.ts';
import { readInspectPages } from '../src/swarm/inspect-page.ts';
import { readManagerReach } from '../src/swarm/manager-reach.ts';

const config = readConfig(process.env);
const table = new Table(tableClient(), config.table);
const autoScaling = autoScalingClient();
const ec2 = new EC2Client({});

const request = z.object({ v: z.literal(1), cluster: clusterName, pages: z.array(z.string()) });

export const handler = makeHandler(request, async ({ cluster, pages }) => {
  const nodes = readInspectPages(pages);
  const [groups, { known, hold }] = await Promise.all([
    groupsOfCluster(autoScaling, cluster),
    table.knownNodes(cluster),
  ]);
  const instances = groups.flatMap(instancesOf);
  const alive = await aliveInstances(ec2, doubtful(nodes, instances, known));
  const now = new Date();
  const seconds = Math.floor(now.getTime() / 1000);
  const wanted = planRepairs({ nodes, instances, known, alive, now: seconds });
  const planned = hold === undefined ? wanted : underHold(wanted, instances, tellHold(cluster, hold, seconds));
  // What is only reported comes last: a hundred nodes that skep never touches must not keep one repair waiting for ever.
  const repairs = planned.toSorted((a, b) => rank(a) - rank(b)).slice(0, REPAIRS);
  for (const repair of repairs) {
    logger.info('repair', { cluster, ...repair });
  }
  const hooks: Hooks = new Map();
  const withEvents = repairs.map(async (repair) =>
    repair.kind === 'join' || repair.kind === 'leave' ? withEvent(cluster, repair, now, hooks) : repair,
  );
  const seen = seenOf({ nodes, managers: readManagerReach(pages), groups, instances, known, now: seconds });
  return { repairs: (await Promise.all(withEvents)).filter((repair) => repair !== undefined), seen };
});

function tellHold(cluster: string, hold: Hold, now: number): string {
  const text = holdText(cluster, hold);
  if (isForgotten(hold, now)) {
    raise('ClusterHeld', text, { cluster });
  }
  return text;
}

/** A state's output has at most 256 KiB, and a repair with its event about 1: the next tidy goes on. */
const REPAIRS = 100;

const rank = ({ kind }: Repair): number => (kind === 'report' ? 1 : 0);

function instancesOf({ name, role, instances }: Group): GroupInstance[] {
  const parsed = nodeRole.safeParse(role);
  return parsed.success
    ? instances.map(({ instance, lifecycle }) => ({ instance, lifecycle, group: name, role: parsed.data }))
    : [];
}

/** Asking EC2 for all of a swarm of 2,000 nodes would be ten calls; only these can need a repair. */
function doubtful(
  nodes: readonly SwarmNode[],
  instances: readonly GroupInstance[],
  known: readonly KnownNode[],
): string[] {
  const present = new Set(nodes.filter(({ status }) => status !== 'down').map(({ instance }) => instance));
  const down = nodes
    .filter(({ status }) => status === 'down')
    .flatMap((node) => node.instance ?? knownBy(node, known)?.instance ?? []);
  const missing = instances.map(({ instance }) => instance).filter((instance) => !present.has(instance));
  return [...new Set([...down, ...missing])];
}

type Hooks = Map<string, ReturnType<typeof describeHook>>;

/**
 * The lifecycle event as Auto Scaling would have sent it, but for the action token, which no call returns. Undefined for a group that
 * has no hook of this stage: another stage in the account may have a cluster of the same name, and its instances are not ours.
 */
async function withEvent(
  cluster: string,
  repair: Repair & { kind: 'join' | 'leave' },
  now: Date,
  known: Hooks,
): Promise<unknown> {
  const { kind, group, role, instance } = repair;
  const hook = kind === 'join' ? launchHook(config.stage) : terminateHook(config.stage);
  // One call per group and hook, not per instance: Auto Scaling throttles.
  const asked = known.get(`${group} ${hook}`) ?? describeHook(autoScaling, group, hook);
  known.set(`${group} ${hook}`, asked);
  const described = await asked;
  if (described === undefined) {
    return undefined;
  }
  const metadata = described.metadata ?? JSON.stringify({ cluster, role });
  return {
    ...repair,
    event: {
      version: '0',
      source: 'skep.tidy',
      'detail-type': `EC2 Instance-${kind === 'join' ? 'launch' : 'terminate'} Lifecycle Action`,
      time: now.toISOString(),
      detail: {
        AutoScalingGroupName: group,
        LifecycleHookName: hook,
        EC2InstanceId: instance,
        LifecycleTransition: `autoscaling:EC2_INSTANCE_${kind === 'join' ? 'LAUNCHING' : 'TERMINATING'}`,
        NotificationMetadata: metadata,
      },
    },
  };
}
