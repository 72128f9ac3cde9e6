// What of a script's variables is known without running it: which hold nothing but text of the scripts themselves, and which hold numbers.
import { forEachChild } from 'unbash';
import type { Assignment, ParsedScript, SyntaxNode, Word, WordPart } from 'unbash';

export type Expansion = Extract<WordPart, { type: 'SimpleExpansion' | 'ParameterExpansion' | 'CommandExpansion' }>;

export interface Proven {
  /** Every value that is given to them is text of the scripts, or of others of these. */
  readonly constants: ReadonlySet<string>;
  /** Every value that is given to them is a number, or comes of arithmetic. */
  readonly numbers: ReadonlySet<string>;
}

/** Print nothing but a number, whatever they are given. `now` and `within` are of common.sh, and `time_left`. */
const COUNTING = /^\$\((?:date \+%s|now|time_left|within \S+|wc -[cl]|.*\| *(?:wc -[cl]|grep -c \.))\)$/s;
const DIGITS = /^(0|[1-9][0-9]{0,14})$/;

/** A parameter of a document, as agents of before put it into the text. */
const PARAMETER = /^'?\{\{ (\w+) \}\}'?$/;
/** Its name is of the scripts' own making. */
const TEMPORARY = /^\$\(mktemp (-d )?[\w/.]+\)$/;

/** Where a word stands: what `$1` means is another thing in each function. */
export interface Place extends Proven {
  readonly within: string;
}

interface Given {
  readonly word: Word | undefined;
  readonly within: string;
}
type Values = ReadonlyMap<string, readonly Given[]>;

/** All variables that are set somewhere, less those whose values say otherwise, until nothing changes: one may be set by way of another. */
export function provenOf(script: ParsedScript, parameters: ReadonlySet<string>): Proven {
  const values = new Map<string, Given[]>();
  const functions = functionsOf(script);
  visitAll(script, '-', (node, within) => {
    for (const [name, word] of givenIn(node, functions)) {
      values.set(name, [...(values.get(name) ?? []), { word, within }]);
    }
  });
  const nothing = new Set<string>();
  return {
    constants: fixpoint(values, (word, within, constants) => isConstant(word, { constants, numbers: nothing, within })),
    numbers: fixpoint(values, (word, within, numbers) =>
      isNumeric(word, { constants: nothing, numbers, within }, parameters),
    ),
  };
}

function fixpoint(
  values: Values,
  holds: (word: Word, within: string, known: ReadonlySet<string>) => boolean,
): Set<string> {
  const known = new Set(values.keys());
  let size = -1;
  while (size !== known.size) {
    size = known.size;
    for (const [name, given] of values) {
      if (!given.every(({ word, within }) => word !== undefined && holds(word, within, known))) known.delete(name);
    }
  }
  return known;
}

function functionsOf(script: ParsedScript): Set<string> {
  const names = new Set<string>();
  visitAll(script, '-', (node) => {
    if (node.type === 'Function') names.add(node.name.text);
  });
  return names;
}

function visitAll(node: SyntaxNode, within: string, visit: (node: SyntaxNode, within: string) => void): void {
  const place = node.type === 'Function' ? node.name.text : within;
  visit(node, place);
  forEachChild(node, (child) => {
    visitAll(child, place, visit);
  });
}

/** What a node gives to which variable. Undefined for a value that comes from elsewhere: `read`, or a loop over arguments. */
function givenIn(node: SyntaxNode, functions: ReadonlySet<string>): (readonly [string, Word | undefined])[] {
  if (node.type === 'Assignment') {
    return [[node.name, valueOf(node)]];
  }
  if (node.type === 'For') {
    return (node.wordlist ?? [undefined]).map((word) => [node.name.text, word] as const);
  }
  if (node.type !== 'Command') {
    return [];
  }
  const name = node.name?.text ?? '';
  const words = node.args.filter((one): one is Word => one.type === 'Word');
  // Where one of them stands for many, nobody knows which comes where.
  const isOpen = words.some(({ text }) => /\$[@*]/.test(text));
  if (functions.has(name)) {
    return Array.from(
      { length: 9 },
      (_, at) => [`${name}/${at + 1}`, isOpen ? undefined : (words[at] ?? NOTHING)] as const,
    );
  }
  const sets = /^(read|getopts|local|readonly)$/.test(name) ? words : [];
  return [...sets.map(({ text }) => [text, undefined] as const), ...(name === 'shift' ? SHIFTED : [])];
}
/** After a `shift` every argument is another one: of all of them nothing is known. */
const SHIFTED = [['shift', undefined]] as const;
const NOTHING: Word = { type: 'Word', text: '', value: '', pos: 0, end: 0 };

const valueOf = ({ value }: Assignment): Word | undefined => (value.type === 'Word' ? value : undefined);

type Parts = readonly WordPart[];
const flat = (parts: Parts): WordPart[] =>
  parts.flatMap((part): WordPart[] => (part.type === 'DoubleQuoted' ? flat(part.parts) : [part]));

/** The variables that a word expands; for what a command prints the command itself, which no variable is called. */
function namesIn({ parts = [] }: Word, within: string): string[] {
  return flat(parts).flatMap((part) => nameOf(part, within) ?? []);
}

const ownName = (name: string, within: string): string => (/^\d$/.test(name) ? `${within}/${name}` : name);

function nameOf(part: WordPart, within: string): string | undefined {
  switch (part.type) {
    case 'SimpleExpansion':
      return ownName(part.text.slice(1), within);
    case 'ParameterExpansion':
      return part.prefix === '#' ? undefined : ownName(part.parameter, within);
    case 'CommandExpansion':
      return TEMPORARY.test(part.text) ? undefined : part.text;
    case 'ProcessSubstitution':
      return part.text;
    default:
      return undefined;
  }
}

/** Nothing in it is from anywhere but the scripts. */
export const isConstant = (word: Word, { constants, within }: Place): boolean =>
  !PARAMETER.test(word.text) && namesIn(word, within).every((name) => constants.has(name));

function isNumeric(word: Word, { numbers, within }: Place, parameters: ReadonlySet<string>): boolean {
  const [, parameter] = PARAMETER.exec(word.text) ?? [];
  if (parameter !== undefined) {
    return parameters.has(parameter);
  }
  const [part, ...more] = flat(word.parts ?? []);
  if (more.length > 0) {
    return false;
  }
  return DIGITS.test(word.value) || (part !== undefined && isNumericPart(part, numbers, within));
}

function isNumericPart(part: WordPart, numbers: ReadonlySet<string>, within: string): boolean {
  if (part.type === 'CommandExpansion') {
    return COUNTING.test(part.text.trim());
  }
  return part.type === 'ArithmeticExpansion' || numbers.has(nameOf(part, within) ?? '-');
}

const OPERAND = /^(?:\$\{#\w+\}|\d+|\$?\{?([A-Za-z_]\w*|\d)\}?)$/;

/** Whether all that arithmetic is done with is known to be a number. */
export function isNumber(node: SyntaxNode, { numbers, within }: Place): boolean {
  let isKnown = true;
  visitAll(node, within, (one) => {
    isKnown &&= isKnownOperand(one, numbers, within);
  });
  return isKnown;
}

function isKnownOperand(one: SyntaxNode, numbers: ReadonlySet<string>, within: string): boolean {
  switch (one.type) {
    case 'ArithmeticWord':
      return isOperand(one.value, numbers, within);
    case 'ArithmeticCommandExpansion':
      return COUNTING.test(one.text);
    case 'ArithmeticExpansion':
      return one.expression !== undefined;
    default:
      return true;
  }
}

function isOperand(text: string, numbers: ReadonlySet<string>, within: string): boolean {
  const [whole, name] = OPERAND.exec(text) ?? [];
  return whole !== undefined && (/^\d+$/.test(text) || name === undefined || numbers.has(ownName(name, within)));
}
