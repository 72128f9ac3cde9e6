// CloudWatch as far as the lab needs it: the metrics that functions print (EMF) or that AWS counts, and the alarms of the stack on them.
import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import type { StackAlarm } from './stack/stack.ts';

const emf = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

interface Datapoint {
  readonly at: number;
  readonly value: number;
}

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly points: Datapoint[];
}

export class Alarms {
  /** Metrics of what happened, each of which raised an alarm: from then on for good. */
  readonly raised = new Set<string>();
  /** Names of all alarms that have ever rung. */
  readonly #rang = new Set<string>();
  readonly #alarms: readonly StackAlarm[];
  readonly #now: () => number;
  readonly #start: number;
  readonly #metrics = new Map<string, Metric>();
  /** Called when an alarm rings for the first time. */
  onRing: (alarm: StackAlarm) => void = () => undefined;
  /** Told with each datapoint that finds an alarm in its ALARM state, the first time and ever after. */
  onAlarm: (name: string) => void = () => undefined;

  constructor(alarms: readonly StackAlarm[], now: () => number = () => 0) {
    this.#alarms = alarms;
    this.#now = now;
    this.#start = now();
  }

  get metrics(): readonly Metric[] {
    return [...this.#metrics.values()];
  }

  /** Reads one line of a function's log. Anything that is not an EMF line is none of its business. */
  read(line: string): void {
    if (!line.includes('"_aws"')) {
      return;
    }
    const { _aws: directive, ...record } = emf.parse(JSON.parse(line));
    for (const { Namespace, Dimensions, Metrics } of directive.CloudWatchMetrics) {
      for (const names of Dimensions) {
        const dimensions = Object.fromEntries(names.map((name) => [name, String(record[name])]));
        for (const { Name } of Metrics) {
          for (const value of [record[Name]].flat()) {
            this.put(Namespace, Name, dimensions, Number(value), directive.Timestamp);
          }
        }
      }
    }
  }

  put(
    namespace: string,
    name: string,
    dimensions: Readonly<Record<string, string>>,
    value: number,
    at = this.#now(),
  ): void {
    const key = JSON.stringify([namespace, name, Object.entries(dimensions).toSorted()]);
    const metric = this.#metrics.get(key) ?? { namespace, name, dimensions, points: [] };
    this.#metrics.set(key, metric);
    metric.points.push({ at, value });
    for (const alarm of this.#alarms.filter((one) => isOn(one, metric))) {
      this.#look(alarm, metric);
      if (this.isInAlarm(alarm.name) === true) {
        this.onAlarm(alarm.name);
      }
    }
  }

  /** Whether it is in its ALARM state now; undefined where there is no such alarm. */
  isInAlarm(name: string): boolean | undefined {
    const alarm = this.#alarms.find((one) => one.name === name);
    const points = this.metrics.find((metric) => alarm !== undefined && isOn(alarm, metric))?.points ?? [];
    return alarm === undefined
      ? undefined
      : inARow(alarm, points, this.#start, this.#now()).now >= alarm.evaluationPeriods;
  }

  /** All that have rung so far, also for want of data. */
  rang(): string[] {
    for (const alarm of this.#alarms) {
      this.#look(
        alarm,
        this.metrics.find((metric) => isOn(alarm, metric)),
      );
    }
    return [...this.#rang].toSorted();
  }

  #look(alarm: StackAlarm, metric: Metric | undefined): void {
    if (
      this.#rang.has(alarm.name) ||
      inARow(alarm, metric?.points ?? [], this.#start, this.#now()).most < alarm.evaluationPeriods
    ) {
      return;
    }
    this.#rang.add(alarm.name);
    // Those on what tidies find are levels, which come with each tidy: nothing has happened.
    if (alarm.namespace === 'skep' && alarm.statistic === 'Sum') {
      this.raised.add(alarm.metric);
    }
    this.onRing(alarm);
  }
}

const isOn = (alarm: StackAlarm, { namespace, name, dimensions }: Metric): boolean =>
  alarm.namespace === namespace && alarm.metric === name && isDeepStrictEqual(alarm.dimensions, dimensions);

const STATISTICS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Maximum: (values) => Math.max(...values),
};

/**
 * How many periods one after the other were over the threshold: at most so far, and until now. A period is whole before it lacks data.
 * (AWS looks at some periods more where data is missing, and says so only roughly.)
 */
function inARow(
  alarm: StackAlarm,
  points: readonly Datapoint[],
  start: number,
  now: number,
): { readonly most: number; readonly now: number } {
  const { threshold, treatMissingData } = alarm;
  const period = alarm.period * 1000;
  const statistic = STATISTICS[alarm.statistic];
  if (statistic === undefined || alarm.comparison !== 'GreaterThanOrEqualToThreshold') {
    throw new Error(`the lab does not know alarms like ${alarm.name}: ${alarm.statistic} ${alarm.comparison}`);
  }
  const byPeriod = Map.groupBy(points, ({ at }) => Math.floor(at / period));
  const count = { most: 0, now: 0 };
  for (let index = Math.ceil(start / period) - 1; index <= Math.floor(now / period); index += 1) {
    const values = byPeriod.get(index)?.map(({ value }) => value);
    const isWhole = index >= start / period && index < Math.floor(now / period);
    const breaches =
      values === undefined ? treatMissingData === 'breaching' && isWhole : statistic(values) >= threshold;
    count.now = breaches ? count.now + 1 : 0;
    count.most = Math.max(count.most, count.now);
  }
  return count;
}
