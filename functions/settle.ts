// Called by EventBridge when an execution failed, and by scale-out to judge a launch that failed.
import { statesClient, tableClient } from '../src/aws/clients.ts';
import { readConfig } from '../src/lambda/config.ts';
import { log, makeHandler, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { settle, settleRequest } from '../src/operations/settle.ts';
import type { SettlePorts } from '../src/operations/settle.ts';
import { Foreigners } from '../src/store/foreigners.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { Table } from '../src/store/table.ts';
import { Verdicts } from '../src/store/verdicts.ts';

export function make(): Handler {
  const { table } = readConfig(process.env);
  const items = tableClient();

  const ports: SettlePorts = {
    table: new Table(items, table),
    lock: new MembershipLock(items, table),
    verdicts: new Verdicts(items, table),
    foreigners: new Foreigners(items, table),
    states: statesClient(),
    raise,
    log,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(settleRequest, (request) => settle(ports, request));
}

export const handler = make();
