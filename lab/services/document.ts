// An SSM document as the agent reads it: the script, and the parameters with their patterns.
import { z } from 'zod';

import type { StackDocument } from '../stack/stack.ts';

const content = z.object({
  schemaVersion: z.literal('2.2'),
  parameters: z.record(
    z.string(),
    z.object({
      type: z.literal('String'),
      default: z.string().optional(),
      allowedPattern: z.string(),
      interpolationType: z.literal('ENV_VAR').optional(),
    }),
  ),
  mainSteps: z.tuple([
    z.object({ action: z.literal('aws:runShellScript'), inputs: z.object({ runCommand: z.array(z.string()) }) }),
  ]),
});

export interface SsmDocument {
  readonly name: string;
  readonly verb: string;
  readonly script: string;
  readonly parameters: z.infer<typeof content>['parameters'];
}

/** @throws {z.ZodError} for a document of a form that the lab does not know. */
export function readDocument({ name, verb, content: raw }: StackDocument): SsmDocument {
  const { parameters, mainSteps } = content.parse(raw);
  return { name, verb, script: mainSteps[0].inputs.runCommand.join('\n'), parameters };
}
