// Writes the JSON Schema of skep.yaml, which editors read, from the one that the command checks with: `npm run docs`. A test compares them.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';
import { z } from 'zod';

import { clusterFile } from '../src/core/cluster/file.ts';

export const SCHEMA_FILE = fileURLToPath(new URL('../cluster/skep.schema.json', import.meta.url));

export async function clusterSchema(): Promise<string> {
  const schema = { $id: 'skep.schema.json', title: 'skep.yaml', ...z.toJSONSchema(clusterFile, { io: 'input' }) };
  return format(JSON.stringify(schema), { ...(await resolveConfig(SCHEMA_FILE)), parser: 'json' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, await clusterSchema());
}
