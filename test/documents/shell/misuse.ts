// Finds where a script uses data as something else: as words, as a path, as a program, or as a number. It reads the script's syntax tree,
// since a regular expression is fooled by every quote, comment and here-document.
import { forEachChild, parse } from 'unbash';
import type { Command, SyntaxNode, Word } from 'unbash';

import { isConstant, isNumber, provenOf } from './proven.ts';
import type { Expansion, Place } from './proven.ts';

/**
 * `word`: not in quotes, so that the shell splits it and looks for files of that name. `path`: a part of a name of a file, or of the engine's
 * API. `program`: a part of what sed, awk, a shell, printf or Docker's templates carry out. `number`: in arithmetic, which carries out what
 * stands in a subscript.
 */
export type Kind = 'word' | 'path' | 'program' | 'number' | 'syntax';

export interface Misuse {
  readonly kind: Kind;
  /** The function that it stands in; `-` outside of all. */
  readonly within: string;
  /** The word, as it is written. */
  readonly text: string;
}

/** What carries out its first argument that is no option; with the options that take a value, and those whose value is a program, too. */
const INTERPRETERS: ReadonlyMap<string, { readonly values: RegExp; readonly programs: RegExp }> = new Map([
  ['awk', { values: /^-[vF]$/, programs: /^-f$/ }],
  ['sed', { values: /^-[EnrsiI]*l$/, programs: /^-[nErs]*[ef]$/ }],
  ['sh', { values: /^-o$/, programs: /^-c$/ }],
  ['bash', { values: /^-o$/, programs: /^-c$/ }],
  ['dash', { values: /^-o$/, programs: /^-c$/ }],
  ['eval', { values: /^$/, programs: /^$/ }],
  ['.', { values: /^$/, programs: /^$/ }],
  ['source', { values: /^$/, programs: /^$/ }],
  ['trap', { values: /^$/, programs: /^$/ }],
  ['printf', { values: /^$/, programs: /^$/ }],
  ['expr', { values: /^$/, programs: /^$/ }],
  ['bc', { values: /^$/, programs: /^$/ }],
]);
/** Carry out all of their arguments, or read every one of them as an expression. */
const ALL_OF_IT: readonly string[] = ['eval', 'expr', 'bc'];
/** Their arguments are names of files, whatever they look like. */
const ON_FILES = /^(cat|rm|mv|cp|mkdir|touch|find|ln|chmod|chown|tee)$/;

/**
 * @param script the whole of what is run: what one part of it sets another may use
 * @param numbers parameters that hold numbers only, since their pattern has it so
 */
export function misusesIn(script: string, numbers: ReadonlySet<string> = new Set()): Misuse[] {
  const tree = parse(script);
  const proven = provenOf(tree, numbers);
  const found: Misuse[] = [];
  const visit = (node: SyntaxNode, within: string): void => {
    const place = node.type === 'Function' ? node.name.text : within;
    if (node.type === 'Script' && node.errors !== undefined && node.errors.length > 0) {
      found.push({ kind: 'syntax', within: place, text: node.errors.map(({ message }) => message).join(', ') });
    }
    found.push(...inNode(node, { ...proven, within: place }).map((one) => ({ ...one, within: place })));
    forEachChild(node, (child) => {
      visit(child, place);
    });
  };
  visit(tree, '-');
  return found;
}

type Found = Omit<Misuse, 'within'>;

function inNode(node: SyntaxNode, place: Place): Found[] {
  if (node.type === 'Command') {
    return inCommand(node, place);
  }
  if (node.type === 'Redirect') {
    return node.target === undefined ? [] : [...unquoted(node.target), ...asPath(node.target, place)];
  }
  if (node.type === 'ArithmeticExpansion' || node.type === 'ArithmeticCommand') {
    const text = node.type === 'ArithmeticExpansion' ? node.text : node.body;
    return isNumber(node, place) ? [] : [{ kind: 'number', text }];
  }
  return splitIn(node).flatMap(unquoted);
}

/** Words that the shell splits, or reads as patterns, beside those of commands. */
function splitIn(node: SyntaxNode): readonly Word[] {
  switch (node.type) {
    case 'For':
      return node.wordlist ?? [];
    case 'CaseItem':
      return node.pattern;
    case 'Remove':
      return [node.operand];
    case 'Replace':
      return [node.pattern];
    default:
      return [];
  }
}

function inCommand(command: Command, place: Place): Found[] {
  const words = [command.name, ...command.args].filter((one): one is Word => one?.type === 'Word');
  const isFiles = ON_FILES.test(words[0]?.text ?? '') || words[0]?.text === '[';
  const paths = words.slice(1).filter((word) => isPath(word) || (isFiles && isFileOf(words, word)));
  return [
    ...words.flatMap(unquoted),
    ...paths.flatMap((word) => asPath(word, place)),
    ...words.flatMap((word, at) => programsOf(words, word, at)).flatMap((word) => asProgram(word, place)),
  ];
}

/** In a test only the argument of `-d` and the like is a file. */
function isFileOf(words: readonly Word[], word: Word): boolean {
  const before = words[words.indexOf(word) - 1]?.text ?? '';
  return words[0]?.text === '[' ? /^-[defhLrswx]$/.test(before) : true;
}

/** A literal slash in it, outside of what it expands to. */
const isPath = ({ parts = [] }: Word): boolean =>
  parts.some((part) => part.type === 'Literal' && part.value.includes('/')) ||
  parts.some(
    (part) => part.type === 'DoubleQuoted' && part.parts.some((one) => one.type === 'Literal' && isInPath(one.value)),
  );
/** One that begins a word, or stands between two names: a sentence has its slashes elsewhere. */
const isInPath = (text: string): boolean => /^\S*\/\S*$/.test(text);

/** The words from which something is carried out, if this one is an interpreter: wherever it stands, since `timeout` or `xargs` may come first. */
function programsOf(words: readonly Word[], { text }: Word, at: number): Word[] {
  if (text === '--format' || text === '-f') {
    return words.some((one) => one.text === 'docker' || DOCKER.test(one.text)) ? words.slice(at + 1, at + 2) : [];
  }
  const interpreter = INTERPRETERS.get(text);
  if (interpreter === undefined || (text === '.' && at > 0)) {
    return [];
  }
  const rest = words.slice(at + 1);
  if (ALL_OF_IT.includes(text)) {
    return rest;
  }
  const given = rest.flatMap((word, index) =>
    interpreter.programs.test(word.text) ? rest.slice(index + 1, index + 2) : [],
  );
  const first = rest.find(
    (word, index) => !/^-./.test(word.text) && (index === 0 || !interpreter.values.test(rest[index - 1]?.text ?? '')),
  );
  return given.length > 0 || first === undefined ? given : [first];
}
/** Functions of ours that call docker. */
const DOCKER = /^(dk|ask)$/;

const asProgram = (word: Word, place: Place): Found[] =>
  isConstant(word, place) ? [] : [{ kind: 'program', text: word.text }];

function asPath(word: Word, place: Place): Found[] {
  return isConstant(word, place) ? [] : [{ kind: 'path', text: word.text }];
}

const HARMLESS = /^\$(\{#[A-Za-z_]\w*\}|[#?])$/;

/** Expansions of a word that no quotes are around. */
function unquoted({ parts = [] }: Word): Found[] {
  return parts
    .filter((part) => ['SimpleExpansion', 'ParameterExpansion', 'CommandExpansion'].includes(part.type))
    .map((part) => (part as Expansion).text)
    .filter((text) => !HARMLESS.test(text))
    .map((text) => ({ kind: 'word', text }));
}
