import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';

import { readInspectPages } from '../../../src/swarm/inspect-page.ts';
import { INSTANCE, NODE_ID } from '../support/examples.ts';

const page = (...lines: string[]): string => gzipSync(lines.map((line) => `${line}\n`).join('')).toString('base64');

describe('the pages of inspect', () => {
  it('are read line by line, over all pages', () => {
    const first = page(`${NODE_ID} manager ready active ${INSTANCE} leader 10.0.1.11`, 'b worker down drain - - -');

    expect(readInspectPages([first, page('c manager unknown active - unreachable 10.0.1.13')])).toEqual([
      { nodeId: NODE_ID, role: 'manager', status: 'ready', instance: INSTANCE, isManager: true, address: '10.0.1.11' },
      { nodeId: 'b', role: 'worker', status: 'down', instance: undefined, isManager: false, address: undefined },
      { nodeId: 'c', role: 'manager', status: 'unknown', instance: undefined, isManager: true, address: '10.0.1.13' },
    ]);
  });

  it('a demoted node that is still in raft counts as a manager', () => {
    expect(readInspectPages([page('b worker ready active - reachable 10.0.1.12')])[0]).toMatchObject({
      role: 'worker',
      isManager: true,
    });
  });

  it.each([
    ['a state that nobody knows', page('b worker asleep active - - -')],
    ['a role that nobody knows', page('b observer ready active - - -')],
    ['one word', page('b')],
    ['a page that was cut off', page(`b worker ready active ${INSTANCE} - 10.0.1.12`).slice(0, -12)],
    ['no page at all', 'no base64, no gzip'],
  ])('%s is refused: a half-read swarm must not be repaired', (_what, text) => {
    expect(() => readInspectPages([text])).toThrow();
  });
});
