// Called by EventBridge when a command of ours has ended: reads how, and wakes the execution that waits for it.
import { setTimeout as pause } from 'node:timers/promises';

import { ssmClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { readConfig } from '../src/lambda/config.ts';
import { log, makeHandler, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { commandEnded, commandEvent } from '../src/steps/command-ended.ts';
import type { EndPorts } from '../src/steps/command-ended.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { RecoveryStore } from '../src/store/recovery-store.ts';
import { Table } from '../src/store/table.ts';
import { Waiters } from '../src/store/waiters.ts';

export function make(): Handler {
  const { stage, tokenKey, table } = readConfig(process.env);
  const items = tableClient();

  const ports: EndPorts = {
    table: new Table(items, table),
    waiters: new Waiters(items, table),
    recovery: new RecoveryStore(items, table),
    lock: new MembershipLock(items, table),
    states: statesClient(),
    tokenKey,
    ssm: ssmClient(),
    stage,
    raise,
    log,
    pause,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(commandEvent, (event) => commandEnded(ports, event));
}

export const handler = make();
