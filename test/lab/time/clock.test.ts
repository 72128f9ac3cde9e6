import { describe, expect, it } from '@jest/globals';

import { Clock, Work } from '../../../lab/time/clock.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const virtual = (): Clock => new Clock({ virtual: true, start: START });
const HOUR = 3_600_000;

describe('virtual time', () => {
  it('jumps from one thing that happens to the next, in order, and equals in the order in which they were set', async () => {
    const clock = virtual();
    const seen: [string, number][] = [];
    for (const [name, delay] of [
      ['c', 3000],
      ['a', 1000],
      ['b1', 2000],
      ['b2', 2000],
      ['past', -5],
    ] as const) {
      clock.schedule(delay, () => {
        seen.push([name, clock.now() - START]);
      });
    }
    await clock.advance(HOUR);

    expect(seen).toEqual([
      ['past', 0],
      ['a', 1000],
      ['b1', 2000],
      ['b2', 2000],
      ['c', 3000],
    ]);
    expect(clock.now()).toBe(START + HOUR);
  });

  it('does not pass by itself, nor beyond what was asked for', async () => {
    const clock = virtual();
    let rung = false;
    clock.schedule(1001, () => {
      rung = true;
    });
    await clock.advance(1000);

    expect([rung, clock.now()]).toEqual([false, START + 1000]);
    await clock.advance(1);
    expect([rung, clock.now()]).toEqual([true, START + 1001]);
  });

  it('what was cancelled does not happen, also when it was cancelled at the same moment', async () => {
    const clock = virtual();
    const seen: string[] = [];
    let cancel = (): void => undefined;
    clock.schedule(1000, () => {
      seen.push('first');
      cancel();
    });
    cancel = clock.schedule(1000, () => {
      seen.push('second');
    });
    await clock.advance(HOUR);

    expect(seen).toEqual(['first']);
  });

  it('stands still while real work is under way', async () => {
    const clock = virtual();
    const seen: string[] = [];
    clock.schedule(1000, () => {
      void clock.busy(new Promise((resolve) => setTimeout(resolve, 30))).then(() => {
        seen.push(`work ended at ${clock.now() - START}`);
      });
    });
    clock.schedule(1001, () => {
      seen.push(`next at ${clock.now() - START}`);
    });
    await clock.advance(HOUR);

    expect(seen).toEqual(['work ended at 1000', 'next at 1001']);
  });

  it('goes on after real work that failed', async () => {
    const clock = virtual();
    await expect(clock.busy(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await clock.advance(1000);

    expect(clock.now()).toBe(START + 1000);
  });

  it('what a timer sets off is seen before the next one fires, through promises too', async () => {
    const clock = virtual();
    const seen: string[] = [];
    clock.schedule(1000, () => {
      void Promise.resolve()
        .then(() => clock.sleep(500))
        .then(() => seen.push('slept until 1500'));
    });
    clock.schedule(2000, () => {
      seen.push('2000');
    });
    await clock.advance(HOUR);

    expect(seen).toEqual(['slept until 1500', '2000']);
  });

  it('stops at the moment at which what is waited for comes true', async () => {
    const clock = virtual();
    let done = false;
    clock.schedule(5000, () => {
      done = true;
    });

    expect(await clock.until(() => done, HOUR)).toBe(true);
    expect(clock.now()).toBe(START + 5000);
    expect(await clock.until(() => false, 1000)).toBe(false);
    expect(clock.now()).toBe(START + 6000);
  });

  it('an error of a timer reaches who lets time pass', async () => {
    const clock = virtual();
    clock.schedule(1, () => {
      throw new Error('a bug');
    });

    await expect(clock.advance(10)).rejects.toThrow('a bug');
  });
});

describe('time that passes by itself', () => {
  it('goes on from where virtual time was, and what was set before still happens', async () => {
    const clock = virtual();
    await clock.advance(HOUR);
    const rung = new Promise<number>((resolve) => {
      clock.schedule(40, () => {
        resolve(clock.now());
      });
    });
    const started = Date.now();
    clock.follow();
    const at = await rung;
    clock.stop();

    expect(clock.virtual).toBe(false);
    expect(at - START - HOUR).toBeGreaterThanOrEqual(40);
    expect(at - START - HOUR).toBeLessThan(2000);
    expect(Date.now() - started).toBeGreaterThanOrEqual(35);
  });

  it('what is set later but due earlier happens earlier; nothing happens after the stop', async () => {
    const clock = new Clock({ virtual: false, start: START });
    const seen: string[] = [];
    clock.schedule(60, () => seen.push('60'));
    clock.schedule(20, () => seen.push('20'));
    clock.schedule(10_000, () => seen.push('never'));
    await clock.until(() => seen.length === 2, 5000);
    clock.stop();

    expect(seen).toEqual(['20', '60']);
  });
});

it('real work holds time up, save for the pauses that it makes itself', async () => {
  const clock = new Clock({ virtual: true, start: 0 });
  let ended: number | undefined;
  const state = new Work();
  const work = clock.busy(
    (async () => {
      await clock.pause(1500, state);
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = clock.now();
    })(),
    state,
  );
  await clock.until(() => ended !== undefined, 60_000);
  await work;

  expect(ended).toBe(1500);
});

describe('work that is ended in a pause of its own', () => {
  it.each([1, 2])('is counted no more, and not twice: %d pause(s) at once', async (pauses) => {
    const clock = new Clock({ virtual: true, start: 0 });
    const state = new Work();
    const paused: Promise<void>[] = [];
    await clock.busy(
      Promise.resolve().then(() => {
        paused.push(...Array.from({ length: pauses }, () => clock.pause(1000, state)));
      }),
      state,
    );
    // Time passes, and other work still holds it up.
    await clock.advance(2000);
    await Promise.all(paused);
    const other = clock.busy(new Promise((resolve) => setTimeout(resolve, 30)));
    let isOver = false;
    void other.then(() => (isOver = true));
    await clock.advance(1);
    expect(isOver).toBe(true);
  });
});
