// Seeded randomness: the same seed gives the same run.

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** As many lower-case hexadecimal digits. */
  hex(digits: number): string;
  uuid(): string;
}

/** mulberry32: small, fast, and good enough for ids and jitter. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (digits: number): string => {
    let text = '';
    for (let drawn = 0; drawn < digits; drawn += 1) {
      text += DIGITS[Math.floor(next() * 16)] ?? '';
    }
    return text;
  };
  return { next, hex, uuid: () => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}` };
}

const DIGITS = '0123456789abcdef';
