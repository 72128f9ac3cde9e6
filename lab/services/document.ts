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

/**
 * The script as the agent runs it: a parameter of type ENV_VAR stays a name (its value comes as `SSM_<name>`), any other is
 * spliced in as text.
 */
export function renderScript(
  { script, parameters: declared }: SsmDocument,
  values: Readonly<Record<string, string>>,
): string {
  return script.replaceAll(/\{\{\s*([A-Za-z][A-Za-z0-9]*)\s*\}\}/g, (text, name: string) => {
    const parameter = declared[name];
    return parameter === undefined || parameter.interpolationType === 'ENV_VAR' ? text : (values[name] ?? text);
  });
}
