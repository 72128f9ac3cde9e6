// recover: makes the manager on the instance the only one of its swarm.
import { dataPathPort, instanceId, stage, tokenKey } from './parameters.ts';
import { needed } from './verb.ts';
import type { VerbUnit } from './verb.ts';

export const recover: VerbUnit = {
  description: 'makes the manager on the instance the only one of its swarm, after every other was fenced',
  runsOn: 'instance',
  libraries: ['machine', 'node', 'tokens', 'publish'],
  parameters: {
    stage,
    instanceId,
    swarmId: {
      description: 'the swarm that the cluster was founded as',
      pattern: '^[0-9a-z]{25}$',
      value: ({ plan }) => needed(plan.swarm, 'swarm').swarmId,
    },
    tokenKey,
    dataPathPort,
    newEpoch: {
      description: 'the epoch that the recovery begins',
      pattern: '^(0|[1-9][0-9]{0,8})$',
      value: ({ plan }) => String((needed(plan.swarm, 'swarm').epoch ?? 0) + 1),
    },
  },
  runtime: 300,
  // As with fence.
  startsSoon: () => true,
  // A held cluster may be the very one that needs it.
  underHold: () => true,
  needsConfig: true,
  recovers: true,
  final: ['QuorumNotLost'],
};
