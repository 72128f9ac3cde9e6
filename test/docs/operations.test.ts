// docs/operations.md against the code and the template: every alarm, every reason, every metric, and no others.
import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';

import type { Stack } from '../../lab/aws/stack/stack.ts';
import { REPORTS } from '../../src/core/verdict/reports.ts';
import { VERDICT_METRICS } from '../../src/core/verdict/verdict.ts';
import { packaged, PACKAGING_TIMEOUT } from '../template/packaged.ts';

const page = readFileSync('docs/operations.md', 'utf8');
let stack: Stack;
beforeAll(async () => {
  ({ stack } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

const section = (title: string): string => page.split(/^## /m).find((part) => part.startsWith(title)) ?? '';
/** The code words in the first column of the section's table. */
const listed = (title: string): string[] =>
  [...section(title).matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );

describe('docs/operations.md', () => {
  it('has every alarm', () => {
    expect(listed('Alarms').toSorted()).toEqual(
      stack.alarms.map(({ name }) => name.replace('skep-dev-', '')).toSorted(),
    );
  });

  it('has every reason that a verdict can have', () => {
    const source = readFileSync('src/core/verdict/findings.ts', 'utf8');
    const names = new Set([...source.matchAll(/name: '(\w+)'/g)].map(([, name = '']) => name));
    for (const name of Object.keys(REPORTS)) names.add(name);
    expect(names.size).toBeGreaterThan(16);
    expect(listed('Reasons of a verdict').toSorted()).toEqual([...names].toSorted());
  });

  it('has every metric of a verdict, with its unit', () => {
    expect(listed('Metrics').toSorted()).toEqual(Object.keys(VERDICT_METRICS).toSorted());
    for (const [name, unit] of Object.entries(VERDICT_METRICS)) {
      expect(section('Metrics')).toMatch(new RegExp(`\\| \`${name}\` +\\| ${unit.toLowerCase()}`));
    }
  });

  it('says the names of the topic’s output, the key and the parameter as they are', () => {
    const [alias = ''] = stack.keys.flatMap(({ aliases }) => aliases);
    expect(page).toContain(alias.replace('dev', 'prod'));
    expect(page).toContain(
      (stack.functions.find(({ key }) => key === 'verdict')?.environment['WEBHOOK_PARAMETER'] ?? '-').replace(
        'dev',
        'prod',
      ),
    );
  });
});
