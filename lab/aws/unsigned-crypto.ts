// What a bundle gets for `node:crypto`: Node's own, but for what signs calls.
//
// In functions nobody but the SDK asks for an HMAC, and nobody but the SDK for SHA-256 of bytes, to sign its calls: several of each for each
// call, a twelfth of the lab's time. The endpoint looks at whose key a call names, and never at its signature; so all calls have the same one.
import crypto from 'node:crypto';
import type { BinaryToTextEncoding, Encoding, Hash } from 'node:crypto';

const SHA256_BYTES = 32;

interface Hmac {
  update(): Hmac;
  digest(): Buffer;
}

function unkeyed(): Hmac {
  const hmac: Hmac = { update: () => hmac, digest: () => Buffer.alloc(SHA256_BYTES) };
  return hmac;
}

/** SHA-256 of texts, as skep's own code asks for it, is what it is everywhere. Of bytes it says nothing. */
class Sha256 {
  #texts: Hash | undefined;
  #hasBytes = false;

  update(data: string | Uint8Array, encoding?: Encoding): this {
    if (typeof data === 'string') {
      this.#texts ??= crypto.createHash('sha256');
      this.#texts.update(data, encoding ?? 'utf8');
    } else {
      this.#hasBytes = true;
    }
    return this;
  }

  /** The SDK takes each digest of a copy. */
  copy(): Sha256 {
    const copy = new Sha256();
    copy.#texts = this.#texts?.copy();
    copy.#hasBytes = this.#hasBytes;
    return copy;
  }

  /** @throws {Error} where somebody else than the SDK, which takes bytes for bytes, would get what says nothing */
  digest(encoding?: BinaryToTextEncoding): string | Buffer {
    if (this.#hasBytes && (this.#texts !== undefined || encoding !== undefined)) {
      throw new Error('in the lab a function hashes texts, not bytes (lab/aws/unsigned-crypto.ts)');
    }
    if (this.#hasBytes) {
      return Buffer.alloc(SHA256_BYTES);
    }
    const hash = this.#texts ?? crypto.createHash('sha256');
    return encoding === undefined ? hash.digest() : hash.digest(encoding);
  }
}

const createHash = (algorithm: string, ...more: [] | [crypto.HashOptions]): Hash | Sha256 =>
  algorithm === 'sha256' ? new Sha256() : crypto.createHash(algorithm, ...more);

/** The values behind getters are left where they are. */
export const unsignedCrypto = Object.defineProperties(
  {},
  {
    ...Object.getOwnPropertyDescriptors(crypto),
    createHmac: { value: unkeyed, enumerable: true },
    createHash: { value: createHash, enumerable: true },
  },
) as typeof crypto;
