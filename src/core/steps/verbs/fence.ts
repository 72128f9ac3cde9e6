// fence: stops Docker on an old manager for good.
import { instanceId } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const fence: VerbUnit = {
  description: 'stops Docker on an old manager for good, before a recovery elsewhere',
  runsOn: 'instance',
  libraries: ['machine'],
  parameters: { instanceId },
  runtime: 200,
  // A recovery that was given up must not be carried out later, when things have changed.
  startsSoon: () => true,
  // As with recover.
  underHold: () => true,
  final: ['NotFenced', 'InstanceUnreachable'],
};
