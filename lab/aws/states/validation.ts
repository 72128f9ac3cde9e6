// ValidateStateMachineDefinition as the lab plays it: what it would refuse to load itself. AWS's own validation is another program.
import { z } from 'zod';

import { deployedDefinition } from './deployed.ts';
import { DefinitionError } from './errors.ts';

const asked = z.strictObject({
  definition: z.string().min(1).max(1_048_576),
  type: z.enum(['STANDARD', 'EXPRESS']).optional(),
  severity: z.enum(['ERROR', 'WARNING']).optional(),
  maxResults: z.number().int().min(0).max(100).optional(),
});

export function validateDefinition(input: Record<string, unknown>): unknown {
  const problem = problemOf(asked.parse(input).definition);
  const diagnostics = problem === undefined ? [] : [{ severity: 'ERROR', ...problem }];
  return { result: problem === undefined ? 'OK' : 'FAIL', diagnostics, truncated: false };
}

function problemOf(definition: string): { readonly code: string; readonly message: string } | undefined {
  try {
    deployedDefinition(JSON.parse(definition));
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return { code: 'INVALID_JSON_DESCRIPTION', message: error.message };
    if (error instanceof DefinitionError) return { code: 'SCHEMA_VALIDATION_FAILED', message: error.message };
    throw error;
  }
}
