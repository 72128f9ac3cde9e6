// inspect: tells the nodes of the swarm, in pages.
import { YES_OR_NO, yesOrNo } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const inspect: VerbUnit = {
  description: "tells a page of the swarm's nodes; runs on a manager",
  runsOn: 'manager',
  libraries: ['machine', 'node', 'tokens'],
  parameters: {
    offset: {
      description: 'the number of nodes to skip',
      pattern: '^(0|[1-9][0-9]{0,5})$',
      value: ({ offset }) => String(offset),
    },
    brief: {
      description: 'whether to tell plain healthy workers by their number and a digest only',
      preset: 'no',
      pattern: YES_OR_NO,
      value: ({ brief }) => yesOrNo(brief),
    },
  },
  // All nodes at once, where it is asked briefly.
  runtime: 90,
  underHold: () => true,
  final: ['NotFounded'],
};
