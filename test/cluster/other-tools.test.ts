// The templates by other tools, as the page shows them: short, and with parameters that the template has.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

const page = readFileSync('docs/cluster-from-nothing.md', 'utf8');
const [, section = ''] = page.split('## With tools of your own\n');
const blockAfter = (words: string): string => {
  const [, rest = ''] = section.split(`\n${words}:\n\n`);
  const [fenced] = /^```[a-z]+\n[^]*?\n```/.exec(rest) ?? [];
  return fenced?.replaceAll(/^```.*\n?/gm, '') ?? rest.split('\n\n')[0] ?? '';
};
const { Parameters: known } = z
  .object({ Parameters: z.record(z.string(), z.looseObject({})) })
  .parse(parse(readFileSync('cluster/group.yaml', 'utf8')));

/** What the page leaves to a variable of the reader's. */
const OF_NETWORK = ['ImageId', 'SubnetIds', 'SecurityGroupIds'];

describe.each([
  ['The `aws` command', /\b([A-Z][A-Za-z]+)=/g, []],
  ['CDK (not run here)', /\b([A-Z][A-Za-z]+):/g, OF_NETWORK],
  ['Terraform (not run here)', /\b([A-Z][A-Za-z]+) =/g, OF_NETWORK],
])('%s', (words, named, given) => {
  const block = blockAfter(words);

  it('is under ten lines', () => {
    expect(block.trim().split('\n').length).toBeLessThan(10);
    expect(block).toContain('cluster/group.yaml');
  });

  it('names parameters that the template has, and all that have no default', () => {
    const names = [...block.matchAll(named)].map(([, name = '']) => name);
    expect(names.filter((name) => !Object.hasOwn(known, name))).toEqual([]);
    const needed = Object.keys(known).filter((name) => !('Default' in (known[name] ?? {})));
    expect(needed.filter((name) => ![...names, ...given].includes(name))).toEqual([]);
  });
});
