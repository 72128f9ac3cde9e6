// Reads a cluster's file, and tells every mistake with file, line and column.
import { readFileSync } from 'node:fs';

import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';

import type { ClusterFile } from '../../src/core/cluster/file.ts';
import { checkFile } from '../../src/core/cluster/mistakes.ts';
import type { Mistake } from '../../src/core/cluster/mistakes.ts';
import { UsageError } from '../errors.ts';

export interface ReadFile {
  /** Undefined where there is an error. */
  readonly file: ClusterFile | undefined;
  /** One line each, in the order in which they stand. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Far more than any cluster needs: what is larger is another file. */
const LARGEST = 1_000_000;

/**
 * Warnings go to `warn`.
 * @throws {UsageError} with all mistakes
 */
export function readClusterFile(path: string, warn: (line: string) => void): ClusterFile {
  const { file, errors, warnings } = parseClusterFile(path, textOf(path));
  for (const warning of warnings) {
    warn(warning);
  }
  if (file === undefined) {
    throw new UsageError(errors.join('\n'));
  }
  return file;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

export function parseClusterFile(name: string, text: string): ReadFile {
  if (text.length > LARGEST) {
    return { file: undefined, errors: [`${name}: is larger than a cluster's file may be`], warnings: [] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  if (document.errors.length > 0) {
    const errors = document.errors.map(({ pos, message }) => `${place(pos[0])}: ${message.split('\n')[0] ?? ''}`);
    return { file: undefined, errors, warnings: [] };
  }
  const read = dataOf(document);
  if ('problem' in read) {
    return { file: undefined, errors: [`${name}:1:1: ${read.problem}`], warnings: [] };
  }
  const { file, mistakes } = checkFile(read.data);
  const placed = mistakes
    .map((mistake) => ({ mistake, offset: offsetOf(document, mistake) }))
    .toSorted((one, other) => one.offset - other.offset);
  const told = (severity: Mistake['severity']): string[] =>
    placed
      .filter(({ mistake }) => mistake.severity === severity)
      .map(({ mistake, offset }) => `${place(offset)}: ${sentence(mistake)}`);
  return { file, errors: told('error'), warnings: told('warning') };
}

/** Aliases that multiply without end are refused here. */
function dataOf(document: Document): { readonly data: unknown } | { readonly problem: string } {
  try {
    return { data: document.toJS() as unknown };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function sentence({ path, message, severity }: Mistake): string {
  const key = path.length === 0 ? '' : `${path.map(keyText).join('.')}: `;
  return `${key}${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

/** A key may hold anything, line breaks too. */
function keyText(key: string | number): string {
  return /^[\w.-]+$/.test(String(key)) ? String(key) : JSON.stringify(key);
}

/** Where it stands, a collection by its key; of what is missing: where it would stand. */
function offsetOf(document: Document, { path, at }: Mistake): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, key] of path.entries()) {
    const pair = pairOf(node, key);
    const child = pair === undefined ? itemOf(node, key) : pair.value;
    const isLast = index === path.length - 1;
    const found = isLast && at === 'value' && isScalar(child) ? startOf(child) : startOf(pair?.key);
    offset = found ?? startOf(child) ?? offset;
    node = child;
  }
  return offset;
}

function pairOf(node: unknown, key: string | number): Pair | undefined {
  return isMap(node)
    ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
    : undefined;
}

function itemOf(node: unknown, key: string | number): unknown {
  return isNode(node) && 'items' in node && typeof key === 'number' ? (node.items as unknown[])[key] : undefined;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined;
}
