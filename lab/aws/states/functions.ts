// The functions that Step Functions adds to JSONata, and those of JSONata that would read the machine's clock or dice.
import { createHash } from 'node:crypto';
import jsonata from 'jsonata';

/** AWS's limit for States.ArrayRange, of which $range is the JSONata form. */
const RANGE_LIMIT = 1000;
const HASH_ALGORITHMS: ReadonlyMap<unknown, string> = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);
const formatTime = jsonata('$fromMillis($millis, $picture, $timezone)');

export interface Surroundings {
  /** Epoch milliseconds. */
  now(): number;
  /** In [0, 1). */
  random(): number;
}

/** Bindings for one evaluation. `eval` is bound to nothing: Step Functions has no $eval. */
export function functionsOf(surroundings: Surroundings): Record<string, unknown> {
  const now = (): number => surroundings.now();
  const random = (): number => surroundings.random();
  return {
    partition,
    range,
    hash,
    parse,
    random: (seed?: unknown) => (seed === undefined ? random() : seeded(seed)),
    uuid: () => uuid(random),
    shuffle: (items: unknown) => shuffle(items, random),
    now: (picture?: unknown, timezone?: unknown): Promise<unknown> =>
      formatTime.evaluate({}, { millis: now(), picture, timezone }),
    millis: now,
    eval: undefined,
  };
}

function partition(items: unknown, size: unknown): unknown {
  if (items === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(items) ? items : [items];
  if (!isInteger(size) || size < 1) throw new TypeError('$partition: the size must be a positive integer');
  const chunks = Math.ceil(list.length / size);
  return Array.from({ length: chunks }, (_, chunk) => list.slice(chunk * size, (chunk + 1) * size));
}

function range(first: unknown, last: unknown, step: unknown): unknown {
  if (!isInteger(first) || !isInteger(last) || !isInteger(step)) throw new TypeError('$range: needs three integers');
  if (step === 0) throw new TypeError('$range: the step must not be 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > RANGE_LIMIT) throw new TypeError(`$range: more than ${RANGE_LIMIT} items`);
  // A list of one is the one itself, as recorded: JSONata's sequences.
  return length === 1 ? first : Array.from({ length }, (_, index) => first + index * step);
}

function hash(content: unknown, algorithm: unknown): unknown {
  const name = HASH_ALGORITHMS.get(algorithm);
  if (name === undefined)
    throw new TypeError(`$hash: the algorithm is one of ${[...HASH_ALGORITHMS.keys()].join(', ')}`);
  if (content === undefined) return undefined;
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return createHash(name).update(text).digest('hex');
}

function parse(text: unknown): unknown {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw new TypeError('$parse: needs a string');
  const value: unknown = JSON.parse(text);
  return value;
}

/** The same seed gives the same number, as on AWS; the number itself is another one than AWS's. */
function seeded(seed: unknown): number {
  if (!isInteger(seed)) throw new TypeError('$random: the seed must be an integer');
  return createHash('sha256').update(String(seed)).digest().readUInt32BE() / 2 ** 32;
}

function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  const variant = '89ab'.charAt(Math.floor(random() * 4));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function shuffle(items: unknown, random: () => number): unknown {
  if (!Array.isArray(items)) return items;
  return items
    .map((item: unknown) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}
