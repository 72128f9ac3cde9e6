// Tables for people: with lines on a terminal, plain columns where another program reads them.
import CliTable from 'cli-table3';

const style = { head: [], border: [] };

/** @param lines whether to draw lines: on a terminal that is wide enough */
export function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  lines = process.stdout.isTTY && fits(head, rows, process.stdout.columns),
): string {
  if (lines) {
    const table = new CliTable({ head: [...head], style });
    table.push(...rows.map((row) => [...row]));
    return table.toString();
  }
  const widths = widthsOf(head, rows);
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const widthsOf = (head: readonly string[], rows: readonly (readonly string[])[]): readonly number[] =>
  head.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));

function fits(head: readonly string[], rows: readonly (readonly string[])[], width: number): boolean {
  return widthsOf(head, rows).reduce((sum, one) => sum + one + 3, 1) <= width;
}
