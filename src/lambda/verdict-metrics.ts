// The metrics of a verdict.
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Metrics } from '@aws-lambda-powertools/metrics';

import { VERDICT_METRICS } from '../core/verdict/verdict.ts';
import type { VerdictMetric, VerdictMetrics } from '../core/verdict/verdict.ts';

/** Twice: of the stage, which alarms watch, since clusters come and go without a deployment; and of the cluster, for the dashboard. */
export function countVerdict(metrics: Metrics, cluster: string, counted: VerdictMetrics): void {
  metrics.addDimensions({}).addDimensions({ cluster });
  for (const [name, unit] of Object.entries(VERDICT_METRICS) as [VerdictMetric, keyof typeof MetricUnit][]) {
    const value = counted[name];
    if (value !== undefined) {
      metrics.addMetric(name, MetricUnit[unit], value);
    }
  }
}
