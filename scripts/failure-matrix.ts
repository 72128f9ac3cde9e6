// Prints what comes of each failure of each document, once and three times in a row.
//
//   npm run matrix [-- DOCUMENT...]
//
// `.` nothing; `a` a launch was abandoned, `f` an instance was ended by force, `o` a hook was left open; in brackets where the table
// of final errors says so. Exits with 1 if one that is not in that table has cost an instance or a launch.
import { ALL_CELLS, WAYS, runCells } from './matrix/cells.ts';
import type { Outcome } from './matrix/cells.ts';
import { VERBS } from '../src/core/names.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const given = process.argv.slice(2);
const unknown = given.filter((one) => !VERBS.some((verb) => verb === one));
if (unknown.length > 0) {
  throw new Error(`there is no document ${unknown.join(', ')}: ${VERBS.join(', ')}`);
}
const documents = VERBS.filter((verb) => given.length === 0 || given.includes(verb));

const signOf = ({ forced, abandoned, open, isFinal, ok }: Outcome): string => {
  const signs = [abandoned > 0 ? 'a' : '', forced > 0 ? 'f' : '', open > 0 ? 'o' : ''].join('');
  return signs === '' ? (ok ? '.' : '?') : isFinal ? `(${signs})` : signs;
};

let failed = 0;
for (const document of documents) {
  const outcomes: Outcome[] = [];
  for (const times of [1, 3]) {
    outcomes.push(
      ...(await runCells(
        document,
        ALL_CELLS.filter((cell) => cell.document === document && cell.times === times),
      )),
    );
  }
  failed += outcomes.filter(({ ok }) => !ok).length;
  print(`\n${document}: once, three times`);
  for (const { name } of WAYS) {
    const signs = outcomes.filter(({ way }) => way.name === name).map(signOf);
    print(`  ${name.padEnd(32)} ${signs.map((sign) => sign.padEnd(6)).join('')}`);
  }
}
print(`\n${String(failed)} cells cost an instance or a launch that no final error accounts for`);
process.exitCode = failed === 0 ? 0 : 1;
