// The documents as SSM gets them, and a run of one as its agent does it.
import { z } from 'zod';

import type { DocumentRun } from '../../../lab/nodes/machines.ts';
import { documentOf } from '../../../resources/documents.ts';
import { VERBS } from '../../../src/core/names.ts';
import type { Verb } from '../../../src/core/names.ts';

export { VERBS };
export type { Verb };

const documentSchema = z.strictObject({
  schemaVersion: z.literal('2.2'),
  description: z.string().min(1),
  parameters: z.record(
    z.string(),
    z.strictObject({
      type: z.literal('String'),
      description: z.string().min(1),
      default: z.string().optional(),
      allowedPattern: z.string().regex(/^\^.*\$$/),
      maxChars: z.number().optional(),
      interpolationType: z.literal('ENV_VAR').optional(),
    }),
  ),
  mainSteps: z.tuple([
    z.strictObject({
      action: z.literal('aws:runShellScript'),
      name: z.string(),
      precondition: z.strictObject({ StringEquals: z.tuple([z.literal('platformType'), z.literal('Linux')]) }),
      inputs: z.strictObject({ timeoutSeconds: z.literal('{{ executionTimeout }}'), runCommand: z.array(z.string()) }),
    }),
  ]),
});

export type SsmDocument = z.infer<typeof documentSchema>;

/** The document, as the deploy tool makes it. */
export const loadDocument = (verb: Verb): SsmDocument => documentSchema.parse(documentOf(verb));

export function scriptOf(verb: Verb): string {
  return loadDocument(verb).mainSteps[0].inputs.runCommand.join('\n');
}

export type Agent = 'environment' | 'splicing';

/**
 * What the agent runs for a command. Agents before 3.3.2746.0 ('splicing') know no environment variables for parameters.
 * @throws when a parameter is missing, unknown or does not match its pattern, as SendCommand does
 */
export function render(verb: Verb, given: Readonly<Record<string, string>>, agent: Agent = 'environment'): DocumentRun {
  const { parameters } = loadDocument(verb);
  const presets = Object.entries(parameters).flatMap(([name, { default: preset }]) =>
    preset === undefined ? [] : [[name, preset] as const],
  );
  const values: Readonly<Record<string, string>> = { ...Object.fromEntries(presets), ...given };
  for (const name of new Set([...Object.keys(values), ...Object.keys(parameters)])) {
    const pattern = parameters[name]?.allowedPattern;
    const value = values[name];
    if (pattern === undefined || value === undefined || !new RegExp(pattern).test(value)) {
      throw new Error(`InvalidParameters: ${verb}: ${name}: ${value ?? 'missing'}`);
    }
  }
  const inEnvironment = (name: string): boolean =>
    agent === 'environment' && parameters[name]?.interpolationType === 'ENV_VAR';
  const script = scriptOf(verb).replaceAll(/\{\{ *([A-Za-z]+) *\}\}/g, (text, name: string) =>
    inEnvironment(name) ? text : (values[name] ?? text),
  );
  const environment = Object.entries(values).filter(([name]) => inEnvironment(name));
  return {
    verb,
    script,
    parameters: Object.fromEntries(environment),
    timeoutSeconds: Number(values['executionTimeout']),
  };
}
