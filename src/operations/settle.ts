// What becomes of an execution that failed, and of a launch that did.
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';

import { startOnce } from '../aws/executions.ts';
import type { Raise } from '../core/alarm-metric.ts';
import {
  concernedBy,
  isLaunchOf,
  isOfForeignSwarm,
  noticesOf,
  launchEndOf,
  settlementOf,
} from '../core/lifecycle/failed-execution.ts';
import type { LaunchEnd, Settlement } from '../core/lifecycle/failed-execution.ts';
import { nodeRole, ownerKey } from '../core/names.ts';
import { releaseLock } from '../coordination/release-lock.ts';
import type { Foreigners } from '../store/foreigners.ts';
import type { MembershipLock } from '../store/membership-lock.ts';
import type { Table } from '../store/table.ts';
import type { Verdicts } from '../store/verdicts.ts';

const launchEndRequest = z.object({
  v: z.literal(1),
  verdictFor: z.object({
    group: z.string(),
    instance: z.string(),
    cluster: z.string(),
    role: nodeRole,
    hook: z.object({ actionToken: z.string().optional() }),
  }),
  failure: z.object({ Error: z.string(), Cause: z.string().default('') }),
  keep: z.boolean().default(false),
  /** Not told by executions of an older version. */
  unfinished: z.boolean().default(false),
  /** Not told by executions of an older version. */
  foreign: z.boolean().default(false),
  execution: z.string().optional(),
});

const failedExecution = z.object({
  detail: z.object({
    executionArn: z.string(),
    stateMachineArn: z.string(),
    status: z.string(),
    error: z.string().nullish(),
    input: z.string().nullish(),
    inputDetails: z.object({ included: z.boolean() }).nullish(),
  }),
});

const startedWith = z.looseObject({ skep: z.looseObject({ attempt: z.number() }).optional() });

export const settleRequest = z.union([launchEndRequest, failedExecution]);

export interface SettlePorts {
  readonly table: Table;
  readonly lock: MembershipLock;
  readonly verdicts: Verdicts;
  readonly foreigners: Foreigners;
  readonly states: SFNClient;
  readonly raise: Raise;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  /** Epoch seconds. */
  readonly now: () => number;
}

export const settle = (ports: SettlePorts, request: z.infer<typeof settleRequest>): Promise<LaunchEnd | Settlement> =>
  'verdictFor' in request ? endLaunch(ports, request) : settleExecution(ports, request);

async function endLaunch(ports: SettlePorts, request: z.infer<typeof launchEndRequest>): Promise<LaunchEnd> {
  const { verdictFor, failure, execution } = request;
  const isForeign = request.foreign || isOfForeignSwarm(failure.Error);
  const isLaunch = isLaunchOf(verdictFor.hook, isForeign);
  const inARow = isLaunch ? await ports.table.countAbandon(verdictFor.group) : 1;
  const end = launchEndOf(inARow, failure, request, isForeign);
  const now = ports.now();
  if (isForeign && execution !== undefined) {
    const { cluster, instance } = verdictFor;
    await ports.foreigners.record(cluster, instance, ownerKey(execution), failure.Cause, now);
  }
  ports.raise('LaunchAbandoned', end.cause, { ...verdictFor, result: end.result });
  if (verdictFor.role === 'manager') {
    await releaseLock(ports, verdictFor, now);
  }
  return end;
}

async function settleExecution(ports: SettlePorts, { detail }: z.infer<typeof failedExecution>): Promise<Settlement> {
  const { executionArn: arn, stateMachineArn, status } = detail;
  const input = readInput(detail.input);
  const settlement = settlementOf(
    { arn, status, error: detail.error ?? undefined, input, run: input?.skep?.attempt ?? 0 },
    ownerKey(arn),
  );
  ports.log('execution failed', { execution: arn, status, settlement: settlement.kind });
  if (settlement.kind === 'again') {
    await startOnce(ports.states, stateMachineArn, settlement.name, settlement.input);
  } else {
    await notify(ports, settlement, detail.error ?? status, { execution: arn, concerned: concernedBy(input) });
  }
  return settlement;
}

/** People by an alarm, and the verdict by a record: what rang is not over because nobody looked. */
async function notify(
  { raise, verdicts, now }: SettlePorts,
  settlement: Exclude<Settlement, { kind: 'again' }>,
  because: string,
  { execution, concerned }: { readonly execution: string; readonly concerned: ReturnType<typeof concernedBy> },
): Promise<void> {
  const { alarm, record } = noticesOf(settlement);
  if (alarm !== undefined) {
    raise(alarm, because, { execution });
  }
  if (concerned !== undefined && record === 'forced') {
    await verdicts.recordForced(concerned.cluster, concerned.instance, now());
  }
  if (concerned !== undefined && record === 'failed') {
    await verdicts.recordFailed(concerned.cluster, concerned.instance, because, now());
  }
}

function readInput(text: string | null | undefined): z.infer<typeof startedWith> | undefined {
  // If you start an execution by hand you may give it anything: then there is nothing to run again.
  const parsed = startedWith.safeParse(text === null || text === undefined ? undefined : JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
