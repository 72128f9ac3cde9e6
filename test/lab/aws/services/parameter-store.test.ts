// Parameter Store under the account's limit.
import { expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import { Throttles } from '../../../../lab/aws/services/throttles.ts';
import type { Limits } from '../../../../lab/aws/services/throttles.ts';
import { ParameterStore } from '../../../../lab/aws/services/parameter-store.ts';

function store(limits: Limits) {
  const clock = new Clock({ virtual: true, start: 0 });
  const throttles = new Throttles(clock, limits);
  const { operations } = new ParameterStore([], throttles);
  operations.PutParameter({ Name: '/a/b', Value: 'c', Type: 'String' });
  const read = (): unknown => operations.GetParameter({ Name: '/a/b' });
  return { clock, throttles, read };
}

it('reads are throttled when the bucket is empty, and go through when it has filled', async () => {
  const { clock, throttles, read } = store({ getParameter: { rate: 40, burst: 2 } });
  read();
  read();

  expect(read).toThrow('Rate exceeded');

  await clock.advance(24);

  expect(read).toThrow('Rate exceeded');

  await clock.advance(1);

  expect(read()).toMatchObject({ Parameter: { Value: 'c' } });
  expect(throttles.refused).toEqual({ getParameter: 2 });
});

it('nothing is throttled where no limit is set', () => {
  const { throttles, read } = store({});
  for (let times = 0; times < 1000; times += 1) {
    read();
  }

  expect(throttles.refused).toEqual({});
});
