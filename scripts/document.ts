// Prints an SSM document as it is deployed: `npm run document -- demote`, or its script alone: `npm run document -- demote --script`.
import { parseArgs } from 'node:util';

import { stringify } from 'yaml';

import { documentOf } from '../resources/documents.ts';
import { VERBS } from '../src/core/names.ts';

const { values, positionals } = parseArgs({ options: { script: { type: 'boolean' } }, allowPositionals: true });
const verb = VERBS.find((one) => one === positionals[0]);
if (verb === undefined) {
  throw new Error(`name one of the verbs: ${VERBS.join(', ')}`);
}
const document = documentOf(verb);
process.stdout.write(values.script === true ? scriptOf(document) : stringify(document, { lineWidth: 0 }));

function scriptOf({ mainSteps }: ReturnType<typeof documentOf>): string {
  return mainSteps.flatMap(({ inputs }) => inputs.runCommand).join('\n');
}
