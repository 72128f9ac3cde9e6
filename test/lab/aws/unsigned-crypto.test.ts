// The crypto of bundles, whose HMACs say nothing: that holds only as long as nothing of skep's own needs one.
import crypto from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';

import { expect, it } from '@jest/globals';

import { unsignedCrypto } from '../../../lab/aws/unsigned-crypto.ts';

it('nothing of skep that runs in a function asks for an HMAC', () => {
  const files = globSync('{src,functions}/**/*.ts');

  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => /hmac/i.test(readFileSync(file, 'utf8')))).toEqual([]);
});

it('hashes and random numbers are those of Node', () => {
  const hashed = (from: typeof crypto): string => from.createHash('sha256').update('skep').digest('hex');

  expect(hashed(unsignedCrypto)).toBe(hashed(crypto));
  expect(unsignedCrypto.randomUUID).toBe(crypto.randomUUID);
  expect(Object.keys(unsignedCrypto).toSorted()).toEqual(Object.keys(crypto).toSorted());
});

it('an HMAC is as long as one of SHA-256, whatever it is of', () => {
  const signature = unsignedCrypto.createHmac('sha256', 'key').update('text').update('more').digest();

  expect([...signature]).toEqual(Array.from({ length: 32 }, () => 0));
});
