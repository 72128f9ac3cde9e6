// The one way to make a Lambda handler: parse the input, log with a fixed vocabulary, name errors for the state machines.
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { z } from 'zod';

import type { AlarmMetric } from '../core/alarm-metric.ts';
import { correlate } from './middlewares/correlate.ts';
import { nameErrors } from './middlewares/name-errors.ts';
import { parseInput } from './middlewares/parse-input.ts';

/** Input and output are never logged whole: task tokens are capabilities. */
export const logger = new Logger({ logLevel: 'INFO' });
export const metrics = new Metrics();

export function raise(metric: AlarmMetric, because: string, ids: Record<string, unknown>): void {
  logger.warn(metric, { because, ...ids });
  metrics.addMetric(metric, 'Count', 1);
}

/** @param schema of the event: `run` gets what it makes of it. */
export function makeHandler<Schema extends z.ZodType>(
  schema: Schema,
  run: (input: z.output<Schema>) => Promise<unknown>,
): (event: unknown, context: Context) => Promise<unknown> {
  return middy<z.output<Schema>>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics, { throwOnEmptyMetrics: false }))
    .use(nameErrors())
    .use(parseInput(schema))
    .use(correlate(logger))
    .handler(run);
}
