// So much of Go's templates, and of what the docker command adds to them, as the documents use. What they print of hostile values decides
// whether a value can end a string or begin a line, so a value is printed raw or as JSON where the template says so, and nowhere else.

type Scope = { readonly dot: unknown; readonly variables: Readonly<Record<string, unknown>> };
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly words: readonly string[] }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly names: readonly string[];
      readonly words: readonly string[];
      readonly body: readonly Piece[];
      readonly otherwise: readonly Piece[];
    };

/** @throws where the template is none that this knows, or asks for a member of nothing, as Go does */
export const goTemplate = (template: string, dot: unknown): string =>
  print(parsed(template), { dot, variables: { $: dot } });

function parsed(template: string): Piece[] {
  const parts = template.split(/\{\{(.*?)\}\}/s);
  let at = 0;
  const until = (...ends: readonly string[]): Piece[] => {
    const pieces: Piece[] = [];
    for (; at < parts.length; at += 1) {
      const part = parts[at] ?? '';
      if (at % 2 === 0) {
        pieces.push({ kind: 'text', text: part });
        continue;
      }
      const [word = '', ...words] = wordsOf(part);
      if (ends.includes(word)) return pieces;
      pieces.push(
        word === 'if' || word === 'with' || word === 'range' ? block(word, words) : asPrint([word, ...words]),
      );
    }
    return pieces;
  };
  const asPrint = (words: readonly string[]): Piece => ({ kind: 'print', words });
  const block = (kind: 'if' | 'with' | 'range', all: readonly string[]): Piece => {
    const assigned = all.indexOf(':=');
    const names = assigned < 0 ? [] : all.slice(0, assigned).map((name) => name.replace(',', ''));
    const words = all.slice(assigned + 1);
    at += 1;
    const body = until('else', 'end');
    const [end = '', next, ...rest] = wordsOf(parts[at] ?? '');
    if (end !== 'else') return { kind, names, words, body, otherwise: [] };
    // `else if` ends with the one end that is there.
    if (next === 'if') return { kind, names, words, body, otherwise: [block('if', rest)] };
    at += 1;
    return { kind, names, words, body, otherwise: until('end') };
  };
  return until();
}

const wordsOf = (action: string): string[] => action.match(/"(?:[^"\\]|\\.)*"|[()]|[^\s()]+/g) ?? [];

const print = (pieces: readonly Piece[], scope: Scope): string => pieces.map((piece) => printed(piece, scope)).join('');

function printed(piece: Piece, scope: Scope): string {
  if (piece.kind === 'text') return piece.text;
  const value = valueOf(piece.words, scope);
  if (piece.kind === 'print') return rawText(value);
  if (!isTrue(value)) return print(piece.otherwise, scope);
  if (piece.kind === 'if') return print(piece.body, scope);
  if (piece.kind === 'with') return print(piece.body, { ...scope, dot: value });
  return entriesOf(value)
    .map(([key, one]) => {
      const [first, second] = piece.names;
      const named = second === undefined ? {} : { [first ?? '']: key, [second]: one };
      return print(piece.body, { dot: one, variables: { ...scope.variables, ...named } });
    })
    .join('');
}

/** Go goes through the keys of a map in their order. */
const entriesOf = (value: unknown): [unknown, unknown][] =>
  Array.isArray(value)
    ? value.map((one: unknown, index) => [index, one])
    : Object.entries(value as object).toSorted(([a], [b]) => (a < b ? -1 : 1));

const isTrue = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);

const rawText = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `map[${JSON.stringify(value)}]`
    : typeof value === 'string'
      ? value
      : goJson(value ?? '').replaceAll('"', '');

/** As Go's encoder, told to leave `<`, `>` and `&`. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value ?? null).replaceAll(/[\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16)}`);

const FUNCTIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
  json: goJson,
  println: (...args) => `${args.map(rawText).join(' ')}\n`,
  printf: (_format, value) => rawText(value),
  len: (value) => (typeof value === 'string' ? Buffer.byteLength(value) : Object.keys(value ?? {}).length),
  truncate: (text, most) => Buffer.from(String(text)).subarray(0, Number(most)).toString(),
  split: (text, by) => String(text).split(String(by)),
  eq: (a, b) => a === b,
  gt: (a, b) => Number(a) > Number(b),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  // The zero value of a map of texts is the empty one.
  index: (of, key) => (of as Record<string, unknown> | null | undefined)?.[String(key)] ?? '',
};

function valueOf(words: readonly string[], scope: Scope): unknown {
  const operands: unknown[] = [];
  const [head = ''] = words;
  const called = Object.hasOwn(FUNCTIONS, head) ? FUNCTIONS[head] : undefined;
  for (let at = called === undefined ? 0 : 1; at < words.length; at += 1) {
    if (words[at] === '(') {
      const end = closing(words, at);
      operands.push(valueOf(words.slice(at + 1, end), scope));
      at = end;
    } else operands.push(operand(words[at] ?? '', scope));
  }
  if (called !== undefined) return called(...operands);
  const [value, ...args] = operands;
  return typeof value === 'function' ? (value as (...given: readonly unknown[]) => unknown)(...args) : value;
}

function closing(words: readonly string[], from: number): number {
  let depth = 0;
  for (let at = from; at < words.length; at += 1) {
    depth += words[at] === '(' ? 1 : words[at] === ')' ? -1 : 0;
    if (depth === 0) return at;
  }
  throw new Error('a bracket is not closed');
}

function operand(word: string, { dot, variables }: Scope): unknown {
  if (word.startsWith('"')) {
    const plain = word.replaceAll(/\\x([0-9a-f]{2})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    return JSON.parse(plain);
  }
  if (/^\d+$/.test(word)) return Number(word);
  const [name = '', ...path] = word.split('.');
  if (name !== '' && !Object.hasOwn(variables, name)) throw new Error(`the template says ${word}`);
  return path
    .filter((member) => member !== '')
    .reduce<unknown>(
      (value, member) => {
        if (value === undefined || value === null) throw new Error(`nothing has no ${member} (${word})`);
        return (value as Record<string, unknown>)[member];
      },
      name === '' ? dot : variables[name],
    );
}
