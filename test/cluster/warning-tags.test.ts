// What a cluster's file says of replacements reaches the group as the tags that a tidy reads.
import { describe, expect, it } from '@jest/globals';

import { parseClusterFile } from '../../cli/cluster-file/read.ts';
import { wishedStacks } from '../../src/core/cluster/stacks.ts';
import { USUAL_POLICY, WARNING_TAGS, warningPolicyOf } from '../../src/core/lifecycle/warning-policy.ts';
import { asText, at, objectsIn, parse, textOf } from './templates.ts';

const FILE = `cluster: blue
network:
  given:
    vpc: vpc-0123456789abcdef0
    cidrs: [10.0.0.0/16]
    subnets: [subnet-0123456789abcdef0]
image: ami-0123456789abcdef0
groups:
  managers: { role: manager, size: 1, types: [t4g.small] }
  workers: { role: worker, size: 2, types: [m7g.large], replace: REPLACE }
`;
const template = parse(textOf('group'));

/** Tags of the group whose value is a parameter that a condition of its own leaves out, by that parameter. */
const TAGS = new Map(
  objectsIn(at(template.Resources['Group']?.Properties['Tags'])).flatMap((tag) => {
    const parameter = asText(at(tag['Value'], 'Ref'));
    return template.Conditions[`Has${parameter}`] === undefined ? [] : [[parameter, asText(tag['Key'])] as const];
  }),
);

/** The tags that the group of the workers has, where its file says this of replacements. */
function tagsOf(replace: string): Map<string, string> {
  const { file, errors } = parseClusterFile('skep.yaml', FILE.replace('REPLACE', replace));
  if (file === undefined) throw new Error(errors.join('\n'));
  const parameters = wishedStacks(file).find(({ group }) => group === 'workers')?.parameters ?? {};
  const given = [...TAGS].flatMap(([name, key]): [string, string][] => {
    const value = parameters[name];
    if (typeof value !== 'string' || value === '') return [];
    const { AllowedPattern, AllowedValues } = template.Parameters[name] ?? {};
    expect(AllowedValues ?? [value]).toContain(value);
    expect(value).toMatch(new RegExp(AllowedPattern ?? ''));
    return [[key, value]];
  });
  return new Map(given);
}

describe('what a file says of replacements', () => {
  it('is a tag for each of them', () => {
    expect([...TAGS.values()]).toEqual(expect.arrayContaining([...Object.values(WARNING_TAGS), 'skep:replace-down']));
  });

  it('is no tag where it says nothing', () => {
    expect(tagsOf('{}')).toEqual(new Map());
  });

  it.each([
    ['{ announced: 24h }', { ahead: 86_400 }],
    ['{ announced: 720h }', { ahead: 720 * 3600 }],
    ['{ announced: never }', { ahead: undefined }],
    ['{ announced: now }', { ahead: Infinity }],
    ['{ share: 100 }', { share: 1 }],
    [
      '{ share: 1, impaired: true, recommended: drain }',
      { share: 0.01, impaired: true, recommended: 'drain' as const },
    ],
    ['{ impaired: false, recommended: ignore, down: true }', {}],
  ])('is what the tidy reads: %s', (replace, policy) => {
    const tags = tagsOf(replace);
    expect(warningPolicyOf((key) => tags.get(key))).toEqual({ policy: { ...USUAL_POLICY, ...policy }, problems: [] });
    expect(tags.get('skep:replace-down')).toBe(replace.includes('down') ? 'true' : undefined);
  });
});
