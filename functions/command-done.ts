// Called by EventBridge when a command of ours has ended: reads how, and wakes the execution that waits for it.
import { z } from 'zod';

import { ssmClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { MembershipLock } from '../src/aws/membership-lock.ts';
import { readInvocation } from '../src/aws/run-command.ts';
import { Table } from '../src/aws/table.ts';
import { storeAndDeliver } from '../src/commands/deliver.ts';
import { readConfig } from '../src/config.ts';
import { outcomeOf } from '../src/core/command-result.ts';
import { FlowError } from '../src/core/errors.ts';
import { instanceId, verbOf } from '../src/core/names.ts';
import { fromComment } from '../src/core/rendezvous.ts';
import { logger, makeHandler, raise } from '../src/handler.ts';

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
  detail: z.object({ 'command-id': z.string(), 'document-name': z.string(), 'instance-id': instanceId }),
});

export const handler = makeHandler(commandEvent, async ({ detail }) => {
  const verb = verbOf(config.stage, detail['document-name']);
  if (verb === undefined) {
    return { ignored: `${detail['document-name']} is not a document of stage ${config.stage}` };
  }
  const invocation = await readInvocation(ssm, detail['command-id'], detail['instance-id']);
  if (invocation === undefined) {
    // Eventually consistent: Lambda tries an event again after a minute, and the look of the execution may be sooner.
    throw new FlowError('AwsUnavailable', `SSM does not show the invocation of ${detail['command-id']} yet`);
  }
  const key = fromComment(invocation.comment);
  const outcome = outcomeOf(verb, invocation);
  if (key === undefined || outcome === undefined) {
    return { ignored: key === undefined ? 'somebody else sent the document' : 'the command is under way' };
  }
  const now = Math.floor(Date.now() / 1000);
  const delivered = await storeAndDeliver(ports, { key, verb, outcome, endedAt: invocation.endedAt, now });
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
