// drain: marks the node of an instance as leaving and moves its tasks away.
import { OF_AN_ACTION } from '../final-reasons.ts';
import { YES_OR_NO, instanceId, listOrNone, nodeId, provenAt, yesOrNo } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const drain: VerbUnit = {
  description: 'marks the node of an instance as leaving and moves its tasks away; runs on a manager',
  runsOn: 'manager',
  libraries: ['node', 'services'],
  parameters: {
    instanceId,
    nodeId,
    addresses: provenAt,
    handOver: {
      description: 'whether services that start first may hand over before the node is drained',
      preset: 'no',
      pattern: YES_OR_NO,
      value: ({ handOver }) => yesOrNo(handOver),
    },
    together: {
      description: 'nodes that AWS takes in the same minutes, each with its instance: paused first; or none',
      preset: 'none',
      pattern: '^(none|[0-9a-z]{25}@i-[0-9a-f]{8,17}(,[0-9a-z]{25}@i-[0-9a-f]{8,17})*)$',
      value: ({ plan }) => listOrNone((plan.together ?? []).filter((one) => !one.endsWith(`@${plan.instance ?? ''}`))),
    },
  },
  runtime: 60,
  tellsLosses: true,
  provesWhoseNode: 'by its address',
  final: [...OF_AN_ACTION, 'StillManager'],
};
