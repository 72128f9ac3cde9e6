// What the rebalance machine asks for: whether it may begin, the plan from what a manager told, the next round, and the end.
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';

import { endedExecutions } from '../aws/executions.ts';
import { FlowError } from '../core/errors.ts';
import { holdText } from '../core/lifecycle/hold.ts';
import { clusterName } from '../core/names.ts';
import { beginRebalance } from '../core/rebalance/begin.ts';
import type { RebalanceBegin } from '../core/rebalance/begin.ts';
import { decideRound } from '../core/rebalance/next.ts';
import type { DecidedRound } from '../core/rebalance/next.ts';
import { finalReport, whyClose } from '../core/rebalance/run.ts';
import type { RebalanceReport } from '../core/rebalance/run.ts';
import { report, serviceRuns } from '../core/rebalance/shapes.ts';
import { refuseToBegin, wish } from '../core/rebalance/wish.ts';
import type { RebalanceWish } from '../core/rebalance/wish.ts';
import type { ServiceFacts } from '../core/services/facts.ts';
import type { Holds } from '../store/holds.ts';
import type { RebalanceLock } from '../store/rebalance-lock.ts';
import type { Table } from '../store/table.ts';
import { readPages } from '../swarm/all-pages.ts';
import { readServicesIfAny, shiftPage } from '../swarm/services-page.ts';

export interface RebalancePorts {
  readonly table: Table;
  readonly holds: Holds;
  readonly lock: RebalanceLock;
  readonly states: SFNClient;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  /** Epoch seconds. */
  readonly now: () => number;
}

const base = z.object({ v: z.literal(1), execution: z.string() });
export const rebalanceRequest = z.discriminatedUnion('do', [
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
type Request = z.infer<typeof rebalanceRequest>;
type Part<Do extends Request['do']> = Extract<Request, { do: Do }>;

export async function rebalance(ports: RebalancePorts, input: Request): Promise<unknown> {
  switch (input.do) {
    case 'begin':
      return begin(ports, input);
    case 'plan':
      return plan(ports, input);
    case 'decide':
      return decide(ports, input);
    case 'finish':
      return finish(ports, input);
  }
}

/** @throws {FlowError} ClusterUndeclared, NotFounded, Held or RebalanceUnderWay: nothing was changed. A dry run needs no lock */
async function begin(ports: RebalancePorts, { execution, wish: wished }: Part<'begin'>): Promise<RebalanceWish> {
  const { cluster, dryRun } = wished;
  refuseToBegin(wished, await ports.table.readState(cluster));
  if (!dryRun) {
    await takeLock(ports, cluster, execution);
  }
  return wished;
}

async function takeLock({ lock, states, now }: RebalancePorts, cluster: string, execution: string): Promise<void> {
  if (await lock.take(cluster, execution, now())) {
    return;
  }
  const holder = (await lock.read(cluster))?.execution ?? '';
  const ended = await endedExecutions(states, [holder]);
  // One that was stopped, or timed out, has given nothing back.
  if (!ended.has(holder) || !(await lock.take(cluster, execution, now(), holder))) {
    throw new FlowError(
      'RebalanceUnderWay',
      `${holder} rebalances ${cluster}: wait for its end, or skep rebalance ${cluster} --cancel`,
    );
  }
}

function plan({ log, now }: RebalancePorts, input: Part<'plan'>): RebalanceBegin {
  const { wish: wished, nodes, services, swept, refused, tries } = input;
  const begun = beginRebalance(readPages(nodes, services), { wish: wished, swept, refused, tries, now: now() });
  const { planned: moves, remaining } = begun.report;
  log('rebalance planned', { cluster: wished.cluster, moves, remaining, sweep: begun.sweep });
  return begun;
}

interface ReadRound {
  readonly seen: readonly ServiceFacts[];
  readonly unreadable: readonly string[];
  readonly failed: string;
}

/** A page that cannot be read counts as a failed command: it does not tell what was changed. */
function readRound({ page, failed }: Part<'decide'>): ReadRound {
  const read = page.unreadable === undefined ? readServicesIfAny(page, String) : undefined;
  return read === undefined
    ? { seen: [], unreadable: [], failed: failed === '' ? 'PageUnreadable' : failed }
    : { seen: read.services, unreadable: read.unreadable.map(({ id }) => id), failed };
}

async function decide(ports: RebalancePorts, input: Part<'decide'>): Promise<DecidedRound> {
  const { cluster, runs, page, troubles } = input;
  const now = ports.now();
  const read = readRound(input);
  const { failed } = read;
  const closing = input.closing === '' ? await whyEnd(ports, { ...input, failed }, now) : input.closing;
  const moved = page.digest !== undefined && page.digest !== input.digest;
  const decided = decideRound({ ...read, runs, cut: page.next !== undefined, moved, troubles, closing, now });
  for (const change of decided.changes) {
    ports.log('rebalance', { cluster, change });
  }
  return decided;
}

/** Empty as long as it may go on. */
async function whyEnd({ lock, holds }: RebalancePorts, input: Part<'decide'>, now: number): Promise<string> {
  const { cluster, execution, rounds, startedAt, failed } = input;
  const [item, hold] = await Promise.all([lock.read(cluster), holds.read(cluster)]);
  const because = whyClose({
    cancelled: item?.execution !== execution || item.cancelled,
    held: hold === undefined ? undefined : holdText(cluster, hold),
    startedAt: Math.floor(Date.parse(startedAt) / 1000),
    ...{ rounds, now },
  });
  return because ?? failed;
}

async function finish({ lock, log }: RebalancePorts, input: Part<'finish'>): Promise<RebalanceReport> {
  const { cluster, execution, runs, report: told, workers } = input;
  if (workers !== '') {
    await lock.recordWorkers(cluster, workers);
  }
  await lock.release(cluster, execution);
  const final = finalReport(told, runs);
  log('rebalance ended', { cluster, planned: final.planned, made: final.made, remaining: final.remaining });
  return final;
}
