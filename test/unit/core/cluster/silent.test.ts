// Instances that nobody can ask.
import { describe, expect, it } from '@jest/globals';

import { longWaiting, newRefusals, silentWords, stillWaiting } from '../../../../src/core/cluster/silent.ts';

const MINUTE = 60_000;

describe('instances that wait', () => {
  it('are waited for eight minutes each, from when they were seen first', () => {
    let waiting = stillWaiting(new Map(), ['i-1'], 0);
    waiting = stillWaiting(waiting, ['i-1', 'i-2'], 5 * MINUTE);
    expect(longWaiting(waiting, 8 * MINUTE - 1)).toEqual([]);
    expect(longWaiting(waiting, 8 * MINUTE)).toEqual(['i-1']);
    expect(longWaiting(waiting, 13 * MINUTE)).toEqual(['i-1', 'i-2']);
  });

  it('and have gone on are forgotten: the next wait of one begins anew', () => {
    let waiting = stillWaiting(new Map(), ['i-1'], 0);
    waiting = stillWaiting(waiting, [], 5 * MINUTE);
    waiting = stillWaiting(waiting, ['i-1'], 6 * MINUTE);
    expect(longWaiting(waiting, 9 * MINUTE)).toEqual([]);
  });

  it('are named, with what a person looks at', () => {
    expect(silentWords(['i-1', 'i-2'])).toMatch(
      /^i-1, i-2: after 8 minutes .*endpoints of ssm and ssmmessages \(an SSM agent before 3\.3\.40\.0 needs ec2messages as well\)/,
    );
  });
});

describe('launches that AWS has refused', () => {
  const refused = (group: string, because: string) => ({ id: `${group} ${because}`, group, because });

  it('are told once for each reason, in one line', () => {
    const found = [
      refused('web', 'a quota\nis full.'),
      refused('web', 'a quota\nis full.'),
      refused('db', 'no capacity.'),
    ];
    const old = new Set<string>();
    const told = newRefusals({ told: new Set(), old }, found);
    expect(told).toEqual([
      expect.stringMatching(/^web: AWS launches no instance: a quota.*is full\. It goes on trying$/),
      'db: AWS launches no instance: no capacity. It goes on trying',
    ]);
    expect(newRefusals({ told: new Set(told), old }, found)).toEqual([]);
    expect(newRefusals({ told: new Set(), old: new Set(found.map(({ id }) => id)) }, found)).toEqual([]);
  });
});
