// Definitions as they are deployed: each is read once in a process, and held against asl-validator once on a machine.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

import { checkWithAslValidator, compileDefinition, type Definition } from './definition.ts';

const KEPT = fileURLToPath(new URL('../../../.build/asl-valid', import.meta.url));

const { version } = z
  .object({ version: z.string() })
  .parse(createRequire(import.meta.url)('asl-validator/package.json'));

/** By their text: one process opens many labs of the same stack. */
const known = new Map<string, Definition>();

/**
 * The same as parseDefinition. asl-validator compiles its schemas anew for each definition, which took two thirds of the time in which
 * a lab starts; so it is remembered, beside the packages, what it had nothing against.
 * @throws DefinitionError for anything that the lab would not run as AWS does
 */
export function deployedDefinition(value: unknown): Definition {
  const text = JSON.stringify(value);
  const old = known.get(text);
  if (old !== undefined) return old;
  const definition = compileDefinition(value);
  const verdict = path.join(KEPT, createHash('sha256').update(`${version}\n${text}`).digest('hex'));
  if (!existsSync(verdict)) {
    checkWithAslValidator(value);
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(verdict, '');
  }
  known.set(text, definition);
  return definition;
}
