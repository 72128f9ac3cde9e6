import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../lab/time/clock.ts';
import type { NodeView } from '../../../lab/nodes/machines.ts';
import { ManagerWatch } from '../../../lab/scenario/manager-watch.ts';

type Reachability = NodeView['reachability'];

const node = (reachability: Reachability, index: number): NodeView => ({
  nodeId: `node-${index}`,
  hostname: '',
  role: reachability === undefined ? 'worker' : 'manager',
  status: 'ready',
  availability: 'active',
  reachability,
  labels: {},
  address: '',
});

/** What each manager answers now: letters for leader, reachable, unreachable, worker. Nothing: it has no leader. */
function watched() {
  const clock = new Clock({ virtual: true, start: 0 });
  const answers = new Map<string, string>();
  const meaning: Record<string, Reachability> = { l: 'leader', r: 'reachable', u: 'unreachable', w: undefined };
  const watch = new ManagerWatch({
    clock,
    managers: () => [...answers.keys()],
    nodes: (instance) => {
      const answer = answers.get(instance) ?? '';
      return answer === ''
        ? Promise.reject(new Error('no leader'))
        : Promise.resolve(Array.from(answer, (letter, index) => node(meaning[letter], index)));
    },
  });
  watch.start();
  return { clock, answers, watch };
}

describe('the watch over managers', () => {
  it('tells runs of the same answer, each with its beginning', async () => {
    const { clock, answers, watch } = watched();
    answers.set('a', 'l');
    await clock.advance(1100);
    answers.set('a', 'lrw').set('b', 'lrw');
    await clock.advance(1000);
    answers.delete('b');
    answers.set('a', 'luw');
    await clock.advance(1000);

    expect(watch.result.runs).toEqual({
      a: [
        { at: 0.25, reachable: 1, members: 1 },
        { at: 1.25, reachable: 2, members: 2 },
        { at: 2.25, reachable: 1, members: 2 },
      ],
      b: [
        { at: 1.25, reachable: 2, members: 2 },
        { at: 2.25, reachable: null, members: null },
      ],
    });
  });

  it('counts the least and the most, and what there was beyond the quorum', async () => {
    const { clock, answers, watch } = watched();
    for (const answer of ['lrr', 'lrrr', 'lruu', 'lru']) {
      answers.set('a', answer);
      await clock.advance(500);
    }

    expect(watch.counts).toMatchObject({ leastReachable: 2, leastMembers: 3, mostMembers: 4, leastSpare: -1 });
  });

  it('counts anew from a measure on', async () => {
    const { clock, answers, watch } = watched();
    answers.set('a', 'luu');
    await clock.advance(500);
    watch.measure();
    expect(watch.counts.leastReachable).toBeNull();
    answers.set('a', 'lrr');
    await clock.advance(500);

    expect(watch.counts).toMatchObject({ leastReachable: 3, leastSpare: 1 });
  });

  it('counts the time in which no manager had a leader, also while it lasts; one that has one is enough', async () => {
    const { clock, answers, watch } = watched();
    await clock.advance(5000);
    expect(watch.counts.longestWithoutLeader).toBe(0);
    answers.set('a', 'lr').set('b', 'lr');
    await clock.advance(1000);
    answers.set('a', '');
    await clock.advance(9000);
    expect(watch.counts.longestWithoutLeader).toBe(0);
    answers.set('b', '');
    await clock.advance(3000);
    expect(watch.counts.longestWithoutLeader).toBe(3);
    answers.set('a', 'lr');
    await clock.advance(10_000);

    expect(watch.counts.longestWithoutLeader).toBe(3.25);
  });
});
