import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { CHANGES, fitting, fittingTell } from '../../../../src/core/services/shift-limits.ts';

const service = (number: number): string => String(number).padStart(25, '0');

describe('what one shift command carries', () => {
  it('is all of it where it is little', () => {
    const changes = [`${service(1)}@12@include`, `${service(1)}@0@settle`, `${service(2)}@3@include`];
    expect(fitting(changes)).toEqual(changes);
    expect(fitting([])).toEqual([]);
    expect(fittingTell('nodes')).toBe('nodes');
  });

  it('ends before a service of which not all would fit', () => {
    const pair = (number: number): string[] => [`${service(number)}@12@include`, `${service(number)}@0@settle`];
    const changes = [`${service(0)}@12@settle`, ...Array.from({ length: 150 }, (_, index) => pair(index + 1)).flat()];
    // The two hundredth would be the first of a pair.
    expect(fitting(changes)).toEqual(changes.slice(0, CHANGES - 1));
  });

  it('is 40,000 characters, a separator for each', () => {
    const first = `${service(1)}@12@include`;
    const second = (characters: number): string => `${service(2)}@`.padEnd(characters - first.length - 2, 'x');
    expect(fitting([first, second(40_000)])).toHaveLength(2);
    expect(fitting([first, second(40_001)])).toEqual([first]);
  });

  it('is half of what belongs to one service where both halves alone do not fit', () => {
    const halves = [`${service(1)}@12@include`, `${service(1)}@`.padEnd(40_000, 'x')];
    expect(fitting(halves)).toEqual(halves.slice(0, 1));
  });

  it('is never longer than a third of what Linux takes in one string of the environment, and never nothing', () => {
    const change = fc
      .tuple(fc.nat(400), fc.integer({ min: 1, max: 100 }))
      .map(([id, nodes]) => `${service(id)}@12@exclude@1795000000@${Array<string>(nodes).fill(service(9)).join('+')}`);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 400 }), (changes) => {
        const fits = fitting(changes);
        expect(fits.join(',').length).toBeLessThan(131_072 / 3);
        expect(changes.slice(0, fits.length)).toEqual(fits);
        expect(fits.length).toBeGreaterThan(0);
      }),
    );
  });

  it('tells of the first two hundred', () => {
    const ids = Array.from({ length: 300 }, (_, index) => service(index));
    expect(fittingTell(`on:${ids.join(',')}`)).toBe(`on:${ids.slice(0, 200).join(',')}`);
  });
});
