// What a rebalance begins with: the runs of its services, what is taken back before, and what a person is told.
import { FlowError } from '../errors.ts';
import { toText } from '../services/facts.ts';
import type { PlacementNode, ServiceFacts } from '../services/facts.ts';
import { planRebalance } from './plan.ts';
import { startRuns } from './round.ts';
import type { ServiceRun } from './round.ts';
import { firstReport, leftovers } from './run.ts';
import type { RebalanceReport } from './run.ts';
import type { RebalanceWish } from './wish.ts';

/** All nodes and services, as managers told them page by page. */
export interface SeenServices {
  readonly nodes: readonly PlacementNode[];
  readonly services: readonly ServiceFacts[];
  /** Services of which nothing but this can be told. */
  readonly unreadable: readonly { readonly id: string; readonly name: string }[];
  /** Of all nodes, sorted: tasks are told by their places. */
  readonly ids: readonly string[];
  /** Of the ids of all nodes, as the pages say: more than one where nodes came or went in between. */
  readonly digests: readonly string[];
  /** All of them were read: without one of them nobody knows which node a place means, so that nothing can be moved. */
  readonly hasNodes: boolean;
  /** What nobody could read, in words. */
  readonly missing: readonly string[];
}

interface BeginOptions {
  readonly wish: RebalanceWish;
  /** What was left behind was looked for. */
  readonly swept: boolean;
  /** What of that was not done: `SERVICE why`. */
  readonly refused: readonly string[];
  /** How often nodes and services were read. */
  readonly tries: number;
  /** Epoch seconds. */
  readonly now: number;
}

export interface RebalanceBegin {
  readonly report: RebalanceReport;
  readonly runs: readonly ServiceRun[];
  /** Changes that are made before the first move, as the document takes them. */
  readonly sweep: readonly string[];
  readonly digest: string;
}

/** How often nodes may come or go while they are read. */
const READS = 4;

/** @throws {FlowError} RollbackRefused, PageUnreadable, NotAsExpected, NodesChanged, NothingKept or ServiceUnknown: nothing was changed */
export function beginRebalance(seen: SeenServices, { wish, swept, refused, tries, now }: BeginOptions): RebalanceBegin {
  const { digests, ids, nodes, services, unreadable, missing, hasNodes } = seen;
  refuseRollback(seen, { wish, swept, refused });
  if (digests.length > 1) {
    // Tasks are told by the place of their node among all nodes.
    throw new FlowError(tries < READS ? 'NotAsExpected' : 'NodesChanged', 'nodes came or went while they were read');
  }
  const [digest = ''] = digests;
  const { cluster, services: only, maxMoves, dryRun, rollback, even } = wish;
  const planned = planRebalance(
    { nodes, services: hasNodes ? services : [], unreadable, missing, now },
    { only, maxMoves: rollback ? 0 : maxMoves, even },
  );
  if (planned.unknown.length > 0) {
    throw new FlowError('ServiceUnknown', `${cluster} has no service ${planned.unknown.join(', ')}`);
  }
  const sweep = swept || dryRun ? [] : sweepOf(wish, services, now);
  const runs = startRuns(planned, now, (nodeId) => String(ids.indexOf(nodeId)));
  return { report: firstReport(planned), runs: dryRun ? [] : runs, sweep, digest };
}

/** @throws {FlowError} RollbackRefused, PageUnreadable */
function refuseRollback(
  { missing, unreadable }: Pick<SeenServices, 'missing' | 'unreadable'>,
  { wish: { rollback, services: only }, swept, refused }: Pick<BeginOptions, 'wish' | 'swept' | 'refused'>,
): void {
  if (!rollback) {
    return;
  }
  // If a service cannot be read, nobody knows whether its spec is kept: then its own history may not be as its owner left it.
  const untold = unreadable
    .filter(({ id, name }) => only.includes(id) || only.includes(name))
    .map(({ name }) => `what the engine says of ${name} is too long, or cannot be read`);
  const lacking = [...missing, ...untold];
  // Once services have gone back, what cannot be read any more says nothing against it.
  if (!swept && lacking.length > 0) {
    throw new FlowError('PageUnreadable', `nothing is rolled back: ${lacking.join('; ')}`);
  }
  if (refused.length > 0) {
    throw new FlowError(
      'RollbackRefused',
      `it was changed meanwhile, or an update is under way: ${refused.join(', ')}`,
    );
  }
}

const SWEPT = 200;

/** What comes before the moves. @throws {FlowError} NothingKept: nothing was changed */
function sweepOf(
  { rollback, services: only, cluster }: Pick<RebalanceWish, 'rollback' | 'services' | 'cluster'>,
  services: readonly ServiceFacts[],
  now: number,
): string[] {
  if (!rollback) {
    return leftovers(services, now).slice(0, SWEPT);
  }
  const asked = services.filter(({ name, serviceId }) => only.includes(name) || only.includes(serviceId));
  const without = asked.filter(({ kept }) => !kept);
  if (without.length > 0 || asked.length === 0) {
    throw new FlowError(
      'NothingKept',
      `nothing is kept of ${without.map(({ name }) => name).join(', ')} of ${cluster}: docker service rollback goes where it should`,
    );
  }
  return asked.map(({ serviceId, version }) => toText({ kind: 'rollback', serviceId, version }));
}
