import { describe, expect, it } from '@jest/globals';

import { nameIn, readDnsTags } from '../../../../src/core/dns/wish.ts';

const ZONE = 'Z0123456789ABCDEFGHIJ';

describe('readDnsTags', () => {
  it.each([
    ['no zone', {}, 'worker', undefined],
    ['an empty one', { zone: '' }, 'worker', undefined],
    [
      'a name',
      { zone: ZONE, name: 'Web.Example.Internal.' },
      'worker',
      { zone: ZONE, name: 'web.example.internal', ttl: 60 },
    ],
    ['managers without a name', { zone: ZONE }, 'manager', { zone: ZONE, name: undefined, ttl: 60 }],
    ['a time', { zone: ZONE, name: 'a.b', ttl: '5' }, 'worker', { zone: ZONE, name: 'a.b', ttl: 5 }],
  ] as const)('reads %s', (_, tags, role, wish) => {
    expect(readDnsTags(tags, role)).toEqual(wish);
  });

  it.each([
    ['workers without a name', { zone: ZONE }, 'skep:dns-name is missing'],
    ['a path in place of a zone', { zone: '/hostedzone/Z1' }, 'skep:dns-zone is no id'],
    ['a name of one label', { zone: ZONE, name: 'web' }, 'skep:dns-name is no name'],
    ['a wildcard', { zone: ZONE, name: '*.example.internal' }, 'skep:dns-name is no name'],
    ['something hostile', { zone: ZONE, name: 'a b.example\u001b[2J' }, 'skep:dns-name is no name'],
    ['a label that is too long', { zone: ZONE, name: `${'a'.repeat(64)}.b` }, 'skep:dns-name is no name'],
    [
      'a name that is too long',
      { zone: ZONE, name: Array.from({ length: 130 }, () => 'a').join('.') },
      'skep:dns-name is no name',
    ],
    ['no time at all', { zone: ZONE, name: 'a.b', ttl: '0' }, 'skep:dns-ttl is no number'],
    ['a day', { zone: ZONE, name: 'a.b', ttl: '86400' }, 'skep:dns-ttl is no number'],
    ['no number', { zone: ZONE, name: 'a.b', ttl: '1m' }, 'skep:dns-ttl is no number'],
  ])('says what is wrong with %s', (_, tags, because) => {
    expect(readDnsTags(tags, 'worker')).toContain(because);
  });
});

it('managers without a name are found under their cluster', () => {
  expect(nameIn({ name: undefined }, 'blue', 'example.internal')).toBe('managers.blue.example.internal');
  expect(nameIn({ name: 'a.b' }, 'blue', 'example.internal')).toBe('a.b');
});
