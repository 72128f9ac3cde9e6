// Called by the recover machine: who may be a manager, what is to be done, and what is on record afterwards.
import { statesClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { readConfig } from '../src/lambda/config.ts';
import { log, makeHandler } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { recover, recoverRequest } from '../src/operations/recover.ts';
import type { RecoverPorts } from '../src/operations/recover.ts';
import { LeaderItem } from '../src/store/leader-item.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { RecoveryStore } from '../src/store/recovery-store.ts';
import { Table } from '../src/store/table.ts';
import { Waiters } from '../src/store/waiters.ts';

export function make(): Handler {
  const { table } = readConfig(process.env);
  const items = tableClient();

  const ports: RecoverPorts = {
    table: new Table(items, table),
    waiters: new Waiters(items, table),
    store: new RecoveryStore(items, table),
    leader: new LeaderItem(items, table),
    lock: new MembershipLock(items, table),
    states: statesClient(),
    ec2: ec2Client(),
    log,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(recoverRequest, (request) => recover(ports, request));
}

export const handler = make();
