// How docker prints: tables, durations, and the little of Go's templates that scripts use.
import { NotToBeHad } from '../../nodes/machines.ts';
import { ClientError } from './error.ts';

/** null: a field that is there and empty, which JSON leaves out. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Text with `{{json .}}`, `{{json .A.B}}` and `{{.A.B}}`.
 *
 * @throws where there is more to it, or a field that docker does not have
 */
export function applyTemplate(template: string, fields: Fields): string {
  const text = template.replace(/\{\{(json )?\s*\.([\w.]*)\s*\}\}/g, (_, json: string | undefined, path: string) => {
    const value = path === '' ? fields : path.split('.').reduce<unknown>(field, fields);
    return json === undefined ? goText(value) : toJson(value);
  });
  if (text.includes('{{')) {
    throw new NotToBeHad(`simulated docker does not know the template ${template}`);
  }
  return `${text}\n`;
}

function field(of: unknown, name: string): unknown {
  if (of === null) {
    throw new ClientError(`template parsing error: executing "" at <.${name}>: nil pointer evaluating`);
  }
  const found = Object.entries((of ?? {}) as Fields).find(([key]) => key === name) ?? noField(name);
  return found[1];
}

function noField(name: string): never {
  throw new Error(`simulated docker has no field ${name}`);
}

function goText(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(goText).join(' ')}]`;
  }
  if (value === null) {
    return '<nil>';
  }
  return typeof value === 'string' ? value : toJson(value);
}

export const toJson = (value: unknown, indent?: number): string =>
  value === null ? 'null' : JSON.stringify(value, (_, one: unknown) => (one === null ? undefined : one), indent);

/** Columns as wide as their widest cell, and three more. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length)) + 3);
  const last = header.length - 1;
  return [header, ...rows]
    .map(
      (row) => `${row.map((cell, column) => (column === last ? cell : cell.padEnd(widths[column] ?? 0))).join('')}\n`,
    )
    .join('');
}

const STEPS: readonly (readonly [limit: number, unit: number, name: string])[] = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [48 * 3600, 3600, 'hour'],
  [Infinity, 86_400, 'day'],
];

/** `5 seconds ago`. */
export function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) {
    return 'less than a second ago';
  }
  const [, unit, name] = STEPS.find(([limit]) => seconds < limit) ?? [0, 1, 'second'];
  const count = Math.floor(seconds / unit);
  if (count === 1 && unit > 1) {
    return unit === 60 ? 'about a minute ago' : 'about an hour ago';
  }
  return `${count} ${name}${count === 1 ? '' : 's'} ago`;
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `1m30s` in ms. @throws where it is no duration */
export function readDuration(text: string): number {
  if (!/^(?:\d+(?:ms|h|m|s))+$/.test(text)) {
    throw new Error(`not a duration: ${text}`);
  }
  return [...text.matchAll(/(\d+)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}

export const capitalized = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
