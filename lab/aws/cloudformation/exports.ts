// What the stacks of an account export to each other: each name once, and as it is while another stack imports it.
import type { StackOutput } from '../stack/stack.ts';
import type { StackRecord } from './stack-record.ts';

export interface Export {
  readonly stack: StackRecord;
  readonly output: StackOutput;
}

export function exportsOf(all: readonly StackRecord[]): readonly Export[] {
  return all.flatMap((stack) => stack.exports.map((output) => ({ stack, output })));
}

/** The names of the stacks that import it. */
export function importersOf(all: readonly StackRecord[], name: string): readonly string[] {
  return all.filter(({ imports }) => imports.has(name)).map((stack) => stack.name);
}

/** Why the stack cannot have these outputs; undefined where it can. */
export function exportProblem(
  all: readonly StackRecord[],
  stack: StackRecord,
  outputs: readonly StackOutput[],
): string | undefined {
  const wanted = new Map(outputs.map(({ exportName, value }) => [exportName, value]));
  for (const { stack: other, output } of exportsOf(all)) {
    if (other !== stack && wanted.has(output.exportName)) {
      return `Export with name ${output.exportName ?? ''} is already exported by stack ${other.name}`;
    }
  }
  for (const { exportName = '', value } of stack.exports) {
    const importers = importersOf(all, exportName);
    if (importers.length > 0 && wanted.get(exportName) !== value) {
      const what = wanted.has(exportName) ? 'updated' : 'deleted';
      return `Export ${exportName} cannot be ${what} as it is in use by ${importers.join(' and ')}`;
    }
  }
  return undefined;
}
