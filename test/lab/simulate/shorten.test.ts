import { describe, expect, it } from '@jest/globals';

import { REST } from '../../../lab/simulate/clusters/written.ts';
import type { Written, WrittenStep } from '../../../lab/simulate/clusters/written.ts';
import { shorten } from '../../../lab/simulate/shorten.ts';

const noise = (count: number): WrittenStep[] =>
  Array.from({ length: count }, (_, index) => ({ advance: `${index + 1}s` }));
const guilty: readonly WrittenStep[] = [{ kill: { group: 'workers' } }, { stop: { machine: 'scale-in' } }];

const written = (steps: readonly WrittenStep[]): Written => ({
  name: 'seed 1',
  seed: 1,
  invariants: 'at rest too',
  passOver: true,
  limits: { lag: { groups: '3s' } },
  groups: {
    managers: { role: 'manager', desired: 5, agentAfter: '45s' },
    workers: { role: 'worker', desired: 4, dockerAfter: '20s' },
    spare: { role: 'worker', desired: 2 },
  },
  steps: [...steps, ...REST],
});

const hasBoth = ({ steps }: Written): Promise<boolean> =>
  Promise.resolve(guilty.every((step) => steps.some((one) => JSON.stringify(one) === JSON.stringify(step))));

describe('a scenario that breaks a rule', () => {
  it('is left with the steps that it takes, and the quiet at its end', async () => {
    const long = written([...noise(9), ...guilty.slice(0, 1), ...noise(7), ...guilty.slice(1), ...noise(5)]);

    expect((await shorten(long, hasBoth, 1000)).steps).toEqual([...guilty, ...REST]);
  });

  it('is left with the smallest groups, and with nothing special about them', async () => {
    const { groups, limits } = await shorten(written(guilty), hasBoth, 1000);

    expect(groups).toEqual({ managers: { role: 'manager', desired: 1 }, workers: { role: 'worker', desired: 0 } });
    expect(limits).toBeUndefined();
  });

  it('keeps what it takes', async () => {
    const needsLate = async (one: Written): Promise<boolean> =>
      (await hasBoth(one)) && one.groups['workers']?.['dockerAfter'] === '20s' && one.limits !== undefined;
    const { groups, limits } = await shorten(written(guilty), needsLate, 1000);

    expect(groups['workers']).toMatchObject({ dockerAfter: '20s' });
    expect(limits).toEqual({ lag: { groups: '3s' } });
  });

  it('stays as it is when no run may be spent on it', async () => {
    const long = written([...noise(3), ...guilty]);

    expect(await shorten(long, hasBoth, 0)).toEqual(long);
  });
});
