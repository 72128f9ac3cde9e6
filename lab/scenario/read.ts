// Reads a scenario file. Whatever is wrong with it is said with file, line and key, all of it at once.
import { readFileSync } from 'node:fs';

import { LineCounter, isNode, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';

import { scenarioSchema } from './schema.ts';
import type { Scenario } from './schema.ts';

/** The file is not a scenario; the message has a line per problem. */
export class BadScenario extends Error {
  override readonly name = 'BadScenario';
}

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
  const problems = parsed.success ? unknownGroups(parsed.data) : parsed.error.issues.flatMap((issue) => deepest(issue));
  if (!parsed.success || problems.length > 0) {
    throw new BadScenario(problems.map((problem) => say(problem, file, document, lines)).join('\n'));
  }
  return parsed.data;
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a union, the branch that was meant is the one whose own key is there: its problems say more than "invalid input". */
function deepest(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }));
  }
  if (issue.code !== 'invalid_union') {
    return [{ path, message: issue.message }];
  }
  const branches = issue.errors.map((issues) => issues.flatMap((one) => deepest(one, path)));
  const meant = branches.filter((problems) => !problems.some((one) => one.path.length === path.length + 1));
  const best = (meant.length > 0 ? meant : branches).toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
  return meant.length > 0 && best !== undefined ? best : [{ path, message: 'not something that the lab knows here' }];
}

const depth = (problems: readonly Problem[]): number => Math.max(0, ...problems.map(({ path }) => path.length));

function unknownGroups({ groups, steps }: Scenario): Problem[] {
  return steps.flatMap((step, index) =>
    Object.entries(step).flatMap(([verb, value]: [string, unknown]) => {
      const name = typeof value === 'object' && value !== null && 'group' in value ? value.group : undefined;
      return typeof name === 'string' && !(name in groups)
        ? [{ path: ['steps', index, verb, 'group'], message: `unknown group ${name}` }]
        : [];
    }),
  );
}

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
