// What a bundle gets for `node:crypto`: Node's own, but for the HMAC.
//
// In functions nobody but the SDK asks for an HMAC, to sign its calls: several for each call, a twentieth of the lab's time. The endpoint
// looks at whose key a call names, and never at its signature; so all calls have the same one.
import crypto from 'node:crypto';

const SHA256_BYTES = 32;

interface Hmac {
  update(): Hmac;
  digest(): Buffer;
}

function unkeyed(): Hmac {
  const hmac: Hmac = { update: () => hmac, digest: () => Buffer.alloc(SHA256_BYTES) };
  return hmac;
}

/** The values behind getters are left where they are. */
export const unsignedCrypto = Object.defineProperties(
  {},
  { ...Object.getOwnPropertyDescriptors(crypto), createHmac: { value: unkeyed, enumerable: true } },
) as typeof crypto;
