// A command's parameters as the SSM agent checks them before it runs anything: it compiles each allowedPattern with Go's regular
// expressions (agent/framework/docparser/paramvalidator), and refuses a command of whose patterns one does not compile, or that a
// value does not match. Go refuses more than SSM does when the document is made: look-around, back references, and nested repetitions of
// more than 1,000 in all. RE2JS is a port of Go's engine, with its parser's limits.
import { RE2JS } from 're2js';

import type { SsmDocument } from './document.ts';

const compiled = new Map<string, RE2JS | Error>();

/** The pattern as Go has it, or what Go says of it. */
export function compileAsGo(pattern: string): RE2JS | Error {
  const known = compiled.get(pattern) ?? compile(pattern);
  compiled.set(pattern, known);
  return known;
}

function compile(pattern: string): RE2JS | Error {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Why the agent does not run it; undefined where it does. */
export function whyRefused(
  { parameters }: Pick<SsmDocument, 'parameters'>,
  values: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, { allowedPattern, default: preset }] of Object.entries(parameters)) {
    if (allowedPattern === undefined) {
      continue;
    }
    const pattern = compileAsGo(allowedPattern);
    if (pattern instanceof Error) {
      return `parameter ${name}: ${pattern.message}`;
    }
    // The default counts even where the command gives another value.
    for (const value of [values[name], preset]) {
      if (value !== undefined && !pattern.matcher(value).find()) {
        return `parameter ${name}: ${value} does not match ${allowedPattern}`;
      }
    }
  }
  return undefined;
}
