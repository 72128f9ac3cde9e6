// rotate: makes the join tokens of the swarm anew, and publishes them.
import { stage, tokenKey } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const rotate: VerbUnit = {
  description: 'makes the join tokens of the swarm anew and publishes them; runs on a manager',
  runsOn: 'manager',
  libraries: ['machine', 'node', 'tokens', 'publish'],
  parameters: { stage, tokenKey },
  // Seconds, but for Parameter Store, which is asked again where it throttles.
  runtime: 180,
  publishesTokens: true,
  final: ['Held', 'NotFounded'],
};
