// A tidy, with what a manager sees of the swarm: reads the groups, EC2 and the table, and plans the repairs. Does those that are in the table.
import { isDeepStrictEqual } from 'node:util';

import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';

import { groupsOfCluster } from '../aws/auto-scaling.ts';
import {
  impairedInstances,
  instancesAt,
  instancesNotFound,
  instancesWithAddress,
  scheduledEvents,
  shownInstances,
} from '../aws/ec2.ts';
import { endedExecutions } from '../aws/executions.ts';
import type { Raise } from '../core/alarm-metric.ts';
import { FlowError } from '../core/errors.ts';
import { holdText, isForgotten } from '../core/lifecycle/hold.ts';
import { shortTimeouts } from '../core/lifecycle/hooks.ts';
import type { Hold } from '../core/model.ts';
import { clusterName, nodeRole } from '../core/names.ts';
import type { KnownNode, TidyGroup, TidyPlan } from '../core/tidy/facts.ts';
import { addressesInDoubt } from '../core/tidy/leftovers.ts';
import { doubtful, expectedWorkers } from '../core/tidy/look-up.ts';
import { silentOwners } from '../core/tidy/repair-instances.ts';
import { addressesElsewhere, namedByNodes, perhapsForgotten } from '../core/tidy/repair-nodes.ts';
import { asksForStatus } from '../core/tidy/replace-warned.ts';
import { wholePlan } from '../core/tidy/whole-plan.ts';
import type { Stored, TidyStore } from '../store/tidy-store.ts';
import { inspectPage, readSwarm } from '../swarm/inspect-page.ts';
import type { ReadSwarm } from '../swarm/inspect-page.ts';
import { ownGroups, refusedGroups, withPools } from './groups.ts';

export interface TidyPorts {
  readonly store: TidyStore;
  readonly autoScaling: AutoScalingClient;
  readonly states: SFNClient;
  readonly ec2: EC2Client;
  readonly stage: string;
  /** The ARN of the key that join tokens are published under. */
  readonly tokenKey: string;
  readonly raise: Raise;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  /** Epoch seconds. */
  readonly now: () => number;
}

const planning = z.object({
  v: z.literal(1),
  cluster: clusterName,
  pages: z.array(inspectPage),
  /** Whether the healthy ones were to be told by a digest; executions of older versions do not say. */
  brief: z.boolean().default(true),
  /** False for a cluster without a swarm: there is nothing to see of one. */
  founded: z.boolean().default(true),
  repairHooks: z.boolean().default(false),
});

/** All that there is of it was seen. */
const NO_SWARM: ReadSwarm = {
  nodes: [],
  whole: true,
  tokens: undefined,
  ghosts: undefined,
  left: { marks: [], kept: [] },
};

const nodeItems = z.array(
  z.object({
    instance: z.string(),
    group: z.string(),
    role: nodeRole,
    nodeId: z.string(),
    owner: z.string().exactOptional(),
  }),
);
/** Items of nodes, each with the owner that it must still have when it is written. */
const ownedItems = z.array(z.object({ instance: z.string(), owner: z.string() }));

const repairing = z.object({
  v: z.literal(1),
  cluster: clusterName,
  repair: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('record'), items: nodeItems }),
    z.object({ kind: z.literal('erase'), items: ownedItems }),
    z.object({
      kind: z.literal('label'),
      items: ownedItems,
      labelled: z.string(),
    }),
    z.object({ kind: z.literal('dismiss'), groups: z.array(z.string()) }),
    z.object({ kind: z.literal('unlock'), instance: z.string(), leaseUntil: z.number() }),
  ]),
});

export const tidyRequest = z.union([repairing, planning]);

export async function tidy(ports: TidyPorts, request: z.infer<typeof tidyRequest>): Promise<unknown> {
  return 'repair' in request ? { done: await repairItems(ports, request) } : plan(ports, request);
}

async function repairItems({ store, now }: TidyPorts, { cluster, repair }: z.infer<typeof repairing>): Promise<number> {
  switch (repair.kind) {
    case 'record':
      return store.record(cluster, repair.items);
    case 'erase':
      return store.erase(cluster, repair.items, now());
    case 'label':
      return store.relabel(cluster, repair.items, repair.labelled);
    case 'dismiss':
      return store.dismiss(cluster, repair.groups);
    case 'unlock':
      return store.unlock(cluster, repair);
  }
}

async function plan(ports: TidyPorts, request: z.infer<typeof planning>): Promise<TidyPlan> {
  const { store, autoScaling, states: executions, ec2, stage, tokenKey } = ports;
  const { cluster, founded, repairHooks } = request;
  // The swarm was read before: what is claimed from here on is seen as claimed.
  const [tagged, stored] = await Promise.all([groupsOfCluster(autoScaling, cluster), store.read(cluster)]);
  const [listed, refused] = await Promise.all([
    ownGroups(autoScaling, stage, tagged),
    refusedGroups(autoScaling, tagged, stored.refused),
  ]);
  const groups = await withPools(autoScaling, listed, stored.known);
  const swarm = swarmInPages(request, expectedWorkers(stored.known, groups));
  await noteHookTimeouts(ports, cluster, groups, stored);
  const { known, lock, downAfter, published, hold, rebalance = 'off', rebalancedFor } = stored;
  const now = ports.now();
  // In one call: whether they live, and where they are.
  const asked = new Set([...doubtful(swarm.nodes, groups, known), ...namedByNodes(swarm.nodes, known)]);
  const shown = await shownInstances(ec2, [...asked]);
  const states = new Map([...shown].map(([instance, { state }]) => [instance, state]));
  const addresses = new Map([...shown].map(([instance, one]) => [instance, one.addresses]));
  const forgotten = perhapsForgotten({ nodes: swarm.nodes, known, groups, states });
  const facts = {
    cluster,
    stage,
    nodes: swarm.nodes,
    whole: swarm.whole,
    groups,
    refused,
    known,
    states,
    notFound: await instancesNotFound(ec2, forgotten),
    addresses,
    ...(asksForStatus({ cluster, known, now })
      ? { scheduled: await scheduledEvents(ec2), impaired: await impairedInstances(ec2, now) }
      : {}),
    owners: await ownersOf(
      ec2,
      addressesInDoubt(swarm.nodes),
      addressesElsewhere({ nodes: swarm.nodes, known, addresses }),
    ),
    ended: await endedExecutions(executions, silentOwners({ known, now })),
    lock,
    tokens: { held: swarm.tokens, published, key: tokenKey },
    ghosts: swarm.ghosts,
    left: swarm.left,
    downAfter,
    rebalance,
    rebalancedFor,
    repairHooks,
    now,
  };
  const made = wholePlan(facts, {
    held: hold === undefined ? undefined : reportHold(ports, cluster, hold, now),
    founded,
    hasNames: tagged.some(({ dns }) => dns !== undefined),
  });
  logPlan(ports, cluster, made);
  return made;
}

/** Of those that are not their nodes' instances' by all addresses that an instance may have: a second one is as good. */
async function ownersOf(
  ec2: EC2Client,
  inDoubt: readonly string[],
  elsewhere: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const owners = new Map<string, readonly string[]>(await instancesAt(ec2, inDoubt));
  for (const address of elsewhere) {
    owners.set(address, await instancesWithAddress(ec2, address));
  }
  return owners;
}

/** @throws {FlowError} where a manager told a digest, and the expected workers do not have it */
function swarmInPages(
  { cluster, pages, brief, founded }: z.infer<typeof planning>,
  expected: readonly KnownNode[],
): ReadSwarm {
  const swarm = founded ? readSwarm(pages, expected) : NO_SWARM;
  if (swarm !== undefined) {
    return swarm;
  }
  if (!brief) {
    // Another try would tell the same: a manager that was asked for all nodes lists them.
    throw new FlowError('CommandFailed', `a manager of ${cluster} was asked for all nodes and told a digest of them`);
  }
  throw new FlowError('NotAsExpected', `the healthy workers of ${cluster} are not those that the table has`);
}

/** An observation, no repair: also where only a plan was asked for, and under a hold. Hooks that are in order cost no write. */
async function noteHookTimeouts(
  { store, stage }: TidyPorts,
  cluster: string,
  groups: readonly TidyGroup[],
  { hookTimeouts: noted }: Pick<Stored, 'hookTimeouts'>,
): Promise<void> {
  const seen = shortTimeouts(stage, groups);
  if (!isDeepStrictEqual(seen, noted)) {
    await store.keepHookTimeouts(cluster, seen);
  }
}

function logPlan({ log }: TidyPorts, cluster: string, { repairs, reports }: TidyPlan): void {
  for (const repair of repairs) {
    log('repair', { cluster, ...repair });
  }
  for (const report of reports) {
    log('report', { cluster, ...report });
  }
}

function reportHold({ raise }: TidyPorts, cluster: string, hold: Hold, now: number): string {
  const text = holdText(cluster, hold);
  if (isForgotten(hold, now)) {
    raise('ClusterHeld', text, { cluster });
  }
  return text;
}
