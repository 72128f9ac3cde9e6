// The SSM documents as they are deployed: what stands in documents/ must arrive on the nodes byte for byte.
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import type { Json, JsonObject, Stack } from '../../lab/aws/stack/stack.ts';
import type { Template } from '../../lab/aws/stack/template.ts';
import { packaged, PACKAGING_TIMEOUT } from './packaged.ts';

let stack: Stack;
let template: Template;
beforeAll(async () => {
  ({ stack, template } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

const VERBS = readdirSync('documents/verbs')
  .filter((it) => it.endsWith('.yaml'))
  .map((it) => it.replace('.yaml', ''));

const content = (verb: string): JsonObject => {
  const found = stack.documents.find((it) => it.verb === verb);
  if (found === undefined) throw new Error(`no document for ${verb}`);
  return found.content;
};

/** Includes a file where the source says `${file(...)}`, without knowing any other variable. */
function included(value: Json): Json {
  if (typeof value === 'string') {
    const file = /^\$\{file\(([\w./-]+)\)\}$/.exec(value)?.[1];
    return file === undefined ? value : readFileSync(file, 'utf8');
  }
  if (Array.isArray(value)) return (value as readonly Json[]).map(included);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, it]) => [key, included(it)]));
}

describe('the documents', () => {
  it('are deployed for every file in documents/verbs/', () => {
    expect(stack.documents.map(({ verb }) => verb).sort()).toEqual([...VERBS].sort());
    expect(VERBS.length).toBeGreaterThan(0);
  });

  it.each(VERBS)('%s is what its files say, byte for byte', (verb) => {
    const source = parse(readFileSync(`documents/verbs/${verb}.yaml`, 'utf8')) as Json;
    expect(content(verb)).toEqual(included(source));
  });

  it.each(VERBS)('%s fits into what SSM stores', (verb) => {
    expect(Buffer.byteLength(JSON.stringify(content(verb)))).toBeLessThan(64 * 1024);
  });

  it.each(VERBS)('%s is updated in place, as new version that is the default', (verb) => {
    const name = `skep-dev-${verb}`;
    const resource = Object.values(template.Resources).find(({ Properties }) => Properties['Name'] === name);
    expect(resource).toMatchObject({
      Type: 'AWS::SSM::Document',
      Properties: { UpdateMethod: 'NewVersion', DocumentType: 'Command', TargetType: '/AWS::EC2::Instance' },
    });
  });

  it('are named after their verb, and so is the resource', () => {
    const ids = stack.documents.map(({ logicalId, verb }) => [logicalId, verb]);
    expect(ids).toEqual(
      stack.documents.map(({ verb }) => [`${verb.charAt(0).toUpperCase()}${verb.slice(1)}Document`, verb]),
    );
  });
});
