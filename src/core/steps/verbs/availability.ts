// availability: drains, pauses or activates a node, because a person says so.
import { instanceId } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const availability: VerbUnit = {
  description: 'drains, pauses or activates a node, because a person says so; runs on a manager',
  runsOn: 'manager',
  byHand: true,
  libraries: ['node'],
  parameters: {
    instanceId,
    nodeId: {
      description: 'the id of its node',
      pattern: '^[0-9a-z]{25}$',
      value: ({ node }) => node.nodeId,
    },
    availability: {
      description: 'what it is to be',
      pattern: '^(active|pause|drain)$',
      value: ({ plan }) => plan.availability ?? 'active',
    },
  },
  runtime: 60,
  final: ['UnknownNode', 'LeavingNode'],
};
