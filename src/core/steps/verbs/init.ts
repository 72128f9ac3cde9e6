// init: founds the swarm of a cluster on the instance.
import { OF_A_NEW_INSTANCE } from '../final-reasons.ts';
import { dataPathPort, instanceId, stage, tokenKey } from './parameters.ts';
import { asJoined } from './verb.ts';
import type { VerbUnit } from './verb.ts';

export const init: VerbUnit = {
  description: 'founds the swarm of a cluster on the instance and publishes its join tokens',
  runsOn: 'new',
  libraries: ['machine', 'identity', 'tokens', 'publish'],
  parameters: {
    stage,
    instanceId,
    swarmId: {
      description: 'the swarm that the cluster was founded as, or none',
      pattern: '^(none|[0-9a-z]{25})$',
      value: ({ plan }) => plan.swarm?.swarmId ?? 'none',
    },
    tokenKey,
    addressPool: {
      description: "where the swarm's networks take their addresses from, a CIDR",
      pattern: '^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$',
      value: ({ config }) => config.addressPool,
    },
    subnetSize: {
      description: 'the prefix length of each network',
      pattern: '^(1[0-9]|2[0-9])$',
      value: ({ config }) => String(config.subnetSize),
    },
    dataPathPort,
  },
  runtime: 600,
  needsConfig: true,
  phaseWhenSent: 'joining',
  founds: true,
  publishesTokens: true,
  final: [...OF_A_NEW_INSTANCE, 'InitFailed', 'AddressPoolOverlap', 'FoundedOtherwise', 'HeardTooLate'],
  tellsOwnNodeId: true,
  record: asJoined,
};
