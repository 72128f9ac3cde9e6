// What a person is told before a cluster goes: services, local volumes and their bytes, and what could not be read.
import { describe, expect, it } from '@jest/globals';

import { bytesText, serviceLines, volumeLines, volumesIn } from '../../../../src/core/cluster/losses.ts';
import type { OrUnread, VolumeSummary } from '../../../../src/core/cluster/losses.ts';

const told = (changes: Partial<VolumeSummary> = {}): VolumeSummary => ({
  ...{ count: 2, bytes: 5000, unknown: 0, largest: ['4000 data', '1000 logs'] },
  ...changes,
});

describe('services', () => {
  it.each([
    ['none', [], ['services: none']],
    [
      'some, one of which cannot be read',
      [
        { name: 'db', running: 1 },
        { name: 'web', running: undefined },
      ],
      ['services, 2: db (1 running), web (? running)'],
    ],
    ['hostile', [{ name: 'a\n  on i-1: none', running: 0 }], ['services, 1: a on i-1: none (0 running)']],
    ['unread', { unread: 'NoLeader: no\nleader' }, ['services: could not be read: NoLeader: no leader']],
  ])('%s', (_what, services, lines) => {
    expect(serviceLines(services).map((line) => line.replaceAll(/\s+/g, ' '))).toEqual(lines);
  });

  it('are named up to twenty', () => {
    const many = Array.from({ length: 25 }, (_, number) => ({ name: `s${number}`, running: 0 }));
    expect(serviceLines(many)[0]).toMatch(/^services, 25: s0 .*s19 \(0 running\), 5 more$/);
    expect(serviceLines(many.slice(5))[0]).toMatch(/^services, 20: s5 .*s24 \(0 running\)$/);
  });
});

describe('volumes', () => {
  const lines = (...each: [string, OrUnread<VolumeSummary>][]) => volumeLines(new Map(each));

  it.each<[string, [string, OrUnread<VolumeSummary>][], string[]]>([
    ['of no node', [], []],
    [
      'of two nodes, one of which has none',
      [
        ['i-1', told()],
        ['i-2', told({ count: 0, bytes: 0, largest: [] })],
      ],
      ['local volumes, 2: 5.0 kB', '  on i-1: 2, 5.0 kB (data 4.0 kB, logs 1.0 kB)'],
    ],
    [
      'that could not be counted in time',
      [['i-1', told({ unknown: 1, largest: ['5000 data'] })]],
      [
        'local volumes, 2: 5.0 kB, the bytes of 1 of them are not counted',
        '  on i-1: 2, 5.0 kB, the bytes of 1 of them are not counted (data 5.0 kB, ...)',
      ],
    ],
    [
      'of which the three largest are named',
      [['i-1', told({ count: 5, bytes: 15_000, largest: ['5000 a', '4000 b', '3000 c', '2000 d', '1000 e'] })]],
      ['local volumes, 5: 15.0 kB', '  on i-1: 5, 15.0 kB (a 5.0 kB, b 4.0 kB, c 3.0 kB, ...)'],
    ],
    ['of which none is named', [['i-1', told({ largest: [] })]], ['local volumes, 2: 5.0 kB', '  on i-1: 2, 5.0 kB']],
    [
      'of a node that tells nothing',
      [
        ['i-1', told()],
        ['i-2', { unread: 'its SSM agent is not heard of' }],
      ],
      [
        'local volumes, 2: 5.0 kB, and those of 1 instance(s) that told nothing',
        '  on i-1: 2, 5.0 kB (data 4.0 kB, logs 1.0 kB)',
        '  on i-2: could not be read: its SSM agent is not heard of',
      ],
    ],
  ])('%s', (_what, each, expected) => {
    expect(lines(...each)).toEqual(expected);
  });

  it.each([
    ['nothing', {}],
    ['no volumes', { volumes: undefined }],
    ['a count below nothing', { volumes: told({ count: -1 }) }],
    ['bytes that are no number', { volumes: { ...told(), bytes: '4' } }],
    ['a name that is none', { volumes: told({ largest: ['4 a\nb'] }) }],
    ['a list', []],
  ])('are not read of %s', (_what, output) => {
    expect(volumesIn(output)).toBeUndefined();
  });

  it('are read as the document tells them', () => {
    expect(volumesIn({ runs: true, volumes: told() })).toEqual(told());
  });
});

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [4096, '4.1 kB'],
  [1_500_000, '1.5 MB'],
  [2e12, '2.0 TB'],
  [9e18, '9000.0 PB'],
])('%p bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
