// Called by the tidy machine at its end, however it went: makes the cluster's verdict, writes metrics, and tells people of a change.
import { queueClient, ssmClient, tableClient, topicClient } from '../src/aws/clients.ts';
import { readConfig, readVerdictConfig } from '../src/lambda/config.ts';
import { log, makeHandler, metrics, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { countVerdict } from '../src/lambda/verdict-metrics.ts';
import { endTidy, verdictRequest } from '../src/operations/verdict-of-tidy.ts';
import { Verdicts } from '../src/store/verdicts.ts';

export function make(): Handler {
  const { stage, table } = readConfig(process.env);
  const { topic, deadLetters, webhook } = readVerdictConfig(process.env);

  const ports = {
    verdicts: new Verdicts(tableClient(), table),
    queues: queueClient(),
    deadLetters,
    stage,
    log,
    count: countVerdict.bind(undefined, metrics),
    now: () => Math.floor(Date.now() / 1000),
  };
  const people = { topics: topicClient(), parameters: ssmClient(), topic, webhook };

  return makeHandler(verdictRequest, (request) => {
    const { cluster } = request;
    const onFailure = (because: string): void => {
      raise('WebhookFailed', `the webhook was not told: ${because}`, { cluster });
    };
    return endTidy({ ...ports, telling: { ...people, onFailure } }, request);
  });
}

export const handler = make();
