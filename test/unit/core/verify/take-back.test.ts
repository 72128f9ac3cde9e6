// Whom `skep verify --launch` ends: its own instance whatever else has changed, another one only where no doubt is left, and never a stranger.
import { describe, expect, it } from '@jest/globals';

import { takingBack } from '../../../../src/core/verify/take-back.ts';

const group = (desired: number, ...instances: readonly string[]): Parameters<typeof takingBack>[0] => ({
  name: 'workers',
  desired,
  instances: instances.map((one) => {
    const [instance = '', lifecycle = 'InService'] = one.split('=');
    return { instance, lifecycle };
  }),
});
const BEFORE = group(3, 'a', 'b', 'c');

describe('what is ended of a group that was told to want one more than three', () => {
  it.each([
    ['its own', group(4, 'a', 'b', 'c', 'own'), 'own', 'end own, one less'],
    ['its own beside a replacement', group(4, 'a', 'b', 'new', 'own'), 'own', 'end own, one less'],
    ['its own after a policy', group(8, 'a', 'b', 'c', 'own', 'new'), 'own', 'end own, one less'],
    ['its own, set back', group(3, 'a', 'b', 'c', 'own'), 'own', 'end own'],
    ['its own, set lower', group(1, 'a', 'own'), 'own', 'end own'],
    [
      'on its way out, with a replacement',
      group(4, 'a', 'b', 'c', 'own=Terminating:Wait', 'new'),
      'own',
      'end new, one less',
    ],
    [
      'on its way out, set back',
      group(3, 'a', 'b', 'c', 'own=Terminating:Wait'),
      'own',
      'nothing: workers wants 3 by now',
    ],
    ['on its way out, alone', group(4, 'a', 'b', 'c', 'own=Terminated'), 'own', 'nobody'],
    ['not known, and only one came', group(4, 'a', 'b', 'c', 'new=Pending'), undefined, 'end new, one less'],
    ['not known, and nobody came', group(4, 'a', 'b', 'c'), undefined, 'nobody'],
    [
      'not known, and two came',
      group(4, 'a', 'b', 'new', 'newer'),
      undefined,
      /^leave: .* new, newer came to it: skep remove/,
    ],
    ['gone, and two came', group(4, 'a', 'b', 'new', 'newer'), 'own', /^leave/],
    [
      'not known, after a policy',
      group(8, 'a', 'b', 'c', 'new'),
      undefined,
      /^leave: workers wants 8 by now, and somebody else/,
    ],
    ['not known, set back', group(3, 'a', 'b', 'new'), undefined, 'nothing: workers wants 3 by now'],
    ['in a group that is gone', undefined, 'own', 'nothing: workers is not there any more'],
  ])('%s', (_, now, own, expected) => {
    const found = takingBack(BEFORE, now, own);
    const told =
      found.kind === 'end'
        ? `end ${found.instance}${found.shrinks ? ', one less' : ''}`
        : `${found.kind}${'because' in found ? `: ${found.because}` : ''}`;

    expect(told).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });
});
