// Called by the rebalance machine: whether it may begin, the plan from what a manager told, the next round, and the end.
import * as z from 'zod';

import { statesClient, tableClient } from '../src/aws/clients.ts';
import { endedExecutions } from '../src/aws/executions.ts';
import { Holds } from '../src/store/holds.ts';
import { RebalanceLock } from '../src/store/rebalance-lock.ts';
import { Table } from '../src/store/table.ts';
import { readConfig } from '../src/lambda/config.ts';
import { FlowError } from '../src/core/errors.ts';
import { holdText } from '../src/core/lifecycle/hold.ts';
import { SERVICE_NAME, clusterName } from '../src/core/names.ts';
import { planRebalance } from '../src/core/rebalance/plan.ts';
import { rebalanceRound, startRuns } from '../src/core/rebalance/round.ts';
import type { NextRound } from '../src/core/rebalance/round.ts';
import { MOVES, afterTrouble, finalReport, firstReport, leftovers, whyClose } from '../src/core/rebalance/run.ts';
import type { RebalanceReport } from '../src/core/rebalance/run.ts';
import { report, serviceRuns } from '../src/core/rebalance/shapes.ts';
import { toText } from '../src/core/services/facts.ts';
import type { ServiceFacts } from '../src/core/services/facts.ts';
import { logger, makeHandler } from '../src/lambda/handler.ts';
import { readPages } from '../src/swarm/all-pages.ts';
import { readServicesIfAny, shiftPage } from '../src/swarm/services-page.ts';

const { table: tableName } = readConfig(process.env);
const table = new Table(tableClient(), tableName);
const holds = new Holds(tableClient(), tableName);
const lock = new RebalanceLock(tableClient(), tableName);
const states = statesClient();

/** What a person gives, and nothing else: a name that was mistyped must not mean every service. */
const wish = z.strictObject({
  cluster: clusterName,
  services: z.array(z.string().regex(SERVICE_NAME, 'not the name of a service')).max(100).default([]),
  /** 0: only what others have left behind is taken back. */
  maxMoves: z.int().min(0).max(MOVES.most).default(MOVES.default),
  dryRun: z.boolean().default(false),
  /** Nothing is moved: these services go back to the spec that a rebalance or a hand-over could not put in its place again. */
  rollback: z.boolean().default(false),
  even: z.enum(['services', 'cluster']).default('services'),
  /** The tidy's, which asks but once for the same set of workers: kept when it has ended well. */
  workers: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
});
const base = z.object({ v: z.literal(1), execution: z.string() });
const request = z.discriminatedUnion('do', [
  base.extend({ do: z.literal('begin'), wish }),
  base.extend({
    do: z.literal('plan'),
    wish,
    nodes: z.array(shiftPage),
    services: z.array(shiftPage),
    /** What was left behind was looked for. */
    swept: z.boolean(),
    /** What of that was not done: `SERVICE why`. */
    refused: z.array(z.string()).default([]),
    tries: z.number(),
  }),
  base.extend({
    do: z.literal('decide'),
    cluster: clusterName,
    runs: serviceRuns,
    page: shiftPage,
    /** Of the last command, if it came to nothing. */
    failed: z.string(),
    troubles: z.number(),
    rounds: z.number(),
    closing: z.string(),
    /** Of all nodes, when it was planned. */
    digest: z.string(),
    startedAt: z.string(),
  }),
  base.extend({
    do: z.literal('finish'),
    cluster: clusterName,
    runs: serviceRuns,
    report,
    workers: z.string().default(''),
  }),
]);
type Request = z.infer<typeof request>;
type Part<Do extends Request['do']> = Extract<Request, { do: Do }>;

const seconds = (): number => Math.floor(Date.now() / 1000);

export const handler = makeHandler(request, async (input): Promise<unknown> => {
  switch (input.do) {
    case 'begin':
      return begin(input);
    case 'plan':
      return plan(input);
    case 'decide':
      return decide(input);
    case 'finish':
      return finish(input);
  }
});

/** @throws {FlowError} ClusterUndeclared, NotFounded, Held or RebalanceUnderWay: nothing was changed. A dry run needs no lock */
async function begin({ execution, wish: wished }: Part<'begin'>): Promise<typeof wished> {
  const { cluster, dryRun } = wished;
  const state = await table.readState(cluster);
  if (state === undefined) {
    throw new FlowError('ClusterUndeclared', `nobody declared a cluster ${cluster}`);
  }
  if (state.status === 'new') {
    throw new FlowError('NotFounded', `${cluster} has no swarm yet`);
  }
  if (dryRun) {
    return wished;
  }
  if (state.hold !== undefined) {
    throw new FlowError('Held', holdText(cluster, state.hold));
  }
  await takeLock(cluster, execution);
  return wished;
}

async function takeLock(cluster: string, execution: string): Promise<void> {
  if (await lock.take(cluster, execution, seconds())) {
    return;
  }
  const holder = (await lock.read(cluster))?.execution ?? '';
  const ended = await endedExecutions(states, [holder]);
  // One that was stopped, or timed out, has given nothing back.
  if (!ended.has(holder) || !(await lock.take(cluster, execution, seconds(), holder))) {
    throw new FlowError(
      'RebalanceUnderWay',
      `${holder} rebalances ${cluster}: wait for its end, or skep rebalance ${cluster} --cancel`,
    );
  }
}

/** How often nodes may come or go while they are read. */
const READS = 4;

function plan({ wish: wished, nodes: nodePages, services: pages, swept, refused, tries }: Part<'plan'>): unknown {
  const { digests, ids, nodes, services, unreadable, missing, hasNodes } = readPages(nodePages, pages);
  refuseRollback(wished, refused, missing);
  if (digests.length > 1) {
    // Tasks are told by the place of their node among all nodes.
    throw new FlowError(tries < READS ? 'NotAsExpected' : 'NodesChanged', 'nodes came or went while they were read');
  }
  const [digest = ''] = digests;
  const { cluster, services: only, maxMoves, dryRun, rollback, even } = wished;
  const now = seconds();
  const sweep = swept || dryRun ? [] : sweepOf(wished, services, now);
  const planned = planRebalance(
    { nodes, services: hasNodes ? services : [], unreadable, missing, now },
    { only, maxMoves: rollback ? 0 : maxMoves, even },
  );
  if (planned.unknown.length > 0) {
    throw new FlowError('ServiceUnknown', `${cluster} has no service ${planned.unknown.join(', ')}`);
  }
  logger.info('rebalance planned', { cluster, moves: planned.moves, remaining: planned.remaining, sweep });
  const runs = startRuns(planned, now, (nodeId) => String(ids.indexOf(nodeId)));
  return { report: firstReport(planned), runs: dryRun ? [] : runs, sweep, digest };
}

/** @throws {FlowError} RollbackRefused, PageUnreadable */
function refuseRollback(
  { rollback }: z.infer<typeof wish>,
  refused: readonly string[],
  missing: readonly string[],
): void {
  if (rollback && missing.length > 0) {
    throw new FlowError('PageUnreadable', `nothing is rolled back: ${missing.join('; ')}`);
  }
  if (rollback && refused.length > 0) {
    throw new FlowError(
      'RollbackRefused',
      `it was changed meanwhile, or an update is under way: ${refused.join(', ')}`,
    );
  }
}

const SWEPT = 200;

/** What comes before the moves. @throws {FlowError} NothingKept: nothing was changed */
function sweepOf(
  { rollback, services: only, cluster }: z.infer<typeof wish>,
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

interface Decided extends Omit<NextRound, 'changes'> {
  readonly changes: readonly string[];
  readonly closing: string;
  readonly troubles: number;
  readonly over: boolean;
}

interface ReadRound {
  readonly seen: readonly ServiceFacts[];
  readonly unreadable: readonly string[];
  readonly failed: string;
}

/** A page that nobody can read is like a command that came to nothing: it says nothing of what was changed. */
function readRound({ page, failed }: Part<'decide'>): ReadRound {
  const read = page.unreadable === undefined ? readServicesIfAny(page, String) : undefined;
  return read === undefined
    ? { seen: [], unreadable: [], failed: failed === '' ? 'PageUnreadable' : failed }
    : { seen: read.services, unreadable: read.unreadable.map(({ id }) => id), failed };
}

async function decide(input: Part<'decide'>): Promise<Decided> {
  const { cluster, runs, page } = input;
  const now = seconds();
  const { seen, unreadable, failed } = readRound(input);
  const closing = input.closing === '' ? await whyEnd({ ...input, failed }, now) : input.closing;
  const troubles = failed === '' ? 0 : input.troubles + 1;
  const moved = page.digest !== undefined && page.digest !== input.digest;
  const next =
    failed === ''
      ? rebalanceRound({
          runs,
          seen,
          unreadable,
          cut: page.next !== undefined,
          moved,
          closing: closing === '' ? undefined : closing,
          now,
        })
      : afterTrouble(runs, troubles, failed);
  const changes = next.changes.map(toText);
  for (const change of changes) {
    logger.info('rebalance', { cluster, change });
  }
  return { ...next, changes, closing, troubles, over: next.ask.length === 0 };
}

/** Empty as long as it may go on. */
async function whyEnd({ cluster, execution, rounds, startedAt, failed }: Part<'decide'>, now: number): Promise<string> {
  const [item, hold] = await Promise.all([lock.read(cluster), holds.read(cluster)]);
  const because = whyClose({
    cancelled: item?.execution !== execution || item.cancelled,
    held: hold === undefined ? undefined : holdText(cluster, hold),
    startedAt: Math.floor(Date.parse(startedAt) / 1000),
    ...{ rounds, now },
  });
  return because ?? failed;
}

async function finish({ cluster, execution, runs, report: told, workers }: Part<'finish'>): Promise<RebalanceReport> {
  if (workers !== '') {
    await lock.recordWorkers(cluster, workers);
  }
  await lock.release(cluster, execution);
  const final = finalReport(told, runs);
  logger.info('rebalance ended', { cluster, planned: final.planned, made: final.made, remaining: final.remaining });
  return final;
}
