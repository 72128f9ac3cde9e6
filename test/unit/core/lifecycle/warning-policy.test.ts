// The tags by which a group says what is to be done where AWS warns of its instances.
import { describe, expect, it } from '@jest/globals';

import { USUAL_POLICY, warningPolicyOf } from '../../../../src/core/lifecycle/warning-policy.ts';

const of = (tags: Readonly<Record<string, string>>) => warningPolicyOf((key) => tags[key]);

describe('the policy of a group', () => {
  it('is the usual one without tags', () => {
    expect(of({ Name: 'web' })).toEqual({ policy: USUAL_POLICY, problems: [] });
  });

  it.each([
    ['skep:replace-share', '1', { share: 0.01 }],
    ['skep:replace-share', '100', { share: 1 }],
    ['skep:replace-announced', 'now', { ahead: Infinity }],
    ['skep:replace-announced', 'never', { ahead: undefined }],
    ['skep:replace-announced', '24h', { ahead: 86_400 }],
    ['skep:replace-announced', '720h', { ahead: 2_592_000 }],
    ['skep:replace-impaired', 'true', { impaired: true }],
    ['skep:replace-impaired', 'false', { impaired: false }],
    ['skep:rebalance-recommendation', 'ignore', { recommended: 'ignore' }],
    ['skep:rebalance-recommendation', 'drain', { recommended: 'drain' }],
  ])('reads %s=%s', (key, value, wish) => {
    expect(of({ [key]: value })).toEqual({ policy: { ...USUAL_POLICY, ...wish }, problems: [] });
  });

  it.each([
    ['skep:replace-share', ['', '0', '101', '20%', '-1', '1e1', ' 5']],
    ['skep:replace-announced', ['', 'yes', '0h', '24', '24H', '721h', '9999h', 'constructor']],
    ['skep:replace-impaired', ['', 'yes', 'TRUE', 'constructor']],
    ['skep:rebalance-recommendation', ['', 'Drain', 'pause', 'terminate', '__proto__', '\u001b[2J']],
  ])('takes %s as if it were not there where its value is none of these, and says so without it', (key, values) => {
    for (const value of values) {
      const { policy, problems } = of({ [key]: value });

      expect(policy).toEqual(USUAL_POLICY);
      expect(problems).toEqual([
        expect.stringMatching(/^skep:[a-z-]+ is not [a-zA-Z0-9, ]+: it counts as if it were not there$/),
      ]);
    }
  });
});
