// Takes each single statement out of each policy of the packaged template, and says which scenario fails for the lack of it.
//
//   node scripts/permissions.ts [SCENARIO...]
//
// First each scenario is run once, to see which statements it could not do without; then each statement is really taken out, and
// one of those scenarios has to fail with AWS's refusal. Exits with 1 if there is a statement that nothing needs.
import { globSync } from 'node:fs';

import { statementsOf, withoutStatement } from '../lab/aws/iam/statements.ts';
import { readScenario } from '../lab/scenario/read.ts';
import { runScenario } from '../lab/scenario/play.ts';
import type { Stack } from '../lab/aws/stack/stack.ts';

/** Loops over all calls or states: they need nothing that shorter scenarios do not. */
const LONG = /every-|each-state|burst\//;

/** Scenarios for each statement. */
const TRIED = 3;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const given = process.argv.slice(2);
const files =
  given.length > 0
    ? given
    : [...globSync('examples/*/scenario.yaml'), ...globSync('test/scenarios/*/*.yaml')]
        .toSorted()
        .filter((file) => !LONG.test(file));

/** What each statement is needed by, the quickest scenario first. */
async function findNeeds(): Promise<{ all: readonly string[]; needs: ReadonlyMap<string, readonly string[]> }> {
  let all: readonly string[] = [];
  const found: { file: string; seconds: number; needed: ReadonlySet<string> }[] = [];
  for (const file of files) {
    const needed = new Set<string>();
    const changed = (stack: Stack): Stack => {
      all = statementsOf(stack);
      return stack;
    };
    const { seconds } = await runScenario(readScenario(file), {
      nodes: 'simulated',
      changed,
      onNeeded: (statement) => needed.add(statement),
    });
    found.push({ file, seconds, needed });
  }
  found.sort((a, b) => a.seconds - b.seconds);
  const needs = new Map(all.map((one) => [one, found.filter(({ needed }) => needed.has(one)).map(({ file }) => file)]));
  return { all, needs };
}

/** How the run without the statement fails; undefined if it does not. */
async function refusal(statement: string, file: string): Promise<string | undefined> {
  const changed = (stack: Stack): Stack => withoutStatement(stack, statement);
  try {
    const { ok, denied } = await runScenario(readScenario(file), { nodes: 'simulated', changed });
    return ok ? undefined : denied[0];
  } catch (error) {
    // Not even deployed.
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** A scenario may have needed it by chance of the hour, so a few are tried. */
async function firstRefusal(statement: string, among: readonly string[]): Promise<string | undefined> {
  for (const file of among.slice(0, TRIED)) {
    const refused = await refusal(statement, file);
    if (refused !== undefined) {
      return `${file}: ${refused}`;
    }
  }
  return undefined;
}

const { all, needs } = await findNeeds();
let idle = 0;
for (const statement of all) {
  const refused = await firstRefusal(statement, needs.get(statement) ?? []);
  idle += refused === undefined ? 1 : 0;
  print(`${statement}: ${refused ?? 'NOTHING NEEDS IT'}`);
}
print(`${all.length} statements, ${idle} that nothing needs, in ${files.length} scenarios`);
process.exitCode = idle === 0 ? 0 : 1;
