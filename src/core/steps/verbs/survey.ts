// survey: tells what the engine of the instance says of itself as a manager.
import { instanceId } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const survey: VerbUnit = {
  description: 'tells what the engine of the instance says of itself as a manager; changes nothing',
  runsOn: 'instance',
  libraries: ['machine'],
  parameters: { instanceId },
  runtime: 90,
  underHold: () => true,
  final: ['InstanceUnreachable'],
};
