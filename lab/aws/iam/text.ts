// The texts of a policy: wildcards, and variables that stand for keys of the request. Compiled once, matched for each call.

/** What is known about a request: condition keys in lower case, each with one value. */
export type Context = ReadonlyMap<string, string>;

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string }
  | { readonly kind: 'wildcard'; readonly wildcard: '*' | '?' };

const TOKEN = /\$\{([^}]*)\}|[*?]/g;

/** @throws Error for a variable with a default value, and for `${*}` and its like, which the lab does not know */
function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push({ kind: 'text', text: text.slice(from, found.index) });
    const [whole, variable] = found;
    if (variable === undefined) {
      parts.push({ kind: 'wildcard', wildcard: whole as '*' | '?' });
    } else {
      parts.push({ kind: 'variable', key: variableKey(variable) });
    }
    from = found.index + whole.length;
  }
  parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

function variableKey(variable: string): string {
  if (!/^[\w-]+:[^,\s]+$/.test(variable)) {
    throw new Error(`the lab does not know the policy variable \${${variable}}`);
  }
  return variable.toLowerCase();
}

/** The condition keys that the variables of a text stand for. */
export function variablesOf(text: string): readonly string[] {
  return partsOf(text).flatMap((part) => (part.kind === 'variable' ? [part.key] : []));
}

/** Undefined where a variable stands for a key that the request does not have: then neither the text nor its negation holds. */
export type Matches = (value: string, context: Context) => boolean | undefined;

/** Wildcards are wildcards. */
export function like(text: string, flags = ''): Matches {
  return matcher(partsOf(text), flags, ({ wildcard }) => (wildcard === '*' ? '.*' : '.'));
}

/** Wildcards are characters like others. */
export function equal(text: string): Matches {
  return matcher(partsOf(text), '', ({ wildcard }) => escaped(wildcard));
}

function matcher(
  parts: readonly Part[],
  flags: string,
  wildcard: (part: Part & { kind: 'wildcard' }) => string,
): Matches {
  const variables = parts.flatMap((part) => (part.kind === 'variable' ? [part.key] : []));
  if (variables.length === 0) {
    const always = new RegExp(`^${sourceOf(parts, new Map(), wildcard)}$`, `s${flags}`);
    return (value) => always.test(value);
  }
  // By the values of its variables, which are the same for most calls: a role's, a cluster's.
  const compiled = new Map<string, RegExp>();
  return (value, context) => {
    const values = variables.map((key) => context.get(key));
    if (values.includes(undefined)) {
      return undefined;
    }
    const key = JSON.stringify(values);
    const known = compiled.get(key);
    const expression = known ?? new RegExp(`^${sourceOf(parts, context, wildcard)}$`, `s${flags}`);
    if (known === undefined) {
      compiled.set(key, expression);
    }
    return expression.test(value);
  };
}

/** @param context has all variables of the text */
function sourceOf(
  parts: readonly Part[],
  context: Context,
  wildcard: (part: Part & { kind: 'wildcard' }) => string,
): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
          return escaped(part.text);
        case 'variable':
          return escaped(context.get(part.key) ?? '');
        case 'wildcard':
          return wildcard(part);
      }
    })
    .join('');
}

const escaped = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');

/** The parts of an ARN; the last has everything that is left, colons too. */
const PARTS = 6;

/**
 * An ARN with wildcards. A wildcard does not reach over the colons between the first five parts.
 * @throws Error for one with fewer parts: where a wildcard would have to stand for several, AWS is not of one mind
 */
export function likeArn(text: string): Matches {
  if (text === '*') {
    return () => true;
  }
  const patterns = split(text).map((part) => like(part));
  if (patterns.length < PARTS) {
    throw new Error(`${text} is no whole ARN`);
  }
  return (value, context) => {
    const given = partsOfArn(value);
    const answers = patterns.map((matches, index) => matches(given[index] ?? '', context));
    return answers.includes(undefined) ? undefined : given.length === PARTS && !answers.includes(false);
  };
}

/** The last one that was asked about: all statements of a policy are held against the same one. */
let last: { readonly arn: string; readonly parts: readonly string[] } = { arn: '', parts: [''] };

function partsOfArn(arn: string): readonly string[] {
  if (last.arn !== arn) {
    last = { arn, parts: split(arn) };
  }
  return last.parts;
}

/** Colons within a variable are none of the ARN's. */
function split(arn: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const { 0: found, index } of arn.matchAll(/\$\{[^}]*\}|:/g)) {
    if (found === ':' && parts.length < PARTS - 1) {
      parts.push(arn.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, arn.slice(from)];
}
