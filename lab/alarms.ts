// CloudWatch as far as the lab needs it: which alarms of the stack would have been raised by what functions printed (EMF).
import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import type { StackAlarm } from './stack/stack.ts';

const emf = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

export class Alarms {
  readonly raised = new Set<string>();
  readonly #alarms: readonly StackAlarm[];

  constructor(alarms: readonly StackAlarm[]) {
    this.#alarms = alarms;
  }

  /** Reads one line of a function's log. Anything that is not an EMF line is none of its business. */
  read(line: string): void {
    if (!line.includes('"_aws"')) {
      return;
    }
    const { _aws: directive, ...record } = emf.parse(JSON.parse(line));
    for (const { Namespace, Dimensions, Metrics } of directive.CloudWatchMetrics) {
      for (const names of Dimensions) {
        const dimensions = Object.fromEntries(names.map((name) => [name, record[name]]));
        for (const { Name } of Metrics) {
          this.#datapoint(Namespace, Name, dimensions);
        }
      }
    }
  }

  /** The alarms of this stack watch for any datapoint at all: none has a threshold above one. */
  #datapoint(namespace: string, metric: string, dimensions: Readonly<Record<string, unknown>>): void {
    for (const alarm of this.#alarms) {
      if (alarm.namespace === namespace && alarm.metric === metric && isDeepStrictEqual(alarm.dimensions, dimensions)) {
        this.raised.add(metric);
      }
    }
  }
}
