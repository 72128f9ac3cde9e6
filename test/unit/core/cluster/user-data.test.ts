// What a node boots from, as CloudFormation would make it of the template. What stands in it is tested in test/cluster.
import { describe, expect, it } from '@jest/globals';

import { userDataOf } from '../../../../src/core/cluster/user-data.ts';
import { parse, textOf } from '../../../cluster/templates.ts';

const BUFFER = { 'Fn::If': ['IsManager', '1000', '5'] };
const EXTRA = { 'Fn::Base64': { Ref: 'ExtraScript' } };

/** A template of which the user data is made in this way. */
const template = (text: string, values: unknown = { Buffer: BUFFER, Extra: EXTRA }): unknown => ({
  Resources: {
    LaunchTemplate: {
      Properties: { LaunchTemplateData: { UserData: { 'Fn::Base64': { 'Fn::Sub': [text, values] } } } },
    },
  },
});

describe('user data', () => {
  const text = template('buffer: ${Buffer}, script: ${Extra}, again: ${Buffer}');

  it.each([
    ['manager', '1000'],
    ['worker', '5'],
  ] as const)('of a %s has what the template says of its role', (role, buffer) => {
    expect(userDataOf(text, { role, script: undefined })).toBe(`buffer: ${buffer}, script: , again: ${buffer}`);
  });

  it('has the script of its group in base 64, whatever stands in it', () => {
    const script = '#!/bin/sh\necho "${Buffer} € $&"\n';
    const told = userDataOf(text, { role: 'worker', script });
    const [, made = ''] = /script: ([^,]*),/.exec(told) ?? [];
    expect(Buffer.from(made, 'base64').toString('utf8')).toBe(script);
  });

  it('is made of the template that there is', () => {
    expect(userDataOf(parse(textOf('group')), { role: 'worker', script: undefined })).toMatch(/^#cloud-config\n/);
  });

  it('is not told with a part of it left out', () => {
    expect(() => userDataOf(template('${Buffer} ${Stage}'), { role: 'worker', script: undefined })).toThrow(
      'cluster/group.yaml: ${Stage} in the user data is not known here',
    );
  });

  it.each<[what: string, of: unknown]>([
    ['there is none', {}],
    ['it has another value', template('', { Buffer: BUFFER, Extra: EXTRA, More: '1' })],
    ['it has no script', template('', { Buffer: BUFFER })],
    [
      'its buffer goes by another condition',
      template('', { Buffer: { 'Fn::If': ['IsWorker', '5', '1'] }, Extra: EXTRA }),
    ],
    ['its buffer is a text', template('', { Buffer: '5', Extra: EXTRA })],
    ['its script is another parameter', template('', { Buffer: BUFFER, Extra: { 'Fn::Base64': { Ref: 'Stage' } } })],
    ['its script is not encoded', template('', { Buffer: BUFFER, Extra: { Ref: 'ExtraScript' } })],
  ])('is not guessed where the template makes it in another way: %s', (_what, of) => {
    expect(() => userDataOf(of, { role: 'worker', script: undefined })).toThrow();
  });
});
