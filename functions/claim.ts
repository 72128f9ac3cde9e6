// Called first by scale-out and scale-in: who handles this lifecycle action, and by which route.
import { setTimeout as sleep } from 'node:timers/promises';

import { autoScalingClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { readConfig } from '../src/lambda/config.ts';
import { log, makeHandler, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { claimAction, claimRequest } from '../src/operations/claim-action.ts';
import type { ClaimPorts } from '../src/operations/claim-action.ts';
import { Refusals } from '../src/store/refusals.ts';
import { Table } from '../src/store/table.ts';

export function make(): Handler {
  const { table, stage } = readConfig(process.env);
  const items = tableClient();

  const ports: ClaimPorts = {
    table: new Table(items, table),
    refusals: new Refusals(items, table),
    autoScaling: autoScalingClient(),
    states: statesClient(),
    stage,
    raise,
    log,
    pause: sleep,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(claimRequest, (request) => claimAction(ports, request));
}

export const handler = make();
