// Called by EventBridge when a command of ours has ended: reads how, and wakes the execution that waits for it.
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { ssmClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { Table } from '../src/store/table.ts';
import { storeAndDeliver } from '../src/steps/deliver.ts';
import { hearEnd } from '../src/steps/hear.ts';
import { readConfig } from '../src/lambda/config.ts';
import { isUnderWay } from '../src/core/steps/result.ts';
import { instanceId, verbOf } from '../src/core/names.ts';
import { fromComment } from '../src/core/steps/rendezvous.ts';
import { logger, makeHandler, raise } from '../src/lambda/handler.ts';

const config = readConfig(process.env);
const ssm = ssmClient();
const ports = {
  table: new Table(tableClient(), config.table),
  lock: new MembershipLock(tableClient(), config.table),
  states: statesClient(),
  raise,
};

/** The event has neither exit code, output nor comment, so the invocation must be read in any case. */
const commandEvent = z.object({
  /** By AWS's clock: what the invocation says of its end is by that of the instance. */
  time: z.iso.datetime().optional(),
  detail: z.object({
    'command-id': z.string(),
    'document-name': z.string(),
    'instance-id': instanceId,
    status: z.string().default(''),
  }),
});

export const handler = makeHandler(commandEvent, async ({ time, detail }) => {
  const verb = verbOf(config.stage, detail['document-name']);
  if (verb === undefined) {
    return { ignored: `${detail['document-name']} is not a document of stage ${config.stage}` };
  }
  if (isUnderWay(detail.status)) {
    return { ignored: 'the command is under way' };
  }
  const command = { commandId: detail['command-id'], instance: detail['instance-id'] };
  const { invocation, outcome } = await hearEnd(ssm, { ...command, verb }, sleep);
  const key = fromComment(invocation.comment);
  if (key === undefined) {
    return { ignored: 'somebody else sent the document' };
  }
  const now = Math.floor(Date.now() / 1000);
  const target = detail['instance-id'];
  const { commandId } = command;
  const endedAt = time === undefined ? invocation.endedAt : Math.floor(Date.parse(time) / 1000);
  const delivered = await storeAndDeliver(ports, { key, verb, outcome, target, commandId, endedAt, now });
  const ids = { cluster: key.cluster, instanceId: key.instance, step: key.step };
  logger.info('command ended', {
    verb,
    ok: outcome.ok,
    delivered,
    ...ids,
    ...(outcome.ok ? {} : { error: outcome.error }),
  });
  return { delivered };
});
