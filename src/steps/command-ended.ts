// The event that a command of ours has ended: reads how, and wakes the execution that waits for it.
import type { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';

import { instanceId, verbOf } from '../core/names.ts';
import { fromComment } from '../core/steps/rendezvous.ts';
import { isUnderWay } from '../core/steps/result.ts';
import { storeAndDeliver } from './deliver.ts';
import { hearEnd } from './hear.ts';
import type { DeliverPorts } from './ports.ts';

/** The event has neither exit code, output nor comment, so the invocation must be read in any case. */
export const commandEvent = z.object({
  /** By AWS's clock: what the invocation says of its end is by that of the instance. */
  time: z.iso.datetime(),
  detail: z.object({
    'command-id': z.string(),
    'document-name': z.string(),
    'instance-id': instanceId,
    status: z.string().default(''),
  }),
});

export interface EndPorts extends DeliverPorts {
  readonly ssm: SSMClient;
  readonly stage: string;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Epoch seconds. */
  readonly now: () => number;
}

type EventResult = { readonly delivered: boolean } | { readonly ignored: string };

export async function commandEnded(
  ports: EndPorts,
  { time, detail }: z.infer<typeof commandEvent>,
): Promise<EventResult> {
  const verb = verbOf(ports.stage, detail['document-name']);
  if (verb === undefined) {
    return { ignored: `${detail['document-name']} is not a document of stage ${ports.stage}` };
  }
  if (isUnderWay(detail.status)) {
    return { ignored: 'the command is under way' };
  }
  const target = detail['instance-id'];
  const command = { commandId: detail['command-id'], instance: target, verb };
  const { invocation, outcome } = await hearEnd(ports.ssm, command, ports.pause);
  const key = fromComment(invocation.comment);
  if (key === undefined) {
    return { ignored: 'somebody else sent the document' };
  }
  const notBefore = Math.floor(Date.parse(time) / 1000);
  const { commandId } = command;
  const ended = { key, verb, outcome, target, commandId, notBefore, now: ports.now() };
  const delivered = await storeAndDeliver(ports, ended);
  const ids = { cluster: key.cluster, instanceId: key.instance, step: key.step };
  const error = outcome.ok ? {} : { error: outcome.error };
  ports.log('command ended', { verb, ok: outcome.ok, delivered, ...ids, ...error });
  return { delivered };
}
