// Lays a table out for people: with lines on a terminal, as plain columns where another program reads it, and one value below the other where
// nothing else fits.
import CliTable from 'cli-table3';

const style = { head: [], border: [] };

type Row = readonly string[];

/** @param width of the terminal; undefined where there is none */
export function columns(
  head: Row,
  rows: readonly Row[],
  width = process.stdout.isTTY ? process.stdout.columns : undefined,
): string {
  const widths = widthsOf(head, rows);
  const sum = widths.reduce((all, one) => all + one, 0);
  // Each column has two spaces and a line beside it.
  if (width !== undefined && sum + 3 * widths.length + 1 <= width) {
    const table = new CliTable({ head: [...head], style });
    table.push(...rows.map((row) => [...row]));
    return table.toString();
  }
  return width === undefined || sum + 2 * (widths.length - 1) <= width ? plain(head, rows, widths) : listed(head, rows);
}

const plain = (head: Row, rows: readonly Row[], widths: readonly number[]): string =>
  [head, ...rows]
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');

const listed = (head: Row, rows: readonly Row[]): string =>
  rows
    .map(([first = '', ...others]) =>
      [first, ...others.map((cell, index) => `  ${head[index + 1] ?? ''}: ${cell}`)].join('\n'),
    )
    .join('\n');

const widthsOf = (head: Row, rows: readonly Row[]): readonly number[] =>
  head.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
