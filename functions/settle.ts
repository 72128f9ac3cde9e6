// Called by EventBridge when an execution failed, and by scale-out to judge a launch that failed.
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { z } from 'zod';

import { statesClient, tableClient } from '../src/aws/clients.ts';
import { errorName } from '../src/aws/errors.ts';
import { Foreigners } from '../src/store/foreigners.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { Table } from '../src/store/table.ts';
import { Verdicts } from '../src/store/verdicts.ts';
import { releaseLock } from '../src/steps/release-lock.ts';
import { readConfig } from '../src/lambda/config.ts';
import { nodeRole, ownerKey } from '../src/core/names.ts';
import { concernedBy, isOfForeignSwarm, settleFailure, launchEndOf } from '../src/core/lifecycle/failed-execution.ts';
import type { LaunchEnd, Settlement } from '../src/core/lifecycle/failed-execution.ts';
import { logger, makeHandler, raise } from '../src/lambda/handler.ts';

const { table: tableName } = readConfig(process.env);
const table = new Table(tableClient(), tableName);
const lock = new MembershipLock(tableClient(), tableName);
const verdicts = new Verdicts(tableClient(), tableName);
const foreigners = new Foreigners(tableClient(), tableName);
const states = statesClient();

const verdictRequest = z.object({
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

export const handler = makeHandler(z.union([verdictRequest, failedExecution]), async (request) =>
  'verdictFor' in request ? endLaunch(request) : settle(request),
);

async function endLaunch(request: z.infer<typeof verdictRequest>): Promise<LaunchEnd> {
  const { verdictFor, failure, keep, execution } = request;
  const isForeign = request.foreign || isOfForeignSwarm(failure.Error);
  // A tidy's join of an instance in service is no launch: it must not trip the breaker of the group's launches.
  const isLaunch = verdictFor.hook.actionToken !== undefined && !isForeign;
  const end = launchEndOf(isLaunch ? await table.countAbandon(verdictFor.group) : 1, failure, keep, isForeign);
  if (isForeign && execution !== undefined) {
    const { cluster, instance } = verdictFor;
    await foreigners.record(cluster, instance, ownerKey(execution), failure.Cause, Math.floor(Date.now() / 1000));
  }
  raise('LaunchAbandoned', end.cause, { ...verdictFor, result: end.result });
  if (verdictFor.role === 'manager') {
    const now = Math.floor(Date.now() / 1000);
    await releaseLock({ lock, states }, verdictFor, now);
  }
  return end;
}

async function settle({ detail }: z.infer<typeof failedExecution>): Promise<Settlement> {
  const { executionArn: arn, stateMachineArn, status } = detail;
  const input = readInput(detail.input);
  const settlement = settleFailure(
    { arn, status, error: detail.error ?? undefined, input, run: input?.skep?.attempt ?? 0 },
    ownerKey(arn),
  );
  logger.info('execution failed', { execution: arn, status, settlement: settlement.kind });
  if (settlement.kind === 'again') {
    await start(stateMachineArn, settlement.name, settlement.input);
  } else {
    await alarm(settlement, detail.error ?? status, arn, input);
    await record(settlement, detail.error ?? status, input);
  }
  return settlement;
}

/** For the verdict: what rang is not over because nobody looked. What was ended by force is a record of its own. */
async function record(
  settlement: Exclude<Settlement, { kind: 'again' }>,
  error: string,
  input: z.infer<typeof startedWith> | undefined,
): Promise<void> {
  const concerned = concernedBy(input);
  if (concerned !== undefined && settlement.kind === 'closed' && settlement.error !== 'Forced') {
    await verdicts.recordFailed(concerned.cluster, concerned.instance, error, Math.floor(Date.now() / 1000));
  }
}

async function alarm(
  settlement: Exclude<Settlement, { kind: 'again' }>,
  because: string,
  execution: string,
  input: z.infer<typeof startedWith> | undefined,
): Promise<void> {
  if (settlement.kind === 'give-up' || settlement.error === 'Forced') {
    raise('ForcedCompletion', because, { execution });
    const concerned = concernedBy(input);
    if (concerned !== undefined) {
      await verdicts.recordForced(concerned.cluster, concerned.instance, Math.floor(Date.now() / 1000));
    }
  } else if (settlement.error === 'ManagerRetained') {
    raise('ManagerHeld', because, { execution });
  }
}

function readInput(text: string | null | undefined): z.infer<typeof startedWith> | undefined {
  // Whoever starts an execution by hand may give it anything: then there is nothing to run again.
  const parsed = startedWith.safeParse(text === null || text === undefined ? undefined : JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

async function start(stateMachineArn: string, name: string, input: unknown): Promise<void> {
  try {
    await states.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
  } catch (error) {
    // The event came twice: the replacement has run already.
    if (errorName(error) !== 'ExecutionAlreadyExists') {
      throw error;
    }
  }
}
