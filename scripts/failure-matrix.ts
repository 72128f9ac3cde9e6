// Prints what comes of each failure of each document, once and three times in a row.
//
//   npm run matrix [-- DOCUMENT...]
//
// `.` nothing; `a` a launch was abandoned, `f` an instance was ended by force, `o` a hook was left open; in brackets where the table
// of final errors says so; `?` the document was not sent. Exits with 1 if one that is not in that table has cost an instance or a launch.
import { ALL_CELLS, DOCUMENTS, WAYS, documentsByFlow } from './matrix/cells.ts';
import { runCells } from './matrix/run.ts';
import type { Outcome } from './matrix/run.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const given = process.argv.slice(2);
const unknown = given.filter((one) => !DOCUMENTS.some((verb) => verb === one));
if (unknown.length > 0) {
  throw new Error(`there is no document ${unknown.join(', ')}: ${DOCUMENTS.join(', ')}`);
}
const documents = DOCUMENTS.filter((verb) => given.length === 0 || given.includes(verb));

const signOf = ({ forced, abandoned, open, isFinal, hit }: Outcome): string => {
  const signs = [abandoned > 0 ? 'a' : '', forced > 0 ? 'f' : '', open > 0 ? 'o' : ''].join('');
  return !hit ? '?' : signs === '' ? '.' : isFinal ? `(${signs})` : signs;
};

let failed = 0;
for (const together of documentsByFlow(documents)) {
  const outcomes = await runCells(ALL_CELLS.filter(({ document }) => together.includes(document)));
  failed += outcomes.filter(({ ok }) => !ok).length;
  for (const document of together) {
    print(`\n${document}: once, three times`);
    for (const { name } of WAYS) {
      const own = outcomes.filter((one) => one.document === document && one.way.name === name);
      const signs = own.toSorted((a, b) => a.times - b.times).map(signOf);
      print(`  ${name.padEnd(32)} ${signs.map((sign) => sign.padEnd(6)).join('')}`);
    }
  }
}
print(`\n${String(failed)} cells cost an instance or a launch that no final error accounts for`);
process.exitCode = failed === 0 ? 0 : 1;
