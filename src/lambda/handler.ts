// The one way to make a Lambda handler: parse the input, log with a fixed vocabulary, name errors for the state machines.
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';

import { withinTime } from '../aws/within-time.ts';
import type { AlarmMetric } from '../core/alarm-metric.ts';
import { FlowError } from '../core/errors.ts';
import { correlate } from './middlewares/correlate.ts';
import { nameErrors } from './middlewares/name-errors.ts';
import { parseInput } from './middlewares/parse-input.ts';

/** Input and output are never logged whole: task tokens are capabilities. */
export const logger = new Logger({ logLevel: 'INFO' });
export const metrics = new Metrics();

/** For what knows no logger. */
export const log = (message: string, about: Record<string, unknown>): void => {
  logger.info(message, about);
};

export function raise(metric: AlarmMetric, because: string, ids: Record<string, unknown>): void {
  logger.warn(metric, { because, ...ids });
  metrics.addMetric(metric, 'Count', 1);
}

/** A function ends by itself so long before Lambda would end it, milliseconds: its log and its metrics are written in that time. */
const EARLY = 1000;

/** @throws {FlowError} AwsUnavailable, which is tried again: whether what was under way took effect is not known */
function endEarly(): never {
  throw new FlowError('AwsUnavailable', 'the time of the function was over before AWS had answered');
}

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

/**
 * Each function has a `make`, which reads the environment and makes its clients, and calls it once: Lambda loads a function for one account. The
 * lab calls it for each account that it plays, so that what is evaluated once, such as the SDK, serves all of them.
 *
 * Before its time is over, every call to AWS is aborted and the function ends with an error of its own: Lambda would end it without a word.
 *
 * @param schema of the event: `run` gets what it makes of it.
 */
export function makeHandler<Schema extends z.ZodType>(
  schema: Schema,
  run: (input: z.output<Schema>) => Promise<unknown>,
): Handler {
  return middy<z.output<Schema>>({ timeoutEarlyInMillis: EARLY, timeoutEarlyResponse: endEarly })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics, { throwOnEmptyMetrics: false }))
    .use(nameErrors())
    .use(parseInput(schema))
    .use(correlate(logger))
    .handler((input, _context, { signal }) => withinTime(signal, () => run(input)));
}
