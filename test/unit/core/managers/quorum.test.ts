// The quorum rule over 1 to 7 managers, and any order of deaths, joins and demotions.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { leastBeside, whyNotDemote } from '../../../../src/core/managers/quorum.ts';
import type { RaftMember } from '../../../../src/core/managers/quorum.ts';

/** r: reachable, u: not, d: reachable and told to go, x: neither reachable nor to stay. */
const members = (states: string): RaftMember[] =>
  Array.from(states, (state, index) => ({
    nodeId: String(index),
    reachable: state === 'r' || state === 'd',
    demoting: state === 'd' || state === 'x',
  }));

describe('how many managers are to be left beside one that goes', () => {
  it.each([
    [3, false, 3],
    [3, true, 2],
    [5, true, 4],
    [1, true, 1],
  ])('%i are wanted, it comes back itself: %s, so %i', (wanted, comesBack, least) => {
    expect(leastBeside(wanted, { comesBack })).toBe(least);
    expect(leastBeside(wanted, {})).toBe(wanted);
  });
});

describe('of these managers the first one may be demoted', () => {
  it.each<[boolean, string, number, string]>([
    [true, 'rrr', 2, 'the group scales in from three to two'],
    [false, 'rrr', 3, 'three are wanted'],
    [true, 'rrrr', 3, 'its replacement is there'],
    [true, 'rr', 1, 'the group scales in to one'],
    [false, 'r', 0, 'it is the last one'],
    [false, 'rru', 0, 'one is down: of two one would be reachable'],
    [true, 'urr', 0, 'it is the one that is down'],
    [true, 'urru', 0, 'of three two would be reachable'],
    [false, 'uuru', 0, 'of three one would be reachable'],
    [false, 'rdr', 2, 'another one is on its way out, and two are wanted'],
    [false, 'rd', 0, 'the other one is on its way out: nobody would be left'],
    [true, 'rdrr', 2, 'another one is on its way out, and two are left all the same'],
    [false, 'rdru', 0, 'when the other one is gone, of two one would be reachable'],
    [true, 'uxrr', 0, 'both that are down are on their way out'],
  ])('%s: %s, at least %i (%s)', (may, states, least) => {
    expect(whyNotDemote(members(states), '0', least) === undefined).toBe(may);
  });

  it('says which of the rules it would break', () => {
    expect(whyNotDemote(members('rru'), '0', 0)).toBe('without node 0 1 of 2 managers are reachable');
    expect(whyNotDemote(members('rrr'), '0', 3)).toBe('without node 0 2 managers are reachable, and 3 are wanted');
  });
});

type Event = readonly ['die' | 'return' | 'demote' | 'demote the dead' | 'settle' | 'join', number];

const event: fc.Arbitrary<Event> = fc.tuple(
  fc.constantFrom('die', 'return', 'demote', 'demote the dead', 'settle', 'join'),
  fc.integer({ min: 0, max: 6 }),
);

const hasQuorum = (raft: readonly RaftMember[]): boolean =>
  raft.filter(({ reachable }) => reachable).length >= Math.floor(raft.length / 2) + 1;

/** A raft, as SwarmKit keeps it: a demotion is accepted first, and done when it comes to it and the quorum allows it. */
class Raft {
  members: RaftMember[];
  #next = 100;

  constructor(size: number) {
    this.members = members('r'.repeat(size));
  }

  play([kind, number]: Event, target: number): void {
    const member = this.members[number % this.members.length];
    if (member === undefined) {
      return;
    }
    switch (kind) {
      case 'die':
      case 'return':
        this.#change(member, { reachable: kind === 'return' });
        break;
      case 'join':
        if (hasQuorum(this.members) && this.members.length < 7) {
          this.#next += 1;
          this.members.push({ nodeId: String(this.#next), reachable: true, demoting: false });
        }
        break;
      case 'settle':
        this.removeDemoted();
        break;
      default:
        this.#demote(member, kind === 'demote' ? target : 0);
    }
  }

  /** By skep's rule. Only one that is gone is demoted regardless of how many are wanted. */
  #demote(member: RaftMember, least: number): void {
    const isGone = least === 0;
    const mayBe = hasQuorum(this.members) && !member.demoting && !(isGone && member.reachable);
    if (mayBe && whyNotDemote(this.members, member.nodeId, least) === undefined) {
      this.#change(member, { demoting: true });
    }
  }

  removeDemoted(): void {
    for (const member of this.members.filter(({ demoting }) => demoting)) {
      const left = this.members.filter(({ nodeId }) => nodeId !== member.nodeId);
      if (hasQuorum(this.members) && hasQuorum(left)) {
        this.members = left;
      }
    }
  }

  #change(member: RaftMember, changes: Partial<RaftMember>): void {
    this.members = this.members.map((one) => (one.nodeId === member.nodeId ? { ...one, ...changes } : one));
  }
}

describe('the rule, in any order of events', () => {
  const size = fc.integer({ min: 1, max: 7 });

  it('never takes the quorum away: not at once, and not by what SwarmKit carries out later', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 7 }), fc.array(event, { maxLength: 40 }), (count, target, events) => {
        const raft = new Raft(count);
        for (const one of events) {
          const before = raft.members;
          raft.play(one, target);
          if (one[0] !== 'die' && hasQuorum(before)) {
            expect(hasQuorum(raft.members)).toBe(true);
            const after = new Raft(0);
            after.members = raft.members;
            after.removeDemoted();
            expect(hasQuorum(after.members)).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never leaves fewer than are wanted by demoting managers that live', () => {
    const alive = fc.array(
      event.filter(([kind]) => kind !== 'die' && kind !== 'demote the dead'),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 7 }), alive, (count, target, events) => {
        const raft = new Raft(count);
        for (const one of events) {
          raft.play(one, target);
          raft.removeDemoted();
          expect(raft.members.length).toBeGreaterThanOrEqual(Math.min(count, target));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
