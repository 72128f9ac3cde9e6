// The text of a template as CloudFormation reads it: JSON, or YAML with the short forms of the functions. Nothing is resolved here.
import { LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';

import { AwsError } from '../services/service.ts';
import type { Json, JsonObject } from '../stack/stack.ts';

/** Bytes of a template that comes with the request. One in a bucket may have 1 MB. */
const LONGEST = 51_200;

/** What is short for `Fn::` and the name has a tag of that name; these two are named otherwise. */
const LONG_FORMS: Readonly<Record<string, string>> = { '!Ref': 'Ref', '!Condition': 'Condition' };
const SHORT_FORMS = [
  ...['And', 'Base64', 'Cidr', 'Equals', 'FindInMap', 'GetAtt', 'GetAZs', 'If'],
  ...['ImportValue', 'Join', 'Not', 'Or', 'Select', 'Split', 'Sub', 'Contains', 'EachMemberEquals', 'EachMemberIn'],
];

export function invalidTemplate(message: string): AwsError {
  return new AwsError('ValidationError', `Template format error: ${message}`);
}

/** @throws {AwsError} as CloudFormation refuses what is no template */
export function readTemplateText(text: string, longest = LONGEST): JsonObject {
  if (Buffer.byteLength(text) > longest) {
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${longest}`,
    );
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, schema: 'core', logLevel: 'silent' });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw invalidTemplate(`YAML not well-formed. (line ${line}, column ${col})`);
  }
  const value = plain(document.contents, document, '');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidTemplate('unsupported structure.');
  }
  return value as JsonObject;
}

function plain(node: unknown, document: Document, path: string): Json {
  if (isAlias(node)) {
    return plain(node.resolve(document), document, path);
  }
  const value = untagged(node, document, path);
  const tag = isScalar(node) || isMap(node) || isSeq(node) ? node.tag : undefined;
  return tag === undefined || !tag.startsWith('!') ? value : functionOf(tag, value);
}

function untagged(node: unknown, document: Document, path: string): Json {
  if (isMap(node)) {
    const pairs = node.items.filter((item) => isPair(item));
    return Object.fromEntries(
      pairs.map(({ key, value }) => {
        const name = isScalar(key) ? String(key.value) : String(key);
        return [name, plain(value, document, `${path}/${name}`)];
      }),
    );
  }
  if (isSeq(node)) {
    return node.items.map((item, index) => plain(item, document, `${path}/${index}`));
  }
  const value: unknown = isScalar(node) ? node.value : null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw invalidTemplate(`[${path}] 'null' values are not allowed in templates`);
}

function functionOf(tag: string, value: Json): Json {
  const name = tag.slice(1);
  const long = LONG_FORMS[tag] ?? (SHORT_FORMS.includes(name) ? `Fn::${name}` : undefined);
  if (long === undefined) {
    throw invalidTemplate(`the lab does not know the function ${tag}`);
  }
  return { [long]: value };
}
