// An SSM document as the agent reads it: the script, and the parameters with their patterns.
import { z } from 'zod';

import type { StackDocument } from '../stack/stack.ts';
import { AwsError } from './service.ts';

const content = z.object({
  schemaVersion: z.literal('2.2'),
  parameters: z.record(
    z.string(),
    z.object({
      type: z.literal('String'),
      default: z.string().optional(),
      allowedPattern: z.string().optional(),
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

/** AWS checks names and allowedPattern when the command is sent, and fills in defaults. */
export function checkParameters(document: SsmDocument, given: Record<string, string[]>): Record<string, string> {
  const declared = document.parameters;
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  if (unknown.length > 0) {
    throw new AwsError('InvalidParameters', `Document ${document.name} has no parameter ${unknown.join(', ')}`);
  }
  return Object.fromEntries(
    Object.entries(declared).map(([name, { default: preset, allowedPattern }]) => {
      const value = given[name]?.[0] ?? preset;
      if (value === undefined && allowedPattern === undefined) {
        // It gets as far as the agent, which makes a text of nothing.
        return [name, 'null'];
      }
      if (value === undefined) {
        throw new AwsError('InvalidParameters', `Missing required parameter ${name}`);
      }
      if (allowedPattern !== undefined && !new RegExp(allowedPattern).test(value)) {
        throw new AwsError('InvalidParameters', `Parameter ${name} does not match ${allowedPattern}: ${value}`);
      }
      return [name, value];
    }),
  );
}

export interface DocumentVersions {
  readonly defaultVersion: string;
  readonly latestVersion: string;
}

const FIRST: DocumentVersions = { defaultVersion: '1', latestVersion: '1' };

export function describeDocument({ name }: SsmDocument, { defaultVersion, latestVersion } = FIRST): unknown {
  return {
    Document: {
      Name: name,
      DocumentVersion: defaultVersion,
      Status: 'Active',
      PlatformTypes: ['Linux'],
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      SchemaVersion: '2.2',
      DefaultVersion: defaultVersion,
      LatestVersion: latestVersion,
      TargetType: '/AWS::EC2::Instance',
    },
  };
}
