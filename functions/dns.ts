// Names in DNS: called by an event when a node has become Ready, by scale-in when one leaves, and by the tidy.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import * as z from 'zod';

import { autoScalingClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { route53Client } from '../src/aws/route53.ts';
import { readConfig, readRegion } from '../src/lambda/config.ts';
import { log, makeHandler, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { awsName, clusterName, instanceId } from '../src/core/names.ts';
import { nameNode, repairNames, unnameNode } from '../src/operations/dns.ts';
import type { DnsPorts } from '../src/operations/dns.ts';
import { DnsStore } from '../src/store/dns-store.ts';
import { Holds } from '../src/store/holds.ts';

const seconds = z.number().nonnegative();
const leaving = z.object({
  v: z.literal(1),
  do: z.literal('unname'),
  cluster: clusterName,
  group: awsName,
  instance: instanceId,
  drained: z.boolean().default(false),
  /** Of an action that no hook waits for: then nothing waits. */
  since: seconds.default(0),
  deadline: seconds.default(0),
  timeout: seconds.default(0),
});
const repairing = z.object({ v: z.literal(1), do: z.literal('repair'), cluster: clusterName });
/** A scale-out has ended well. Its input is the lifecycle event, as text. */
const ended = z.object({ detail: z.object({ input: z.string() }) });
const launched = z.object({ detail: z.object({ AutoScalingGroupName: awsName, EC2InstanceId: instanceId }) });

export function make(): Handler {
  const { table, stage } = readConfig(process.env);
  const items = tableClient();

  const ports: DnsPorts = {
    autoScaling: autoScalingClient(),
    ec2: ec2Client(),
    route53: route53Client(),
    store: new DnsStore(items, table),
    holds: new Holds(items, table),
    stage,
    region: readRegion(process.env),
    raise,
    log,
    now: () => Math.floor(Date.now() / 1000),
    owner: randomUUID,
    pause: sleep,
    domains: new Map(),
  };

  return makeHandler(z.union([leaving, repairing, ended]), async (request): Promise<unknown> => {
    if ('detail' in request) {
      const { AutoScalingGroupName: group, EC2InstanceId: instance } = launched.parse(
        JSON.parse(request.detail.input),
      ).detail;
      await nameNode(ports, group, instance);
      return {};
    }
    return request.do === 'unname' ? unnameNode(ports, request) : { names: await repairNames(ports, request.cluster) };
  });
}

export const handler = make();
