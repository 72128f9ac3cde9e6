import { describe, expect, it } from '@jest/globals';

import type { RequestSeen } from '../../../lab/nodes/machines.ts';
import { Requests } from '../../../lab/scenario/requests.ts';

function counted() {
  const time = { now: 0 };
  const requests = new Requests(() => time.now);
  const seen = requests.of('web');
  const ends = (at: number, request: Partial<RequestSeen> = {}): void => {
    time.now = at;
    seen({ ago: 0, slow: false, failure: '', ...request });
  };
  const measure = (at: number, as: string): void => {
    time.now = at;
    requests.measure(as);
  };
  return { requests, ends, measure };
}

describe('requests', () => {
  it('are counted, and those that failed by what happened to them', () => {
    const { requests, ends } = counted();
    ends(100);
    ends(200, { failure: 'refused' });
    ends(300, { failure: 'refused', slow: true });
    ends(2400, { failure: 'timed out', ago: 2000 });
    expect(requests.counts('web')).toMatchObject({
      sent: 4,
      slow: 1,
      failed: 3,
      failures: { refused: 2, 'timed out': 1 },
    });
  });

  it('of a service that nobody asks are not known', () => {
    expect(counted().requests.counts('db')).toBeUndefined();
  });

  it('that were in flight at a measure count for what comes after it', () => {
    const { requests, ends, measure } = counted();
    ends(1000);
    measure(2000, 'drained');
    ends(4000, { slow: true, ago: 3000, failure: 'reset' });
    measure(5000, 'nothing');
    ends(6000);
    expect(requests.rows.map(({ as, sent, failed }) => [as, sent, failed])).toEqual([
      ['', 1, 0],
      ['drained', 1, 1],
      ['nothing', 1, 0],
    ]);
    expect(requests.counts('web')).toMatchObject({ sent: 1, failed: 0 });
  });

  it.each([
    [
      'from the first that failed until the next that was answered',
      [[1000], [1100, 'refused'], [1200, 'refused'], [1300]],
      0.2,
    ],
    ['the longest of several', [[1000, 'reset'], [1100], [1200, 'reset'], [1500, 'reset'], [1700], [1800]], 0.5],
    ['until the last, where none was answered any more', [[1000], [1100, 'reset'], [1900, 'reset']], 0.8],
    ['none where all are answered', [[1000], [1100]], 0],
  ] as const)('have a gap: %s', (_, ended, gap) => {
    const { requests, ends } = counted();
    for (const [at, failure = ''] of ended) {
      ends(at, { failure });
    }
    expect(requests.counts('web')?.gap).toBe(gap);
  });

  it('are put in the order in which they were sent, and slow ones make no gap', () => {
    const { requests, ends } = counted();
    ends(1000, { failure: 'refused' });
    ends(1050, { slow: true, failure: 'refused' });
    ends(1200);
    ends(3100, { ago: 2000, failure: 'timed out' });
    // Sent at 1000 and 1100 failed, at 1200 not.
    expect(requests.counts('web')?.gap).toBe(0.2);
  });
});
