// drain: marks the node of an instance as leaving and moves its tasks away.
import { OF_AN_ACTION } from '../final-reasons.ts';
import { YES_OR_NO, instanceId, nodeId, yesOrNo } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const drain: VerbUnit = {
  description: 'marks the node of an instance as leaving and moves its tasks away; runs on a manager',
  runsOn: 'manager',
  libraries: ['node', 'services'],
  parameters: {
    instanceId,
    nodeId,
    handOver: {
      description: 'whether services that start first may hand over before the node is drained',
      preset: 'no',
      pattern: YES_OR_NO,
      value: ({ handOver }) => yesOrNo(handOver),
    },
  },
  runtime: 60,
  final: [...OF_AN_ACTION, 'StillManager'],
};
