// The template with which the data of a cluster go.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { withoutKeeping } from '../../../../src/core/cluster/data.ts';

const TEMPLATE = readFileSync('cluster/cluster.yaml', 'utf8');
interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
const read = (text: string) => parse(text) as { Resources: Readonly<Record<string, Resource>> };
const kept = ({ Resources }: ReturnType<typeof read>): string[] =>
  Object.entries(Resources)
    .filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')
    .map(([name]) => name);

describe('the data of a cluster', () => {
  it('are kept by its template, and by no part of the other one', () => {
    expect(kept(read(TEMPLATE))).toEqual(['LogGroup', 'Bucket']);
    const gone = read(withoutKeeping(TEMPLATE));
    expect(kept(gone)).toEqual([]);
    const { LogGroup, Bucket } = gone.Resources;
    expect([LogGroup?.DeletionPolicy, Bucket?.DeletionPolicy]).toEqual(['Delete', 'Delete']);
  });

  it('change nothing else but a tag, for which CloudFormation takes the update', () => {
    const [before, after] = [read(TEMPLATE), read(withoutKeeping(TEMPLATE))].map(({ Resources }) =>
      Object.fromEntries(Object.entries(Resources).map(([name, { Properties }]) => [name, Properties])),
    );
    const { Tags, ...rest } = after?.['LogGroup'] ?? {};
    expect(Tags).toEqual([{ Key: 'skep:data', Value: 'goes with its stack' }]);
    expect({ ...after, LogGroup: rest }).toEqual(before);
  });

  it.each([
    TEMPLATE.replaceAll('DeletionPolicy: Retain', 'DeletionPolicy: Snapshot'),
    TEMPLATE.replace('RetentionInDays: { Ref: LogRetentionDays }', 'RetentionInDays: 30'),
    'Resources: {}',
  ])('are not guessed at in a template of another shape', (text) => {
    expect(() => withoutKeeping(text)).toThrow('not known here');
  });
});
