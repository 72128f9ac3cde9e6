// Called by the tidy machine with what a manager sees: compares it with the groups, EC2 and the table, and plans the repairs. Called
// again for what of the plan is in the table.
import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import { groupsOfCluster } from '../src/aws/auto-scaling.ts';
import { autoScalingClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { instanceStates, instancesAt, instancesNotFound } from '../src/aws/ec2.ts';
import { endedExecutions } from '../src/aws/executions.ts';
import { ownGroups, refusedGroups } from '../src/operations/groups.ts';
import { TidyStore } from '../src/store/tidy-store.ts';
import type { Stored } from '../src/store/tidy-store.ts';
import { readConfig } from '../src/lambda/config.ts';
import { FlowError } from '../src/core/errors.ts';
import { shortTimeouts } from '../src/core/lifecycle/hooks.ts';
import { clusterName, nodeRole } from '../src/core/names.ts';
import { holdText, isForgotten } from '../src/core/lifecycle/hold.ts';
import type { Hold } from '../src/core/model.ts';
import { addressesInDoubt } from '../src/core/tidy/leftovers.ts';
import { silentOwners } from '../src/core/tidy/repair-instances.ts';
import { instanceOf, perhapsForgotten } from '../src/core/tidy/repair-nodes.ts';
import { planTidy, underHold } from '../src/core/tidy/repairs.ts';
import type { KnownNode, SwarmNode, TidyGroup, TidyPlan } from '../src/core/tidy/facts.ts';
import { logger, makeHandler, raise } from '../src/lambda/handler.ts';
import { inspectPage, readSwarm } from '../src/swarm/inspect-page.ts';
import type { ReadSwarm } from '../src/swarm/inspect-page.ts';

const config = readConfig(process.env);
const store = new TidyStore(tableClient(), config.table);
const autoScaling = autoScalingClient();
const executions = statesClient();
const ec2 = ec2Client();

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

export const handler = makeHandler(z.union([repairing, planning]), async (request) =>
  'repair' in request ? { done: await repairItems(request) } : plan(request),
);

async function repairItems({ cluster, repair }: z.infer<typeof repairing>): Promise<number> {
  switch (repair.kind) {
    case 'record':
      return store.record(cluster, repair.items);
    case 'erase':
      return store.erase(cluster, repair.items, Math.floor(Date.now() / 1000));
    case 'label':
      return store.relabel(cluster, repair.items, repair.labelled);
    case 'dismiss':
      return store.dismiss(cluster, repair.groups);
    case 'unlock':
      return store.unlock(cluster, repair);
  }
}

async function plan(request: z.infer<typeof planning>): Promise<TidyPlan> {
  const { cluster, founded, repairHooks } = request;
  // The swarm was read before: what is claimed from here on is seen as claimed.
  const [tagged, stored] = await Promise.all([groupsOfCluster(autoScaling, cluster), store.read(cluster)]);
  const [groups, refused] = await Promise.all([
    ownGroups(autoScaling, config.stage, tagged),
    refusedGroups(autoScaling, tagged, stored.refused),
  ]);
  const swarm = swarmSeen(request, expectedWorkers(stored.known, groups));
  await noteHookTimeouts(cluster, groups, stored);
  const { known, lock, downAfter, published, hold, rebalance = 'off', rebalancedFor } = stored;
  const now = Math.floor(Date.now() / 1000);
  const asked = doubtful(swarm.nodes, groups, known);
  const states = asked.length === 0 ? new Map<string, string>() : await instanceStates(ec2, asked);
  const forgotten = perhapsForgotten({ nodes: swarm.nodes, known, groups, states });
  const facts = {
    cluster,
    stage: config.stage,
    nodes: swarm.nodes,
    whole: swarm.whole,
    groups,
    refused,
    known,
    states,
    notFound: await instancesNotFound(ec2, forgotten),
    owners: await instancesAt(ec2, addressesInDoubt(swarm.nodes)),
    ended: await endedExecutions(executions, silentOwners({ groups, known, now })),
    lock,
    tokens: { held: swarm.tokens, published, key: config.tokenKey },
    ghosts: swarm.ghosts,
    left: swarm.left,
    downAfter,
    rebalance,
    rebalancedFor,
    repairHooks,
    now,
  };
  const wanted = planTidy(facts);
  const made = hold === undefined ? wanted : underHold(wanted, groups, tellHold(cluster, hold, now));
  tell(cluster, made);
  // Of a swarm that is not there yet nothing is missing.
  const told = founded || made.seen === null ? made : { ...made, seen: { ...made.seen, founded } };
  return hold === undefined && tagged.some(({ dns }) => dns !== undefined) ? { ...told, names: [NAMES] } : told;
}

/** @throws {FlowError} where a manager told a digest, and the expected workers do not have it */
function swarmSeen(
  { cluster, pages, brief, founded }: z.infer<typeof planning>,
  expected: readonly KnownNode[],
): ReadSwarm {
  const swarm = founded ? readSwarm(pages, expected) : NO_SWARM;
  if (swarm !== undefined) {
    return swarm;
  }
  if (!brief) {
    // Asked once more it would say the same: one that was asked for all nodes lists them.
    throw new FlowError('CommandFailed', `a manager of ${cluster} was asked for all nodes and told a digest of them`);
  }
  throw new FlowError('NotAsExpected', `the healthy workers of ${cluster} are not those that the table has`);
}

const NAMES = { kind: 'names', because: 'names in DNS are compared with the Ready nodes' } as const;

/** An observation, no repair: also where only a plan was asked for, and under a hold. Hooks that are in order cost no write. */
async function noteHookTimeouts(
  cluster: string,
  groups: readonly TidyGroup[],
  { hookTimeouts: noted }: Pick<Stored, 'hookTimeouts'>,
): Promise<void> {
  const seen = shortTimeouts(config.stage, groups);
  if (!isDeepStrictEqual(seen, noted)) {
    await store.keepHookTimeouts(cluster, seen);
  }
}

function tell(cluster: string, { repairs, reports }: TidyPlan): void {
  for (const repair of repairs) {
    logger.info('repair', { cluster, ...repair });
  }
  for (const report of reports) {
    logger.info('report', { cluster, ...report });
  }
}

function tellHold(cluster: string, hold: Hold, now: number): string {
  const text = holdText(cluster, hold);
  if (isForgotten(hold, now)) {
    raise('ClusterHeld', text, { cluster });
  }
  return text;
}

/** Whom a swarm that is as it should be has besides its managers. */
function expectedWorkers(known: readonly KnownNode[], groups: readonly TidyGroup[]): KnownNode[] {
  const present = new Set(groups.flatMap(({ instances }) => instances.map(({ instance }) => instance)));
  return known.filter(({ instance, role, phase }) => role === 'worker' && phase === 'ready' && present.has(instance));
}

/** Asking EC2 for all of a swarm of 2,000 nodes would be ten calls; only these can need a repair. */
function doubtful(nodes: readonly SwarmNode[], groups: readonly TidyGroup[], known: readonly KnownNode[]): string[] {
  const isPresent = ({ status }: SwarmNode): boolean => status !== 'down';
  // By its label: one that nobody has labelled yet is half-way, and may have to be joined again.
  const present = new Set(nodes.filter(isPresent).map(({ instance }) => instance));
  const down = nodes.filter((node) => !isPresent(node)).flatMap((node) => instanceOf(node, known) ?? []);
  const expected = groups.flatMap(({ instances }) => instances.map(({ instance }) => instance));
  const recorded = known.filter(({ phase }) => phase !== 'gone').map(({ instance }) => instance);
  const missing = [...expected, ...recorded].filter((instance) => !present.has(instance));
  return [...new Set([...down, ...missing])];
}
