// Called by the tidy machine at its end, however it went: makes the cluster's verdict, writes metrics, and tells people of a change.
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';

import { ssmClient, tableClient } from '../src/aws/clients.ts';
import { Verdicts } from '../src/store/verdicts.ts';
import { giveVerdict } from '../src/operations/give-verdict.ts';
import type { VerdictPorts } from '../src/operations/give-verdict.ts';
import { readConfig, readVerdictConfig } from '../src/lambda/config.ts';
import { clusterName } from '../src/core/names.ts';
import { seenSchema } from '../src/core/tidy/seen.ts';
import { VERDICT_METRICS } from '../src/core/verdict/verdict.ts';
import type { VerdictMetric, VerdictMetrics } from '../src/core/verdict/verdict.ts';
import { logger, makeHandler, metrics, raise } from '../src/lambda/handler.ts';

const { stage, table } = readConfig(process.env);
const { topic, deadLetters, webhook } = readVerdictConfig(process.env);

const verdicts = new Verdicts(tableClient(), table);
// Otherwise it would call the host of the queue's URL, wherever the environment says that AWS is.
const queues = new SQSClient({ useQueueUrlAsEndpoint: false });
const topics = new SNSClient({});
const parameters = ssmClient();

const ports = (cluster: string): VerdictPorts => ({
  verdicts,
  queues,
  deadLetters,
  telling: {
    topics,
    parameters,
    topic,
    webhook,
    onFailure: (because) => {
      raise('WebhookFailed', `the webhook was not told: ${because}`, { cluster });
    },
  },
  stage,
  now: () => Math.floor(Date.now() / 1000),
});

const request = z.object({
  v: z.literal(1),
  cluster: clusterName,
  execution: z.string(),
  /** It changes nothing, so it has no verdict either. */
  dryRun: z.boolean().default(false),
  seen: seenSchema.nullable(),
  failed: z.looseObject({ Error: z.string(), Cause: z.string().default('') }).nullable(),
  repairsFailed: z.int().nonnegative(),
});

export const handler = makeHandler(request, async ({ cluster, execution, dryRun, seen, failed, repairsFailed }) => {
  if (dryRun) {
    return {};
  }
  const judged = await giveVerdict(ports(cluster), {
    cluster,
    execution,
    seen: seen ?? undefined,
    failed: failed === null ? undefined : { error: failed.Error, cause: failed.Cause },
    repairsFailed,
  });
  if (judged === undefined) {
    logger.info('verdict', { cluster, verdict: 'a later tidy was faster' });
    return {};
  }
  const { level, reasons, since } = judged.verdict;
  logger.info('verdict', { cluster, level, reasons: reasons.map(({ name }) => name), changed: judged.changed });
  count(cluster, judged.metrics);
  return { level, since, reasons: reasons.map(({ name }) => name) };
});

/** Twice: of the stage, which alarms watch, since clusters come and go without a deployment; and of the cluster, for the dashboard. */
function count(cluster: string, counted: VerdictMetrics): void {
  metrics.addDimensions({}).addDimensions({ cluster });
  for (const [name, unit] of Object.entries(VERDICT_METRICS) as [VerdictMetric, keyof typeof MetricUnit][]) {
    const value = counted[name];
    if (value !== undefined) {
      metrics.addMetric(name, MetricUnit[unit], value);
    }
  }
}
