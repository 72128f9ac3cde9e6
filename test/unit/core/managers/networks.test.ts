import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DEFAULT_CONFIG } from '../../../../src/core/steps/verbs.ts';
import {
  choosePool,
  contains,
  networkText,
  overlap,
  parseNetwork,
  poolProblem,
} from '../../../../src/core/managers/networks.ts';
import type { Network } from '../../../../src/core/managers/networks.ts';

const network = (text: string): Network => {
  const parsed = parseNetwork(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no network`);
  }
  return parsed;
};
const anyNetwork = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, bits]) => network(`${address}/${bits}`));

describe('networks', () => {
  it.each([
    '',
    '10.0.0.0',
    '10.0.0/8',
    '10.0.0.0/33',
    '10.0.0.256/8',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    ' 10.0.0.0/8',
    '::/0',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it('begin at their first address, and can be read again', () => {
    expect(networkText(network('172.30.5.7/16'))).toBe('172.30.0.0/16');
    expect(networkText(network('255.255.255.255/32'))).toBe('255.255.255.255/32');
    fc.assert(
      fc.property(anyNetwork, (any) => {
        expect(network(networkText(any))).toEqual(any);
      }),
    );
  });

  it.each([
    ['10.0.0.0/8', '10.255.0.0/16', true],
    ['10.0.0.0/16', '10.1.0.0/16', false],
    ['0.0.0.0/0', '203.0.113.0/24', true],
    ['172.16.0.0/12', '172.32.0.0/16', false],
    ['10.77.0.128/25', '10.77.0.0/24', true],
  ])('%s and %s overlap: %s', (one, other, is) => {
    expect([overlap(network(one), network(other)), overlap(network(other), network(one))]).toEqual([is, is]);
  });

  it('that overlap are one within the other', () => {
    fc.assert(
      fc.property(anyNetwork, anyNetwork, (one, other) => {
        const end = ({ first, bits }: Network): number => first + 2 ** (32 - bits);
        const share = one.first < end(other) && other.first < end(one);
        expect(overlap(one, other)).toBe(share);
        expect(contains(one, other)).toBe(one.first <= other.first && end(other) <= end(one));
      }),
    );
  });
});

describe('a pool of addresses', () => {
  it.each([
    ['172.30.0.0/16', 24, [], undefined],
    ['100.64.0.0/12', 24, ['10.0.0.0/8'], undefined],
    ['192.168.0.0/22', 24, [], undefined],
    ['192.168.0.0/23', 24, [], 'is too small: a network of /24 fits 2 times, and at least 4 are wanted'],
    ['172.30.0.0/28', 24, [], 'is too small: a network of /24 fits 0 times, and at least 4 are wanted'],
    ['8.0.0.0/8', 24, [], 'is not private: choose from 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10'],
    ['172.0.0.0/8', 24, [], 'is not private: choose from 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10'],
    ['172.16.0.0/12', 24, [], "overlaps 172.17.0.0/16, which is every Docker's own bridge"],
    ['172.30.0.0/16', 24, ['10.0.0.0/16', '172.30.128.0/20'], 'overlaps 172.30.128.0/20 of the VPC'],
  ])('%s of /%d beside %j: %s', (pool, subnetBits, taken, problem) => {
    expect(poolProblem(network(pool), subnetBits, taken.map(network))).toBe(problem);
  });

  it('is the default one where nothing speaks against it', () => {
    expect(choosePool([])).toEqual(network(DEFAULT_CONFIG.addressPool));
    expect(choosePool([network('10.0.0.0/8')])).toEqual(network(DEFAULT_CONFIG.addressPool));
  });

  it('that is chosen has no problem, whatever the VPC has; where none is free, none is chosen', () => {
    fc.assert(
      fc.property(
        fc.array(
          anyNetwork.filter(({ bits }) => bits >= 12),
          { maxLength: 5 },
        ),
        (taken) => {
          const pool = choosePool(taken);
          expect(pool && poolProblem(pool, 24, taken)).toBeUndefined();
        },
      ),
    );
    expect(choosePool([network('0.0.0.0/0')])).toBeUndefined();
    expect(choosePool(['10.0.0.0/8', '172.16.0.0/12'].map(network))).toEqual(network('192.168.0.0/16'));
  });
});
