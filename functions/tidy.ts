// Called by the tidy machine with what a manager sees, for the plan of the repairs; and again for what of the plan is in the table.
import { autoScalingClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { readConfig } from '../src/lambda/config.ts';
import { log, makeHandler, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { tidy, tidyRequest } from '../src/operations/tidy.ts';
import type { TidyPorts } from '../src/operations/tidy.ts';
import { TidyStore } from '../src/store/tidy-store.ts';

export function make(): Handler {
  const { table, stage, tokenKey } = readConfig(process.env);

  const ports: TidyPorts = {
    store: new TidyStore(tableClient(), table),
    autoScaling: autoScalingClient(),
    states: statesClient(),
    ec2: ec2Client(),
    stage,
    tokenKey,
    raise,
    log,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(tidyRequest, (request) => tidy(ports, request));
}

export const handler = make();
