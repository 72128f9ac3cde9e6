// The SSM documents as they are deployed: what stands in documents/ must arrive on the nodes byte for byte.
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';

import type { JsonObject, Stack } from '../../lab/aws/stack/stack.ts';
import type { Template } from '../../lab/aws/stack/template.ts';
import { documentOf } from '../../resources/documents.ts';
import { VERBS } from '../../src/core/names.ts';
import { packaged, PACKAGING_TIMEOUT } from './packaged.ts';

let stack: Stack;
let template: Template;
beforeAll(async () => {
  ({ stack, template } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

const content = (verb: string): JsonObject => {
  const found = stack.documents.find((it) => it.verb === verb);
  if (found === undefined) throw new Error(`no document for ${verb}`);
  return found.content;
};

describe('the documents', () => {
  it('are deployed for every script in documents/verbs/ and every verb in src/core/steps/verbs/', () => {
    const scripts = readdirSync('documents/verbs').map((it) => it.replace('.sh', ''));
    const shared = ['all', 'parameters', 'verb'];
    const units = readdirSync('src/core/steps/verbs').map((it) => it.replace('.ts', ''));

    expect(stack.documents.map(({ verb }) => verb).sort()).toEqual(scripts.sort());
    expect(units.filter((it) => !shared.includes(it)).sort()).toEqual(scripts);
    expect(scripts).toContain('join');
  });

  it.each(VERBS)(
    '%s is what its files say, byte for byte: the deploy tool takes nothing in it for a variable',
    (verb) => {
      expect(content(verb)).toEqual(documentOf(verb));
    },
  );

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
