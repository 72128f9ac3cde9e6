// Called by the rebalance machine: whether it may begin, the plan from what a manager told, the next round, and the end.
import { statesClient, tableClient } from '../src/aws/clients.ts';
import { readConfig } from '../src/lambda/config.ts';
import { log, makeHandler } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { rebalance, rebalanceRequest } from '../src/operations/rebalance.ts';
import type { RebalancePorts } from '../src/operations/rebalance.ts';
import { Holds } from '../src/store/holds.ts';
import { RebalanceLock } from '../src/store/rebalance-lock.ts';
import { Table } from '../src/store/table.ts';

export function make(): Handler {
  const { table } = readConfig(process.env);
  const items = tableClient();

  const ports: RebalancePorts = {
    table: new Table(items, table),
    holds: new Holds(items, table),
    lock: new RebalanceLock(items, table),
    states: statesClient(),
    log,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(rebalanceRequest, (request) => rebalance(ports, request));
}

export const handler = make();
