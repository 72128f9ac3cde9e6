// Reads a scenario file. Whatever is wrong with it is said with file, line and key, all of it at once.
import { readFileSync } from 'node:fs';

import { LineCounter, isNode, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';

import { danglingReferences } from './references.ts';
import type { Problem } from './references.ts';
import { scenarioSchema } from './schema.ts';
import type { PlainStep, Scenario, Step } from './schema.ts';

/** The file is not a scenario; the message has a line per problem. */
export class BadScenario extends Error {
  override readonly name = 'BadScenario';
}

/** Where each step that was read is written. */
const places = new WeakMap<Step | PlainStep, string>();

/** @example placeOf(step) // my.yaml:12 */
export const placeOf = (step: Step | PlainStep): string | undefined => places.get(step);

export function readScenario(file: string): Scenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadScenario(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  return parseScenario(text, file);
}

export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new BadScenario(`${file}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0] ?? ''}`);
  }
  const parsed = scenarioSchema.safeParse(document.toJS());
  const problems = parsed.success
    ? danglingReferences(parsed.data)
    : parsed.error.issues.flatMap((issue) => deepest(issue));
  if (!parsed.success || problems.length > 0) {
    throw new BadScenario(problems.map((problem) => say(problem, file, document, lines)).join('\n'));
  }
  const note = (step: Step | PlainStep, at: readonly PropertyKey[]): void => {
    places.set(step, `${file}:${lineOf(at, document, lines)}`);
  };
  for (const [index, step] of parsed.data.steps.entries()) {
    note(step, ['steps', index]);
    const inner = 'each' in step ? step.each.do : [];
    for (const [turn, one] of inner.entries()) {
      note(one, ['steps', index, 'each', 'do', turn]);
    }
  }
  return parsed.data;
}

/** Of a union, the branch that was meant is the one that knows the keys that are there: its problems say what is wrong. */
function deepest(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }));
  }
  if (issue.code !== 'invalid_union') {
    return [{ path, message: issue.message }];
  }
  const [branch = []] = issue.errors.toSorted((a, b) => foreign(a) - foreign(b) || depth(b) - depth(a));
  const unknown = foreignKeys(branch);
  return unknown.length > 0 && !isNearlyMeant(branch, issue.errors)
    ? [{ path, message: `${unknown.join(', ')}: not something that the lab knows here` }]
    : branch.flatMap((one) => deepest(one, path));
}

/** The keys of the value that a branch does not know. */
const foreignKeys = (issues: readonly z.core.$ZodIssue[]): string[] =>
  issues.flatMap((one) => (one.code === 'unrecognized_keys' && one.path.length === 0 ? one.keys : []));

const foreign = (issues: readonly z.core.$ZodIssue[]): number => foreignKeys(issues).length;

/** Knows more of the keys than the others do: one key too many, beside the right one. */
function isNearlyMeant(branch: readonly z.core.$ZodIssue[], all: readonly (readonly z.core.$ZodIssue[])[]): boolean {
  return all.some((other) => foreign(other) > foreign(branch));
}

const depth = (issues: readonly z.core.$ZodIssue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));

function say({ path, message }: Problem, file: string, document: Document, lines: LineCounter): string {
  const line = lineOf(path, document, lines);
  const key = path.map(String).join('.');
  return `${file}:${line}: ${key === '' ? '' : `${key}: `}${message}`;
}

/** The line of the key, or of the nearest thing above it that is written in the file. */
function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) {
      return lines.linePos(node.range[0]).line;
    }
  }
  return 1;
}
