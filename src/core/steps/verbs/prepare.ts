// prepare: waits until the instance is ready to join.
import { OF_A_NEW_INSTANCE } from '../final-reasons.ts';
import { instanceId } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const prepare: VerbUnit = {
  description: 'waits until the instance is ready to join, so that its join takes seconds',
  runsOn: 'new',
  libraries: ['machine', 'identity'],
  parameters: { instanceId },
  runtime: 600,
  final: OF_A_NEW_INSTANCE,
  record: ({ address, zone }) => ({ address, zone }),
};
