// The sizes of a group: what the file says against what Auto Scaling has.
import { describe, expect, it } from '@jest/globals';

import { sizesWords, surplus } from '../../../../src/core/cluster/sizes.ts';

describe('the sizes of a group', () => {
  it.each([
    // [wanted min, max], [min, max, desired] as it is, [nodes that go, said]
    [
      [2, 6],
      [2, 6, 2],
      [0, undefined],
    ],
    [
      [2, 6],
      [2, 6, 6],
      [0, undefined],
    ],
    [
      [2, 6],
      [0, 6, 0],
      [0, /is 0 to 6,.* it becomes 2 to 6$/],
    ],
    [
      [2, 6],
      [2, 4, 2],
      [0, /is 2 to 4,.* it becomes 2 to 6$/],
    ],
    [
      [3, 3],
      [5, 5, 5],
      [2, /is 5,.* it becomes 3$/],
    ],
    [
      [0, 0],
      [2, 4, 3],
      [3, /is 2 to 4,.* it becomes 0$/],
    ],
  ] as const)('%j for %j: %j', ([min, max], [hasMin, hasMax, desired], [going, said]) => {
    const now = { min: hasMin, max: hasMax, desired };
    expect(surplus({ min, max }, now)).toBe(going);
    const words = sizesWords({ min, max }, now);
    if (said === undefined) {
      expect(words).toBeUndefined();
    } else {
      expect(words).toMatch(said);
    }
  });
});
