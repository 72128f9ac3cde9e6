import { describe, expect, it } from '@jest/globals';

import { withoutNodes } from '../../../../src/core/verdict/no-nodes.ts';
import type { RecordedNode } from '../../../../src/core/verdict/no-nodes.ts';
import { NOW } from '../../support/examples.ts';
import { group } from '../../support/tidy-facts.ts';

const pending = (...instances: string[]) => instances.map((instance) => ({ instance, lifecycle: 'Pending:Wait' }));
const inService = (...instances: string[]) => instances.map((instance) => ({ instance, lifecycle: 'InService' }));
const leaving = (instance: string): RecordedNode => ({ instance, phase: 'leaving', leaseUntil: NOW + 60 });
const AT_LAUNCHES =
  'look at dockerd and the SSM agent of these instances, and at the executions of scale-out about them';
const MANY = Array.from({ length: 11 }, (_one, n) => `i-${n}`);

describe('instances that are no nodes', () => {
  it.each<[string, Parameters<typeof group>[0], RecordedNode[], string, string]>([
    [
      'on their way: the first of them is asked after',
      pending('i-1', 'i-2'),
      [],
      '2 instance(s) are no nodes yet: i-1 (Pending:Wait), i-2 (Pending:Wait)',
      'wait; if it takes long, skep why i-1 says what it waits for',
    ],
    [
      'on their way in and out',
      [...pending('i-1'), ...inService('i-2')],
      [leaving('i-2')],
      '2 instance(s) are no nodes yet, or leave: i-1 (Pending:Wait), i-2 (InService)',
      'wait; if it takes long, skep why i-1 says what it waits for',
    ],
    [
      'in service, and nobody is at work on them',
      inService('i-1', 'i-2'),
      [],
      '2 instance(s) in service are no node on record, and no execution is at work on them: i-1 (InService), i-2 (InService)',
      AT_LAUNCHES,
    ],
    [
      'ten, of which all are named',
      pending(...MANY.slice(1)),
      [],
      `10 instance(s) are no nodes yet: ${MANY.slice(1)
        .map((one) => `${one} (Pending:Wait)`)
        .join(', ')}`,
      'wait; if it takes long, skep why i-1 says what it waits for',
    ],
    [
      'more than ten, of which ten are named',
      pending(...MANY),
      [],
      `11 instance(s) are no nodes yet: ${MANY.slice(0, 10)
        .map((one) => `${one} (Pending:Wait)`)
        .join(', ')}, ...`,
      'wait; if it takes long, skep why i-0 says what it waits for',
    ],
  ])('%s', (_what, instances, recorded, what, next) => {
    expect(withoutNodes([group(instances)], recorded, NOW).map((one) => [one.what, one.next])).toEqual([[what, next]]);
  });
});
