// The end of a tidy: the verdict of its cluster, and what the tidy's execution gets to know of it.
import * as z from 'zod';

import { clusterName } from '../core/names.ts';
import { tidySummary } from '../core/tidy/summary-shape.ts';
import type { VerdictMetrics } from '../core/verdict/verdict.ts';
import { giveVerdict } from './give-verdict.ts';
import type { VerdictPorts } from './give-verdict.ts';

export const verdictRequest = z.object({
  v: z.literal(1),
  cluster: clusterName,
  execution: z.string(),
  /** It changes nothing, so it has no verdict either. */
  dryRun: z.boolean().default(false),
  seen: tidySummary.nullable(),
  failed: z.looseObject({ Error: z.string(), Cause: z.string().default('') }).nullable(),
  repairsFailed: z.int().nonnegative(),
});

interface EndPorts extends VerdictPorts {
  readonly log: (message: string, about: Record<string, unknown>) => void;
  readonly count: (cluster: string, counted: VerdictMetrics) => void;
}

/** @returns nothing for a dry run, and where a later tidy was faster */
export async function endTidy(
  ports: EndPorts,
  { cluster, execution, dryRun, seen, failed, repairsFailed }: z.infer<typeof verdictRequest>,
): Promise<Record<string, unknown>> {
  if (dryRun) {
    return {};
  }
  const judged = await giveVerdict(ports, {
    ...{ cluster, execution, repairsFailed },
    seen: seen ?? undefined,
    failed: failed === null ? undefined : { error: failed.Error, cause: failed.Cause },
  });
  if (judged === undefined) {
    ports.log('verdict', { cluster, verdict: 'a later tidy was faster' });
    return {};
  }
  const { level, since } = judged.verdict;
  const reasons = judged.verdict.reasons.map(({ name }) => name);
  ports.log('verdict', { cluster, level, reasons, changed: judged.changed });
  ports.count(cluster, judged.metrics);
  return { level, since, reasons };
}
