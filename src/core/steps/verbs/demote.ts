// demote: makes a manager a worker.
import { OF_AN_ACTION } from '../final-reasons.ts';
import { instanceId, provenAt } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const demote: VerbUnit = {
  description: 'makes a manager a worker; runs on another manager',
  runsOn: 'manager',
  libraries: ['node'],
  parameters: {
    instanceId,
    nodeId: {
      description: 'the id of its node, or none',
      pattern: '^(none|[0-9a-z]{25})$',
      value: ({ node }) => node.nodeId,
    },
    address: {
      description: 'the address of the manager, ip:port, or none',
      pattern: '^(none|[0-9]{1,3}(\\.[0-9]{1,3}){3}:[0-9]{1,5})$',
      value: ({ node }) => node.address,
    },
    addresses: provenAt,
    least: {
      description: 'how many managers must be left',
      pattern: '^[0-9]{1,3}$',
      value: ({ least }) => String(least),
    },
  },
  runtime: 60,
  changesManagers: 'takes away',
  provesWhoseNode: 'unless another is there',
  final: [...OF_AN_ACTION, 'LockTaken', 'OnlyManager', 'QuorumWouldBreak'],
};
