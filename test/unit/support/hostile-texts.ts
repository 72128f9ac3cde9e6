// What anybody may write where a document prints it: texts for tests of what reads them.
import fc from 'fast-check';

import { INSTANCE } from './examples.ts';

/** What shells, JSON, terminals, templates and lists of ours take for something of theirs. */
const NASTY = [
  ...['"', "'", '\\', '\n', '\r', '\t', '\0', '\u001b[2J', '\u202e', '\u2028', '\ud800', '`id`', '$(id)', '${IFS}'],
  ...[
    '}{',
    '"}\n{"id":"',
    ']}',
    ',',
    '@',
    '|',
    ' ',
    '%s',
    '{{.Node.ID}}',
    '__proto__',
    'constructor',
    '\ufeff',
    '\u0000',
  ],
  ...[
    'é',
    '名',
    '👩‍🚀',
    'more@1111111111@08',
    `${'o'.repeat(25)} worker ready active ${INSTANCE} leader 10.0.0.1:2377 - - -\n`,
  ],
];
const short = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 9 })), { maxLength: 40 })
    .map((all) => all.join('')),
);
/** Up to 64 kB of them. */
export const anyText = fc.oneof(
  { weight: 4, arbitrary: short },
  {
    weight: 1,
    arbitrary: fc
      .tuple(short, fc.integer({ min: 1, max: 65_536 }))
      .map(([text, size]) =>
        (text === '' ? 'a' : text).repeat(Math.ceil(size / Math.max(1, text.length))).slice(0, size),
      ),
  },
);
export const anything = fc.oneof(anyText, fc.jsonValue({ maxDepth: 3 }), fc.array(anyText, { maxLength: 5 }));
