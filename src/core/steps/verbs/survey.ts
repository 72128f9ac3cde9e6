// survey: tells what the engine of the instance says of itself as a manager.
import { YES_OR_NO, instanceId } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

export const survey: VerbUnit = {
  description: 'tells what the engine of the instance says of itself as a manager; changes nothing',
  runsOn: 'instance',
  libraries: ['machine'],
  parameters: {
    instanceId,
    volumes: {
      description: 'whether to tell the local volumes too, with the bytes in them: to count those may take a while',
      preset: 'no',
      pattern: YES_OR_NO,
      // Only a person asks for it, before a cluster goes.
      value: () => 'no',
    },
  },
  runtime: 90,
  underHold: () => true,
  final: ['InstanceUnreachable'],
};
