// How many pages a machine reads of a manager: as many as a swarm needs, and never without an end, whatever is told of a next one.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { z } from 'zod';

import { partsOf } from './machines.ts';

const tidy = z.looseObject({
  States: z.looseObject({ Inspect: z.looseObject({ Assign: z.object({ offset: z.string() }) }) }),
});
const { offset: source } = tidy.parse(partsOf('tidy')[0]).States.Inspect.Assign;
const expression = jsonata(source.replace(/^\{%|%\}$/g, ''));

/** Where the next page begins; -1 for no further one. */
async function nextOf(next: unknown, offset: number, pages: number): Promise<unknown> {
  const result = next === undefined ? {} : { next };
  return expression.evaluate(undefined, {
    states: { result },
    offset,
    pages: Array.from({ length: pages }, () => ({})),
  });
}

/** How many pages are read of a manager that answers so. */
async function pagesRead(answer: (offset: number) => unknown): Promise<number> {
  let [offset, pages] = [0, 0];
  do {
    offset = Number(await nextOf(answer(offset), offset, pages));
    pages += 1;
  } while (offset > 0 && pages < 1000);
  return pages;
}

describe('the pages of a tidy', () => {
  it('are as many as a swarm of two thousand nodes has, and no more', async () => {
    expect(await pagesRead((offset) => (offset + 400 < 2000 ? offset + 400 : undefined))).toBe(5);
  });

  it('are forty-one at most of a manager that always tells of one more', async () => {
    expect(await pagesRead((offset) => offset + 1)).toBe(41);
  });

  it.each([['the same page'], [0], [-1], [null], [true], [{}], [[500]], ['400']])(
    'end with %j as the next one',
    async (next) => {
      expect(await nextOf(next, 400, 1)).toBe(-1);
      expect(await nextOf(next, 400, 1)).toBe(-1);
    },
  );

  it('end whatever is told', async () => {
    const told = fc.oneof(fc.integer({ min: -5, max: 5000 }), fc.jsonValue(), fc.double());
    await fc.assert(
      fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 60 }), async (answers) => {
        let at = 0;
        expect(await pagesRead(() => answers[at++ % answers.length])).toBeLessThanOrEqual(41);
      }),
      { numRuns: 50 },
    );
  });
});
