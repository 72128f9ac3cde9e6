// forget: removes the node of an instance from the swarm.
import { OF_AN_ACTION } from '../final-reasons.ts';
import { YES_OR_NO, instanceId, nodeId, provenAt, yesOrNo } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const forget: VerbUnit = {
  description: 'removes the node of an instance from the swarm; runs on a manager',
  runsOn: 'manager',
  libraries: ['node'],
  parameters: {
    instanceId,
    nodeId,
    addresses: provenAt,
    force: {
      description: 'whether to remove the node although tasks of it may run',
      pattern: YES_OR_NO,
      value: ({ force }) => yesOrNo(force),
    },
  },
  runtime: 60,
  mayWriteOff: true,
  provesWhoseNode: 'by its address',
  final: [...OF_AN_ACTION, 'StillManager'],
  record: () => ({ phase: 'gone' }),
};
