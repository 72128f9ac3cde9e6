// Called by every token state: sends the command of a step, or looks at it. The task token ends the wait, not this function.
import { setTimeout as sleep } from 'node:timers/promises';

import { autoScalingClient, sendingClient, ssmClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { ec2Client } from '../src/aws/ec2-client.ts';
import { addressesOf, instancesWithAddress } from '../src/aws/ec2.ts';
import { Erasures } from '../src/store/erasures.ts';
import { Holds } from '../src/store/holds.ts';
import { MembershipLock } from '../src/store/membership-lock.ts';
import { RecoveryStore } from '../src/store/recovery-store.ts';
import { Table } from '../src/store/table.ts';
import { Waiters } from '../src/store/waiters.ts';
import { runStep } from '../src/steps/run-step.ts';
import { stepRequest } from '../src/steps/step.ts';
import type { StepPorts } from '../src/steps/ports.ts';
import { readConfig } from '../src/lambda/config.ts';
import { logger, makeHandler, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';

export function make(): Handler {
  const { stage, tokenKey, table } = readConfig(process.env);
  const items = tableClient();

  const ec2 = ec2Client();

  const ports: StepPorts = {
    table: new Table(items, table),
    waiters: new Waiters(items, table),
    recovery: new RecoveryStore(items, table),
    lock: new MembershipLock(items, table),
    states: statesClient(),
    ssm: ssmClient(),
    sending: sendingClient(),
    autoScaling: autoScalingClient(),
    ec2: {
      of: (instance) => addressesOf(ec2, instance),
      instancesAt: (address) => instancesWithAddress(ec2, address),
    },
    holds: new Holds(items, table),
    erasures: new Erasures(items, table),
    raise,
    stage,
    tokenKey,
    now: () => Math.floor(Date.now() / 1000),
    pause: sleep,
  };

  return makeHandler(stepRequest, async (request) => {
    const { verb, step, attempt, plan, execution } = request;
    logger.info('step', { verb, step, attempt, cluster: plan.cluster, instanceId: plan.instance, execution });
    await runStep(ports, request);
  });
}

export const handler = make();
