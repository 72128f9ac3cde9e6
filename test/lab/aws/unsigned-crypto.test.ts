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

it('hashes of texts and random numbers are those of Node', () => {
  const hashed = (from: typeof crypto): unknown[] => [
    from.createHash('sha256').update('skep').digest('hex'),
    from.createHash('sha256').update('736b6570', 'hex').update('more').digest('base64'),
    from.createHash('sha256').update('skep').copy().digest().toString('hex'),
    from.createHash('sha256').digest('hex'),
    from.createHash('md5').update(Buffer.from('skep')).digest('hex'),
  ];

  expect(hashed(unsignedCrypto)).toEqual(hashed(crypto));
  expect(unsignedCrypto.randomUUID).toBe(crypto.randomUUID);
  expect(Object.keys(unsignedCrypto).toSorted()).toEqual(Object.keys(crypto).toSorted());
});

it('an HMAC is as long as one of SHA-256, whatever it is of', () => {
  const signature = unsignedCrypto.createHmac('sha256', 'key').update('text').update('more').digest();

  expect([...signature]).toEqual(Array.from({ length: 32 }, () => 0));
});

it('SHA-256 of bytes, which the SDK signs, is as long as one, and nobody else gets it unawares', () => {
  const ofBytes = unsignedCrypto.createHash('sha256').update(Buffer.from('skep'));

  expect([...ofBytes.copy().digest()]).toEqual(Array.from({ length: 32 }, () => 0));
  expect(() => ofBytes.digest('hex')).toThrow('a function hashes texts');
  expect(() => ofBytes.update('text').digest()).toThrow('a function hashes texts');
});
