import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { LeaderRecord } from '../../../src/core/claim.ts';
import { mayLeave, withManager, withoutManager } from '../../../src/core/leader-record.ts';
import { LEADER } from '../support/examples.ts';

const [founder] = LEADER.managers;
const second = { instance: 'i-0bbbbbbbbbbbbbbbb', nodeId: 'second', address: '10.0.1.12:2377' };

describe('the record of managers, when one was confirmed', () => {
  it('has one more, under the next term', () => {
    expect(withManager(LEADER, second)).toEqual({ ...LEADER, managers: [founder, second], term: 2 });
  });

  it('stays as it is when it says so already', () => {
    expect(withManager({ ...LEADER, managers: [...LEADER.managers, second] }, second)).toBeUndefined();
  });

  it('has the new node of an instance that joined again, and not the old one', () => {
    const again = { ...second, nodeId: 'again' };
    const record = { ...LEADER, managers: [...LEADER.managers, second], term: 2 };

    expect(withManager(record, again)).toEqual({ ...LEADER, managers: [founder, again], term: 3 });
  });

  it('is made anew where it was lost', () => {
    expect(withManager(undefined, second)).toEqual({ leader: second, managers: [second], term: 1 });
  });
});

const three = {
  ...LEADER,
  managers: ['a', 'b', 'c'].map((instance) => ({ instance, nodeId: instance, address: '10.0.1.1:2377' })),
  term: 7,
};

describe('the record of managers, when one was demoted', () => {
  it('has one less, under the next term', () => {
    const record = withoutManager(three, 'b');

    expect(record?.managers.map(({ instance }) => instance)).toEqual(['a', 'c']);
    expect(record?.term).toBe(8);
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
