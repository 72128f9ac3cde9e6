import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { LeaderRecord, Manager } from '../../../../src/core/model.ts';
import {
  differsFrom,
  digestOf,
  mayLeave,
  nextTerm,
  readMembers,
  readRecord,
  withManager,
  withMembers,
  withoutManager,
} from '../../../../src/core/managers/leader-record.ts';
import { LEADER, NOW } from '../../support/examples.ts';

const [founder] = LEADER.managers;
const second = { instance: 'i-0bbbbbbbbbbbbbbbb', nodeId: 'second', address: '10.0.1.12:2377' };

describe('the record of managers, when one was confirmed', () => {
  it('has one more', () => {
    expect(withManager(LEADER, second)).toEqual({ leader: LEADER.leader, managers: [founder, second] });
  });

  it('stays as it is when it says so already', () => {
    expect(withManager({ ...LEADER, managers: [...LEADER.managers, second] }, second)).toBeUndefined();
  });

  it('has the new node of an instance that joined again, and not the old one', () => {
    const again = { ...second, nodeId: 'again' };
    const record = { ...LEADER, managers: [...LEADER.managers, second], term: 2 };

    expect(withManager(record, again)).toEqual({ leader: LEADER.leader, managers: [founder, again] });
  });

  it('has its new address, where the same node has another one by now', () => {
    const moved = { ...second, address: '10.0.1.13:2377' };
    const record = { ...LEADER, managers: [...LEADER.managers, second] };

    expect(withManager(record, moved)).toEqual({ leader: LEADER.leader, managers: [founder, moved] });
  });

  it('is made anew where it was lost', () => {
    expect(withManager(undefined, second)).toEqual({ leader: second, managers: [second] });
  });
});

const three = {
  ...LEADER,
  managers: ['a', 'b', 'c'].map((instance) => ({ instance, nodeId: instance, address: '10.0.1.1:2377' })),
  term: 7,
};

describe('the record of managers, when one was demoted', () => {
  it('has one less', () => {
    const record = withoutManager(three, 'b');

    expect(record?.managers.map(({ instance }) => instance)).toEqual(['a', 'c']);
  });

  it('stays as it is when it says so already, or is lost', () => {
    expect(withoutManager(three, 'd')).toBeUndefined();
    expect(withoutManager(undefined, 'a')).toBeUndefined();
  });

  it('names another leader when it was the leader that went', () => {
    const [first] = three.managers;

    expect(first && withoutManager({ ...three, leader: first }, 'a')?.leader.instance).toBe('b');
    expect(first && withoutManager({ ...three, leader: first }, 'c')?.leader.instance).toBe('a');
  });

  it('names the same leader as before when another one went, wherever that stands', () => {
    const [, middle] = three.managers;

    expect(middle && withoutManager({ ...three, leader: middle }, 'c')?.leader.instance).toBe('b');
    expect(middle && withoutManager({ ...three, leader: middle }, 'a')?.leader.instance).toBe('b');
  });

  it('keeps the last one’s name as its leader: nobody else is known who could be asked', () => {
    expect(withoutManager(LEADER, LEADER.leader.instance)).toMatchObject({ leader: LEADER.leader });
  });
});

describe('a manager that lives may go', () => {
  it.each<[boolean, string, number]>([
    [false, 'three of three are wanted: its replacement is to come', 3],
    [true, 'two of three are wanted: the group scales in', 2],
    [true, 'one of three is wanted', 1],
    [true, 'none is wanted, and others are left', 0],
  ])('%s: %s', (expected, _what, target) => {
    expect(mayLeave(three, 'a', target)).toBe(expected);
  });

  it('when its replacement was confirmed, and not before', () => {
    const replacement = { instance: 'd', nodeId: 'd', address: '10.0.1.9:2377' };

    expect(mayLeave(withManager(three, replacement), 'a', 3)).toBe(true);
  });

  it('never when it is the last one, or nobody knows of another', () => {
    expect(mayLeave(LEADER, LEADER.leader.instance, 0)).toBe(false);
    expect(mayLeave(undefined, 'a', 0)).toBe(false);
  });

  it('one after the other, in any order: never fewer are left than are wanted, and never none', () => {
    const instances = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const managers = fc.subarray(instances, { minLength: 1 });
    fc.assert(
      fc.property(managers, fc.nat(7), fc.shuffledSubarray(instances), (present, target, leaving) => {
        let record: LeaderRecord = {
          ...three,
          managers: present.map((instance) => ({ instance, nodeId: instance, address: '' })),
        };
        for (const instance of leaving.filter((one) => present.includes(one))) {
          if (mayLeave(record, instance, target)) {
            record = { ...record, ...withoutManager(record, instance) };
            expect(record.managers.length).toBeGreaterThanOrEqual(Math.max(1, target));
          }
        }
      }),
    );
  });
});

const manager = (number: number): Manager => ({
  instance: `i-0000000${number}`,
  nodeId: `node-${number}`,
  address: `10.0.1.${number}:2377`,
});
const line = (number: number, reach: string, instance = manager(number).instance): string =>
  [manager(number).nodeId, instance, reach, manager(number).address].join(' ');
const told = (...lines: string[]) => readMembers(lines) ?? [];
const recordOf = (...numbers: number[]): LeaderRecord => ({
  leader: manager(numbers[0] ?? 0),
  managers: numbers.map(manager),
  term: 7,
  asOf: NOW,
});

describe('the record of managers, as the managers tell it', () => {
  it('stays as it is when they tell the same, in any order', () => {
    const members = told(line(2, 'reachable'), line(3, 'reachable'), line(1, 'leader'));

    expect(withMembers(recordOf(1, 2, 3), members)).toBeUndefined();
    expect(differsFrom(digestOf(recordOf(1, 2, 3)), members)).toBe(false);
  });

  it.each<[string, string[], number, number[]]>([
    ['names the new leader', [line(1, 'reachable'), line(2, 'leader'), line(3, 'reachable')], 2, [1, 2, 3]],
    [
      'has no manager that is not reached',
      [line(1, 'unreachable'), line(2, 'leader'), line(3, 'reachable')],
      2,
      [2, 3],
    ],
    ['has no manager that is on its way to be a worker', [line(1, 'leader'), line(2, 'demoting')], 1, [1]],
    [
      'has one more that is labelled',
      [line(1, 'leader'), line(2, 'reachable'), line(3, 'reachable'), line(4, 'reachable')],
      1,
      [1, 2, 3, 4],
    ],
    ['knows by its node id one that has lost its label', [line(1, 'leader', '-'), line(2, 'reachable')], 1, [1, 2]],
    ['leaves out a stranger', [line(1, 'reachable'), line(2, 'reachable'), line(9, 'leader', '-')], 1, [1, 2]],
  ])('%s', (_what, lines, leader, managers) => {
    const after = withMembers(recordOf(1, 2, 3), told(...lines));

    expect(after).toEqual({ leader: manager(leader), managers: managers.map(manager) });
    expect(differsFrom(digestOf(recordOf(1, 2, 3)), told(...lines))).toBe(true);
  });

  it('is made anew where it was lost', () => {
    const members = told(line(1, 'reachable'), line(2, 'leader'));

    expect(withMembers(undefined, members)).toEqual({ leader: manager(2), managers: [manager(1), manager(2)] });
  });

  it('does not seem to be the same where one is told of that nobody can be asked by: the record may know it', () => {
    const record = digestOf(recordOf(1, 2));

    expect(differsFrom(record, told(line(1, 'leader'), line(2, 'reachable'), line(9, 'reachable', '-')))).toBe(true);
    expect(differsFrom(record, told(line(1, 'leader'), line(2, 'reachable'), line(9, 'unreachable', '-')))).toBe(false);
    expect(differsFrom(record, told(line(9, 'leader', '-')))).toBe(true);
  });

  it('is another one where only an address, a node id or an instance differs', () => {
    const [one, two] = [manager(1), manager(2)];
    const digests = [
      two,
      { ...two, address: '10.0.1.3:2377' },
      { ...two, nodeId: 'node-3' },
      { ...two, instance: manager(3).instance },
    ].map((changed) => digestOf({ leader: one, managers: [one, changed] }));

    expect(new Set(digests).size).toBe(4);
  });

  it('is not emptied by managers that tell of nobody who can be asked', () => {
    expect(withMembers(recordOf(1), told(line(9, 'leader', '-')))).toBeUndefined();
    expect(withMembers(recordOf(1), told(line(1, 'unreachable')))).toBeUndefined();
    expect(withMembers(recordOf(1), [])).toBeUndefined();
  });

  it('is not read out of what this version does not understand', () => {
    for (const odd of [
      undefined,
      'a',
      [],
      [1],
      ['one two'],
      [` ${line(1, 'leader')}`],
      [' i-00000001 leader'],
      [line(1, 'leader'), 'and more'],
      [line(1, 'asleep')],
    ]) {
      expect(readMembers(odd)).toBeUndefined();
    }
  });

  it('settles: told the same again, nothing changes, and who leads is one of the managers', () => {
    const reach = fc.constantFrom('leader', 'reachable', 'unreachable', 'demoting');
    const label = fc.boolean();
    const members = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 7 }), reach, label), { selector: ([n]) => n });
    const before = fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), { nil: undefined });
    fc.assert(
      fc.property(before, members, (numbers, seen) => {
        const now = told(...seen.map(([n, how, labelled]) => line(n, how, labelled ? manager(n).instance : '-')));
        const first = numbers && recordOf(...numbers);
        const after = withMembers(first, now) ?? first;
        if (after !== undefined) {
          expect(withMembers(after, now)).toBeUndefined();
          expect(after.managers).toContainEqual(after.leader);
          expect(new Set(after.managers.map(({ nodeId }) => nodeId)).size).toBe(after.managers.length);
        }
      }),
    );
  });
});

describe('a record as it lies in the table', () => {
  const [one, two] = [manager(1), manager(2)];

  it('is read as it was written', () => {
    expect(readRecord(recordOf(1, 2))).toEqual({ record: recordOf(1, 2), defect: undefined });
  });

  it.each<[string, unknown, string]>([
    ['is missing', undefined, 'is missing'],
    ['is no item', 'x', 'names no manager'],
    ['is empty', {}, 'names no manager'],
    ['names nobody', { leader: 'me', managers: ['us'], term: 'x' }, 'names no manager'],
    ['has no list', { leader: null, managers: 'all', term: 1 }, 'names no manager'],
    [
      'names what is no instance',
      { leader: { ...one, instance: 'i-am' }, managers: [{ ...one, address: 'here' }] },
      'names no manager',
    ],
  ])('that %s is no record, and says so', (_what, item, says) => {
    const { record, defect } = readRecord(item);

    expect(record).toBeUndefined();
    expect(defect).toBe(`the leader record ${says}`);
  });

  it.each<[string, unknown, Partial<LeaderRecord>]>([
    ['leader', { leader: 'one', managers: [two], term: 3 }, { leader: two, managers: [two], term: 3 }],
    ['list', { leader: one, managers: ['me'], term: 3 }, { leader: one, managers: [one], term: 3 }],
    ['manager', { leader: one, managers: [{}, two], term: 3 }, { leader: one, managers: [two], term: 3 }],
    ['term', { leader: one, managers: [one], term: 'three' }, { leader: one, managers: [one], term: 0 }],
    ['term, below 0,', { leader: one, managers: [one], term: -1 }, { leader: one, managers: [one], term: 0 }],
    ['term, between two,', { leader: one, managers: [one], term: 1.5 }, { leader: one, managers: [one], term: 0 }],
    ['list, empty,', { leader: one, managers: [], term: 3 }, { leader: one, managers: [one], term: 3 }],
  ])('of whose parts the %s is garbage serves with the rest', (_what, item, expected) => {
    const { record, defect } = readRecord(item);

    expect(record).toMatchObject(expected);
    expect(defect).toMatch(/part/);
  });

  it('never stops anybody, whatever somebody has written there', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (item) => {
        expect(readRecord(item).record?.managers.length).not.toBe(0);
      }),
    );
  });

  it('of term 0, the first of all, is sound, and is followed by the time of day', () => {
    expect(readRecord({ ...recordOf(1), term: 0 })).toEqual({ record: { ...recordOf(1), term: 0 }, defect: undefined });
    expect(nextTerm(0, NOW)).toBe(NOW);
  });

  it('is followed by one of a higher term, and after a loss of one that no count has come to', () => {
    expect([nextTerm(7, NOW), nextTerm(undefined, NOW), nextTerm('x', NOW), nextTerm(-1, NOW)]).toEqual([
      8,
      NOW,
      NOW,
      NOW,
    ]);
    expect(nextTerm(nextTerm(undefined, NOW), NOW)).toBe(NOW + 1);
  });
});
