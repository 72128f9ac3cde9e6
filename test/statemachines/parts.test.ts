// What the state machines share, statemachines/parts.yaml: nothing in it is left over, and nothing of it stands anywhere else.
import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { isAlias, isMap, isSeq, parse, parseDocument, visit } from 'yaml';

import { expand } from '../../resources/state-machines.ts';

const FOLDER = 'statemachines/';
const PARTS = parse(readFileSync(`${FOLDER}parts.yaml`, 'utf8')) as Record<string, unknown>;
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.asl.yaml'));
const textOf = (file: string): string => readFileSync(FOLDER + file, 'utf8');

/** The retriers that a file writes out itself. */
function ownRetriers(text: string): string[] {
  const found: string[] = [];
  visit(parseDocument(text, { merge: true, logLevel: 'error' }), {
    Pair: (_key, { key, value }) => {
      if (String(key) === 'Retry' && isSeq(value)) {
        const own = value.items.filter((one) => isMap(one) && !isAlias(one));
        found.push(...own.map((one) => JSON.stringify(isMap(one) ? one.toJSON() : one)));
      }
    },
  });
  return found;
}

const twice = (texts: readonly string[]): string[] => {
  const all = texts.flatMap(ownRetriers);
  return all.filter((one, at) => all.indexOf(one) !== at);
};

describe('the parts of the state machines', () => {
  it('are all used', () => {
    const used = new Set(FILES.flatMap((file) => [...textOf(file).matchAll(/!part (\w+)/g)].map(([, name]) => name)));

    expect([...used, 'command'].toSorted()).toEqual(Object.keys(PARTS).toSorted());
  });

  it('are the only retriers that more than one state has: every other one is written once', () => {
    const retrier = 'Retry:\n  - ErrorEquals: [States.ALL]\n    MaxAttempts: 7\n';

    expect(twice([retrier, retrier])).toHaveLength(1);
    expect(twice(FILES.map(textOf))).toEqual([]);
  });

  it.each(FILES)('%s writes out no part, and no arguments of the command function', (file) => {
    const parts = Object.values(PARTS).map((one) => JSON.stringify(one));

    expect(ownRetriers(textOf(file)).filter((one) => parts.includes(one))).toEqual([]);
    expect(textOf(file)).not.toMatch(/\[command, Arn\]|Task\.Token/);
  });
});

describe('a definition', () => {
  const parts = { command: { v: 1, plan: 'p', attempt: 'a' }, look: { MaxAttempts: 3 } };

  it('has a part in the place of its name, each use a copy of its own', () => {
    const expanded = expand('{ a: [!part look, { b: !part look }] }', parts) as { a: [object, { b: object }] };

    expect(expanded).toEqual({ a: [{ MaxAttempts: 3 }, { b: { MaxAttempts: 3 } }] });
    expect(expanded.a[0]).not.toBe(expanded.a[1].b);
  });

  it('has the arguments of a command, of which a state may say some otherwise', () => {
    expect(expand('!command { step: Join, attempt: !part look, node: 1 }', parts)).toEqual({
      FunctionName: { 'Fn::GetAtt': ['command', 'Arn'] },
      Payload: { v: 1, plan: 'p', step: 'Join', attempt: { MaxAttempts: 3 }, node: 1 },
    });
  });

  it.each([
    ['a: !part lok', 'statemachines/parts.yaml has no part lok'],
    ['a: !part command', 'statemachines/parts.yaml has no part command'],
    ['a: !part toString', 'statemachines/parts.yaml has no part toString'],
    ['a: !prat look', 'there is no tag !prat'],
    ['a: !command look', 'there is no tag !command'],
    ['a: [', 'Flow sequence'],
  ])('%s is refused', (text, because) => {
    expect(() => expand(text, parts)).toThrow(because);
  });
});
