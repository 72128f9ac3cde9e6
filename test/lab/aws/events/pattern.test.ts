// Event patterns: what matches, what does not, and what is refused when parsed.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchesPattern, parsePattern, PatternError } from '../../../../lab/aws/events/pattern.ts';

describe('matchesPattern', () => {
  it.each<{
    name: string;
    pattern: Record<string, unknown>;
    yes: Record<string, unknown>[];
    no: Record<string, unknown>[];
  }>([
    {
      name: 'an exact string is one of the listed ones',
      pattern: { a: ['x', 'y'] },
      yes: [{ a: 'x' }, { a: 'y', b: 1 }],
      no: [{ a: 'X' }, { a: 'xy' }, {}, { a: null }, { b: 'x' }],
    },
    {
      name: 'a number is not its text',
      pattern: { a: [5] },
      yes: [{ a: 5 }],
      no: [{ a: '5' }, { a: 5.1 }, { a: true }],
    },
    {
      name: 'booleans and null are values',
      pattern: { a: [true, null] },
      yes: [{ a: true }, { a: null }],
      no: [{ a: false }, {}, { a: 0 }],
    },
    {
      name: 'every named field must match',
      pattern: { a: [1], b: [2] },
      yes: [{ a: 1, b: 2 }],
      no: [{ a: 1 }, { a: 1, b: 1 }],
    },
    {
      name: 'objects nest',
      pattern: { detail: { state: { name: ['on'] } } },
      yes: [{ detail: { state: { name: 'on', more: 1 } } }],
      no: [{ detail: { state: 'on' } }, { detail: {} }, { 'detail.state.name': 'on' }],
    },
    {
      name: 'prefix',
      pattern: { a: [{ prefix: 'skep-' }] },
      yes: [{ a: 'skep-prod' }, { a: 'skep-' }],
      no: [{ a: 'Skep-prod' }, { a: 5 }, {}],
    },
    {
      name: 'prefix without case',
      pattern: { a: [{ prefix: { 'equals-ignore-case': 'Skep-' } }] },
      yes: [{ a: 'sKEP-prod' }],
      no: [{ a: 'kep' }],
    },
    {
      name: 'suffix',
      pattern: { a: [{ suffix: '.png' }] },
      yes: [{ a: 'x.png' }],
      no: [{ a: '.png.jpg' }, { a: null }],
    },
    {
      name: 'suffix without case',
      pattern: { a: [{ suffix: { 'equals-ignore-case': '.PNG' } }] },
      yes: [{ a: 'x.pNg' }],
      no: [{ a: 'png' }],
    },
    {
      name: 'equals-ignore-case',
      pattern: { a: [{ 'equals-ignore-case': 'On' }] },
      yes: [{ a: 'oN' }],
      no: [{ a: 'one' }, {}],
    },
    {
      name: 'wildcard',
      pattern: { a: [{ wildcard: 'skep-*-jo.n' }] },
      yes: [{ a: 'skep-prod-jo.n' }, { a: 'skep--jo.n' }, { a: 'skep-a-b-jo.n' }],
      no: [{ a: 'skep-prod-join' }, { a: 'skep-prod-jo.n-1' }, { a: 'xskep-prod-jo.n' }],
    },
    {
      name: 'an escaped star is a star',
      pattern: { a: [{ wildcard: 'a\\*\\\\*' }] },
      yes: [{ a: 'a*\\b' }],
      no: [{ a: 'ab\\b' }],
    },
    {
      name: 'anything-but a value needs the field',
      pattern: { a: [{ 'anything-but': 'x' }] },
      yes: [{ a: 'y' }, { a: 1 }, { a: null }],
      no: [{ a: 'x' }, {}, { a: {} }, { a: [] }],
    },
    {
      name: 'anything-but a list',
      pattern: { a: [{ 'anything-but': ['x', 'y'] }] },
      yes: [{ a: 'z' }],
      no: [{ a: 'x' }, { a: 'y' }],
    },
    {
      name: 'anything-but numbers',
      pattern: { a: [{ 'anything-but': [1, 2] }] },
      yes: [{ a: 3 }, { a: '1' }],
      no: [{ a: 1 }, { a: 2 }],
    },
    {
      name: 'anything-but a prefix',
      pattern: { a: [{ 'anything-but': { prefix: ['a', 'b'] } }] },
      yes: [{ a: 'c' }],
      no: [{ a: 'ax' }, { a: 'bx' }],
    },
    {
      name: 'anything-but a suffix, a spelling or a wildcard',
      pattern: {
        a: [{ 'anything-but': { suffix: 'x' } }],
        b: [{ 'anything-but': { 'equals-ignore-case': 'X' } }],
        c: [{ 'anything-but': { wildcard: '*x*' } }],
      },
      yes: [{ a: 'xa', b: 'xx', c: 'y' }],
      no: [
        { a: 'ax', b: 'xx', c: 'y' },
        { a: 'xa', b: 'x', c: 'y' },
        { a: 'xa', b: 'xx', c: 'axa' },
      ],
    },
    {
      name: 'exists',
      pattern: { a: [{ exists: true }] },
      yes: [{ a: 1 }, { a: null }, { a: '' }, { a: [1] }],
      no: [{}, { a: { b: 1 } }, { a: [] }],
    },
    {
      name: 'does not exist, nor need its parents',
      pattern: { detail: { a: [{ exists: false }] } },
      yes: [{}, { detail: {} }, { detail: { b: 1 } }],
      no: [{ detail: { a: 1 } }, { detail: { a: null } }],
    },
    {
      name: 'numeric range',
      pattern: { a: [{ numeric: ['>', 0, '<=', 5] }] },
      yes: [{ a: 5 }, { a: 0.1 }],
      no: [{ a: 0 }, { a: 5.1 }, { a: '3' }, {}],
    },
    {
      name: 'numbers that EventBridge can compare',
      pattern: { a: [{ numeric: ['>=', -5_000_000_000] }] },
      yes: [{ a: -5_000_000_000 }, { a: 5_000_000_000 }],
      no: [{ a: 5_000_000_001 }, { a: 1e300 }],
    },
    {
      name: 'a block of addresses',
      pattern: { a: [{ cidr: '10.0.0.0/24' }] },
      yes: [{ a: '10.0.0.0' }, { a: '10.0.0.255' }, { a: ['192.0.2.1', '10.0.0.7'] }],
      no: [{ a: '10.0.1.0' }, { a: '::1' }, { a: '10.0.0.0/24' }, { a: 'host' }, { a: 10 }, {}],
    },
    {
      name: 'a block of IPv6 addresses',
      pattern: { a: [{ cidr: '2001:db8::/32' }] },
      yes: [{ a: '2001:db8::1' }, { a: '2001:DB8:0:0::2' }],
      no: [{ a: '2001:db9::1' }, { a: '10.0.0.1' }],
    },
    {
      name: 'other numeric comparisons',
      pattern: { a: [{ numeric: ['<', 1] }, { numeric: ['=', 3] }, { numeric: ['>=', 10] }] },
      yes: [{ a: 0 }, { a: 3 }, { a: 10 }],
      no: [{ a: 1 }, { a: 9 }],
    },
    {
      name: 'entries of one list are alternatives',
      pattern: { a: ['x', { prefix: 'y' }, { exists: false }] },
      yes: [{ a: 'x' }, { a: 'yes' }, {}],
      no: [{ a: 'z' }],
    },
    {
      name: 'a list in the event matches by one of its values',
      pattern: { a: ['x'] },
      yes: [{ a: ['z', 'x'] }],
      no: [{ a: ['z'] }, { a: [] }],
    },
    {
      name: 'anything-but matches a list with another value in it',
      pattern: { a: [{ 'anything-but': 'x' }] },
      yes: [{ a: ['x', 'y'] }],
      no: [{ a: ['x'] }],
    },
    {
      name: 'a list of objects matches by one object, not by pieces of several',
      pattern: { list: { k: ['a'], v: ['b'] } },
      yes: [{ list: [{ k: 'z' }, { k: 'a', v: 'b' }] }],
      no: [{ list: [{ k: 'a' }, { v: 'b' }] }],
    },
    {
      name: '$or asks for one of its patterns, beside the other fields',
      pattern: { source: ['s'], $or: [{ a: [1] }, { b: { c: [2] } }] },
      yes: [
        { source: 's', a: 1 },
        { source: 's', b: { c: 2 } },
      ],
      no: [{ source: 's' }, { a: 1 }, { source: 's', a: 2, b: { c: 1 } }],
    },
    {
      name: '$or nests',
      pattern: { detail: { $or: [{ a: [1] }, { b: [2] }] } },
      yes: [{ detail: { a: 1 } }, { detail: { b: 2 } }],
      no: [{ a: 1 }, { detail: {} }],
    },
    { name: 'inherited names are no fields', pattern: { constructor: [{ exists: false }] }, yes: [{}], no: [] },
  ])('$name', ({ pattern, yes, no }) => {
    const parsed = parsePattern(pattern);

    expect(yes.filter((event) => !matchesPattern(parsed, event))).toEqual([]);
    expect(no.filter((event) => matchesPattern(parsed, event))).toEqual([]);
  });

  const value = fc.oneof(fc.string({ minLength: 1 }), fc.integer());

  it('matches every event against its own values', () => {
    const tree = fc.letrec<{ node: Record<string, unknown> }>((tie) => ({
      node: fc.dictionary(
        fc.string({ minLength: 1 }).filter((key) => key !== '$or' && key !== '__proto__'),
        fc.oneof({ depthSize: 'small' }, fc.oneof(value, fc.boolean(), fc.constant(null)), tie('node')),
        { minKeys: 1, maxKeys: 3 },
      ),
    })).node;
    const asPattern = (node: Record<string, unknown>): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(node).map(([key, field]) => [
          key,
          typeof field === 'object' && field !== null ? asPattern({ ...field }) : [field],
        ]),
      );

    fc.assert(fc.property(tree, (event) => matchesPattern(parsePattern(asPattern(event)), event)));
  });

  it('is exact or anything-but, never both and never neither', () => {
    fc.assert(
      fc.property(value, value, (wanted, actual) => {
        const exact = matchesPattern(parsePattern({ a: [wanted] }), { a: actual });
        const but = matchesPattern(parsePattern({ a: [{ 'anything-but': wanted }] }), { a: actual });
        return exact !== but && exact === (wanted === actual);
      }),
    );
  });

  it('takes any text as a wildcard that matches itself, once its stars are escaped', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const wildcard = text.replaceAll(/[\\*]/g, '\\$&');
        return matchesPattern(parsePattern({ a: [{ wildcard }] }), { a: text });
      }),
    );
  });
});

describe('parsePattern', () => {
  it.each<{ pattern: unknown; path: string }>([
    { pattern: {}, path: '' },
    { pattern: [], path: '' },
    { pattern: 'x', path: '' },
    { pattern: { a: 'x' }, path: 'a' },
    { pattern: { a: [] }, path: 'a' },
    { pattern: { detail: { a: null } }, path: 'detail.a' },
    { pattern: { detail: { a: ['x', { contains: 'y' }] } }, path: 'detail.a[1].contains' },
    { pattern: { a: [{ cidr: '10.0.0.0' }] }, path: 'a[0].cidr' },
    { pattern: { a: [{ cidr: '10.0.0.0/33' }] }, path: 'a[0].cidr' },
    { pattern: { a: [{ cidr: 'host/8' }] }, path: 'a[0].cidr' },
    { pattern: { a: [{ 'anything-but': { cidr: '10.0.0.0/8' } }] }, path: 'a[0].anything-but' },
    { pattern: { a: [{ 'anything-but': null }] }, path: 'a[0].anything-but' },
    { pattern: { a: [{ numeric: ['<', 5_000_000_001] }] }, path: 'a[0].numeric' },
    { pattern: { a: [{}] }, path: 'a[0]' },
    { pattern: { a: [{ prefix: 'x', suffix: 'y' }] }, path: 'a[0]' },
    { pattern: { a: [['x']] }, path: 'a[0]' },
    { pattern: { a: [{ prefix: 5 }] }, path: 'a[0].prefix' },
    { pattern: { a: [{ prefix: { suffix: 'x' } }] }, path: 'a[0].prefix' },
    { pattern: { a: [{ exists: 'yes' }] }, path: 'a[0].exists' },
    { pattern: { a: [{ numeric: ['>'] }] }, path: 'a[0].numeric' },
    { pattern: { a: [{ numeric: ['!=', 5] }] }, path: 'a[0].numeric' },
    { pattern: { a: [{ numeric: ['>', '5'] }] }, path: 'a[0].numeric' },
    { pattern: { a: [{ numeric: ['<', 5, '>', 1] }] }, path: 'a[0].numeric' },
    { pattern: { a: [{ numeric: ['>', 5, '<', 1] }] }, path: 'a[0].numeric' },
    { pattern: { a: [{ 'anything-but': ['x', 5] }] }, path: 'a[0].anything-but' },
    { pattern: { a: [{ 'anything-but': { numeric: ['>', 1] } }] }, path: 'a[0].anything-but' },
    { pattern: { a: [{ 'anything-but': { prefix: { 'equals-ignore-case': 'x' } } }] }, path: 'a[0].anything-but' },
    { pattern: { a: [{ 'anything-but': [] }] }, path: 'a[0].anything-but' },
    { pattern: { a: [{ wildcard: 'a**b' }] }, path: 'a[0].wildcard' },
    { pattern: { a: [{ wildcard: 'a\\b' }] }, path: 'a[0].wildcard' },
    { pattern: { $or: [{ a: [1] }] }, path: '$or' },
    { pattern: { $or: { a: [1] } }, path: '$or' },
    { pattern: { detail: { $or: [{ a: [1] }, { b: [{ glob: 'x' }] }] } }, path: 'detail.$or[1].b[0].glob' },
  ])('refuses $pattern at "$path"', ({ pattern, path }) => {
    const parse = (): unknown => parsePattern(pattern);

    expect(parse).toThrow(PatternError);
    expect(parse).toThrow(expect.objectContaining({ path }));
  });
});
