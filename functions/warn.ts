// Called by EventBridge where AWS says what it is about to do to an instance, whosever it is.
import { setTimeout as pause } from 'node:timers/promises';

import * as z from 'zod';

import { describeGroup } from '../src/aws/auto-scaling.ts';
import { autoScalingClient, statesClient, tableClient } from '../src/aws/clients.ts';
import { EVENTS } from '../src/core/events/all.ts';
import { readConfig, readWarnConfig } from '../src/lambda/config.ts';
import { log, logger, makeHandler, metrics, raise } from '../src/lambda/handler.ts';
import type { Handler } from '../src/lambda/handler.ts';
import { warn } from '../src/operations/warn.ts';
import type { WarnPorts } from '../src/operations/warn.ts';
import { Warnings } from '../src/store/warnings.ts';

export function make(): Handler {
  const { stage, table } = readConfig(process.env);
  const { scaleIn, tidy } = readWarnConfig(process.env);

  const autoScaling = autoScalingClient();

  const ports: WarnPorts = {
    warnings: new Warnings(tableClient(), table),
    states: statesClient(),
    groupNamed: (name) => describeGroup(autoScaling, name),
    events: EVENTS,
    stage,
    scaleIn,
    tidy,
    raise,
    log,
    debug: (message, about) => {
      logger.debug(message, about);
    },
    countUnknown: () => {
      metrics.addMetric('UnknownEvent', 'Count', 1);
    },
    pause,
    now: () => Math.floor(Date.now() / 1000),
  };

  return makeHandler(z.unknown(), (event) => warn(ports, event));
}

export const handler = make();
