// Which records a name is to have, and what is to be changed for that: one multivalue answer record for each instance, and a text that says
// whose they are.

/** As Route 53 shows it. */
export interface ShownRecord {
  readonly type: string;
  readonly setId: string | undefined;
  readonly multi: boolean;
  /** Undefined for an alias. */
  readonly ttl: number | undefined;
  readonly values: readonly string[];
}

export interface RecordWish {
  readonly name: string;
  readonly ttl: number;
  /** The owner of the records: never the zone, which several clusters may share. */
  readonly owner: string;
  /** Nodes that are Ready, by instance: their addresses, as EC2 has them. */
  readonly ready: ReadonlyMap<string, string>;
  /** Nodes that leave, and are there still. */
  readonly leaving: ReadonlySet<string>;
}

export interface RecordChange {
  readonly action: 'CREATE' | 'UPSERT' | 'DELETE';
  readonly record: ShownRecord;
}

export interface RecordPlan {
  readonly changes: readonly RecordChange[];
  /** The instances that have a record by then. */
  readonly named: readonly string[];
  /** Instances that leave and keep their record, since no other node could take its place. */
  readonly kept: readonly string[];
}

/** EC2's, so that nobody else's records are taken for ours. */
const INSTANCE = /^i-[0-9a-f]{8,17}$/;

/** As it stands in the zone. */
export const ownerText = (owner: string): string => `"heritage=skep,owner=${owner}"`;

/**
 * The address of each node that is Ready, by instance. A single answer of EC2 that lacks an instance proves nothing: the instance keeps the address
 * that its record has.
 *
 * @param live what EC2 says: undefined for an instance that does not run
 */
export function addressesOf(
  ready: readonly string[],
  live: ReadonlyMap<string, string | undefined>,
  shown: readonly ShownRecord[],
): Map<string, string> {
  return new Map(
    ready.flatMap((instance) => {
      const known = shown.find(({ setId }) => setId === instance)?.values[0];
      const address = live.has(instance) ? live.get(instance) : known;
      return address === undefined ? [] : [[instance, address] as const];
    }),
  );
}

/** @returns why nothing may be changed, in words: a record of somebody else's is never written over */
export function planRecords(wish: RecordWish, shown: readonly ShownRecord[]): RecordPlan | string {
  const because = whyNotOurs(wish, shown);
  if (because !== undefined) {
    return because;
  }
  const { ready, leaving } = wish;
  const own = new Map(shown.filter(isOwn).map((record) => [record.setId ?? '', record]));
  const wanted = [...ready].filter(([instance]) => !leaving.has(instance));
  // With the last record the name would be unknown, which resolvers keep for up to a quarter of an hour.
  const kept = wanted.length > 0 ? [] : [...own.keys()].filter((instance) => leaving.has(instance));
  const staying = new Set([...wanted.map(([instance]) => instance), ...kept]);
  const text: ShownRecord = textOf(wish);
  const hasText = shown.some(({ type }) => type === 'TXT');
  return {
    named: [...staying],
    kept,
    changes: [
      ...(staying.size > 0 && !hasText ? [{ action: 'CREATE' as const, record: text }] : []),
      ...wanted.flatMap(([instance, address]) => additionOf(wish, instance, address, own.get(instance))),
      // By what is there, not by what should be: Route 53 compares all of it.
      ...[...own].flatMap(([instance, record]) =>
        staying.has(instance) ? [] : [{ action: 'DELETE' as const, record }],
      ),
      ...(staying.size === 0
        ? shown.filter(({ type }) => type === 'TXT').map((record) => ({ action: 'DELETE' as const, record }))
        : []),
    ],
  };
}

const textOf = ({ owner, ttl }: RecordWish): ShownRecord => ({
  type: 'TXT',
  setId: undefined,
  multi: false,
  ttl,
  values: [ownerText(owner)],
});

const isOwn = ({ type, setId, multi }: ShownRecord): boolean =>
  type === 'A' && multi && setId !== undefined && INSTANCE.test(setId);

function whyNotOurs({ name, owner }: RecordWish, shown: readonly ShownRecord[]): string | undefined {
  const text = shown.find(({ type }) => type === 'TXT');
  if (text !== undefined && text.values.join('') !== ownerText(owner)) {
    return `${name} has a TXT record of somebody else's`;
  }
  const other = shown.find((record) => ['A', 'CNAME'].includes(record.type) && !isOwn(record));
  if (other !== undefined) {
    return `${name} has a record (${other.type}) of somebody else's`;
  }
  return text === undefined && shown.some(isOwn)
    ? `${name} has records of instances, and no TXT record that says whose they are`
    : undefined;
}

function additionOf(
  { ttl }: RecordWish,
  instance: string,
  address: string,
  found: ShownRecord | undefined,
): readonly RecordChange[] {
  const record: ShownRecord = { type: 'A', setId: instance, multi: true, ttl, values: [address] };
  if (found === undefined) {
    return [{ action: 'CREATE', record }];
  }
  const isSame = found.ttl === ttl && found.values.length === 1 && found.values[0] === address;
  return isSame ? [] : [{ action: 'UPSERT', record }];
}

/** Route 53: 1,000 values and 32,000 characters in one request, an UPSERT counted twice. */
const MOST_WEIGHT = 1000;
const MOST_CHARACTERS = 32_000;

/** In this order, each as large as Route 53 takes it. */
export function batchesOf(changes: readonly RecordChange[]): readonly (readonly RecordChange[])[] {
  const batches: RecordChange[][] = [];
  let [weight, characters] = [Infinity, Infinity];
  for (const change of changes) {
    const times = change.action === 'UPSERT' ? 2 : 1;
    const heavy = times * change.record.values.length;
    const long = times * change.record.values.join('').length;
    if (weight + heavy > MOST_WEIGHT || characters + long > MOST_CHARACTERS) {
      batches.push([]);
      [weight, characters] = [0, 0];
    }
    batches.at(-1)?.push(change);
    weight += heavy;
    characters += long;
  }
  return batches;
}
