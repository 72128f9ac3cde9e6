import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { addressesOf, batchesOf, ownerText, planRecords } from '../../../../src/core/dns/records.ts';
import type { RecordChange, RecordPlan, RecordWish, ShownRecord } from '../../../../src/core/dns/records.ts';

const OWNER = 'dev/blue/eu-west-1';
const [ONE, TWO, THREE] = ['i-00000000000000001', 'i-00000000000000002', 'i-00000000000000003'];

const address = (setId: string, value = '10.0.0.1', ttl = 60): ShownRecord => ({
  type: 'A',
  setId,
  multi: true,
  ttl,
  values: [value],
});
const simple = (type: string, value: string): ShownRecord => ({
  type,
  setId: undefined,
  multi: false,
  ttl: 60,
  values: [value],
});
const text = simple('TXT', ownerText(OWNER));

const wish = (ready: Readonly<Record<string, string>>, leaving: readonly string[] = []): RecordWish => ({
  name: 'web.example.internal',
  ttl: 60,
  owner: OWNER,
  ready: new Map(Object.entries(ready)),
  leaving: new Set(leaving),
});

const plan = (wanted: RecordWish, shown: readonly ShownRecord[]): RecordPlan => {
  const made = planRecords(wanted, shown);
  if (typeof made === 'string') throw new Error(made);
  return made;
};
const told = ({ changes }: RecordPlan): string[] =>
  changes.map(({ action, record: { type, setId = '', values } }) => [action, type, setId, ...values].join(' '));

describe('planRecords', () => {
  it.each([
    [
      'the first one, with the text that says whose it is',
      { [ONE]: '10.0.0.1' },
      [],
      [],
      [`CREATE TXT  ${ownerText(OWNER)}`, `CREATE A ${ONE} 10.0.0.1`],
    ],
    ['nothing, where all is as it should be', { [ONE]: '10.0.0.1' }, [], [text, address(ONE)], []],
    [
      'another address, by hand or by a stop and a start',
      { [ONE]: '10.0.0.9' },
      [],
      [text, address(ONE)],
      [`UPSERT A ${ONE} 10.0.0.9`],
    ],
    ['another TTL', { [ONE]: '10.0.0.1' }, [], [text, address(ONE, '10.0.0.1', 5)], [`UPSERT A ${ONE} 10.0.0.1`]],
    [
      'one that has gone, by what stands there',
      { [ONE]: '10.0.0.1' },
      [],
      [text, address(ONE), address(TWO, '10.0.0.7', 5)],
      [`DELETE A ${TWO} 10.0.0.7`],
    ],
    [
      'one that leaves while another is there',
      { [ONE]: '10.0.0.1' },
      [TWO],
      [text, address(ONE), address(TWO)],
      [`DELETE A ${TWO} 10.0.0.1`],
    ],
    [
      'the one that comes before the one that leaves',
      { [ONE]: '10.0.0.1' },
      [TWO],
      [text, address(TWO)],
      [`CREATE A ${ONE} 10.0.0.1`, `DELETE A ${TWO} 10.0.0.1`],
    ],
    ['nothing of the last one while it leaves', {}, [TWO], [text, address(TWO)], []],
    [
      'all, with the text, when nobody is left',
      {},
      [],
      [text, address(TWO)],
      [`DELETE A ${TWO} 10.0.0.1`, `DELETE TXT  ${ownerText(OWNER)}`],
    ],
    [
      'the record of one that leaves and is Ready still, while another is there',
      { [ONE]: '10.0.0.1', [TWO]: '10.0.0.1' },
      [TWO],
      [text, address(ONE), address(TWO)],
      [`DELETE A ${TWO} 10.0.0.1`],
    ],
    [
      'the first one alone, where its text is there already',
      { [ONE]: '10.0.0.1' },
      [],
      [text],
      [`CREATE A ${ONE} 10.0.0.1`],
    ],
    [
      'the first one with its text, beside an AAAA record of whoever',
      { [ONE]: '10.0.0.1' },
      [],
      [{ ...address(TWO, '::1'), type: 'AAAA' }],
      [`CREATE TXT  ${ownerText(OWNER)}`, `CREATE A ${ONE} 10.0.0.1`],
    ],
    [
      'a second address that somebody has put beside the right one',
      { [ONE]: '10.0.0.1' },
      [],
      [text, { ...address(ONE), values: ['10.0.0.1', '192.0.2.1'] }],
      [`UPSERT A ${ONE} 10.0.0.1`],
    ],
    ['nothing for a name that has nobody', {}, [], [], []],
    [
      'nothing about an AAAA record of whoever',
      { [ONE]: '10.0.0.1' },
      [],
      [text, address(ONE), simple('AAAA', '::1')],
      [],
    ],
  ] as const)('changes %s', (_, ready, leaving, shown, changes) => {
    expect(told(plan(wish(ready, leaving), shown))).toEqual(changes);
  });

  it('makes one multivalue answer record for each instance, and one simple text', () => {
    expect(plan(wish({ [ONE]: '10.0.0.1' }), []).changes.map(({ record }) => record)).toEqual([text, address(ONE)]);
  });

  it.each([
    ['a simple record', [simple('A', '192.0.2.1')], "a record (A) of somebody else's"],
    ['an alias', [{ ...simple('CNAME', 'x'), ttl: undefined }], "a record (CNAME) of somebody else's"],
    ['records of others in sets', [address('blue-green')], "a record (A) of somebody else's"],
    [
      'a weighted record that has the id of an instance',
      [text, { ...address(ONE), multi: false }],
      "a record (A) of somebody else's",
    ],
    [
      'another cluster’s',
      [simple('TXT', ownerText('dev/green/eu-west-1')), address(ONE)],
      "a TXT record of somebody else's",
    ],
    [
      'another region’s',
      [simple('TXT', ownerText('dev/blue/us-east-1')), address(ONE)],
      "a TXT record of somebody else's",
    ],
    ['any other text', [simple('TXT', '"v=spf1 -all"')], "a TXT record of somebody else's"],
    ['records of instances that nobody says to be ours', [address(THREE)], 'no TXT record that says whose they are'],
  ])('refuses what is somebody else’s: %s', (_, shown, because) => {
    expect(planRecords(wish({ [ONE]: '10.0.0.1' }), shown)).toContain(because);
  });

  it('never leaves the name without an answer while a node is Ready or leaves, and never names one that is neither', () => {
    const ids = [ONE, TWO, THREE, 'i-00000000000000004'] as const;
    const some = fc.uniqueArray(fc.constantFrom(...ids));
    fc.assert(
      fc.property(some, some, some, (ready, leaving, named) => {
        const staying = ready.filter((one) => !leaving.includes(one));
        const shown = named.length === 0 ? [] : [text, ...named.map((one) => address(one))];
        const { changes, named: after } = plan(
          wish(Object.fromEntries(staying.map((one) => [one, '10.0.0.1'])), leaving),
          shown,
        );
        const records = new Set(named);
        for (const { action, record } of changes.filter((one) => one.record.type === 'A')) {
          if (action === 'DELETE') records.delete(record.setId ?? '');
          else records.add(record.setId ?? '');
        }
        expect([...records].toSorted()).toEqual([...after].toSorted());
        expect([...records].every((one) => staying.includes(one) || leaving.includes(one))).toBe(true);
        expect(records.size > 0 || (staying.length === 0 && !named.some((one) => leaving.includes(one)))).toBe(true);
        // Once more changes nothing.
        const again = after.length === 0 ? [] : [text, ...after.map((one) => address(one))];
        expect(plan(wish(Object.fromEntries(staying.map((one) => [one, '10.0.0.1'])), leaving), again).changes).toEqual(
          [],
        );
      }),
    );
  });
});

describe('batchesOf', () => {
  const change = (action: RecordChange['action'], ...values: string[]): RecordChange => ({
    action,
    record: { ...address(ONE), values },
  });

  it('keeps to what Route 53 takes in one request, an UPSERT counted twice, and to the order', () => {
    const action = fc.constantFrom('CREATE' as const, 'UPSERT' as const, 'DELETE' as const);
    const lengths = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 3 });
    const changes = fc.array(fc.tuple(action, lengths), { maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(changes, (made) => {
        const all = made.map(([one, of]) => change(one, ...of.map((length) => 'x'.repeat(length))));
        const batches = batchesOf(all);
        expect(batches.flat()).toEqual(all);
        for (const batch of batches) {
          const times = batch.map((one) => (one.action === 'UPSERT' ? 2 : 1) * one.record.values.join('').length);
          expect(times.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(32_000);
          expect(batch.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each<[RecordChange['action'], number[]]>([
    ['CREATE', [8, 2]],
    ['UPSERT', [4, 4, 2]],
  ])('fills each request with characters: %s', (action, sizes) => {
    const all = Array.from({ length: 10 }, () => change(action, 'x'.repeat(1500), 'x'.repeat(2500)));
    expect(batchesOf(all).map((batch) => batch.length)).toEqual(sizes);
  });

  it('splits by the number of values as well', () => {
    const sizes = (action: RecordChange['action'], ...values: string[]): number[] =>
      batchesOf(Array.from({ length: 1500 }, () => change(action, ...values))).map((batch) => batch.length);
    expect([sizes('CREATE', '10.0.0.1'), sizes('CREATE', '::', '::'), sizes('UPSERT', '10.0.0.1')]).toEqual([
      [1000, 500],
      [500, 500, 500],
      [500, 500, 500],
    ]);
  });
});

describe('the address of a node', () => {
  const known = [address(ONE, '10.0.0.9')];
  it.each<[string, [string, string | undefined][], ShownRecord[], string | undefined]>([
    ['is what EC2 says', [[ONE, '10.0.0.1']], known, '10.0.0.1'],
    ['stays what its record says where one answer of EC2 lacks it', [], known, '10.0.0.9'],
    ['is none where EC2 says that it does not run', [[ONE, undefined]], known, undefined],
    ['is none where neither knows it', [], [address(TWO)], undefined],
  ])('%s', (_, live, shown, wanted) => {
    expect([...addressesOf([ONE], new Map(live), shown)]).toEqual(wanted === undefined ? [] : [[ONE, wanted]]);
  });

  it('is wanted of those that are Ready, and of no other', () => {
    expect([...addressesOf([ONE], new Map([[TWO, '10.0.0.2']]), known)]).toEqual([[ONE, '10.0.0.9']]);
  });
});
