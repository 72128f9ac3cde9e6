// What dynalite keeps tables in: sorted texts of keys with their values, in memory.
//
// Its own one is a database that keeps values as text, decodes them at each read, and the table's description with each request; and a query
// goes through three streams. Half of what dynalite took went into that.
import { Stream } from 'node:stream';

type Done = (error: unknown, value?: unknown) => void;
type Key = string;
type Release = <End>(end: End) => End;

/** From where to where, as dynalite asks for it. */
interface Range {
  readonly gt?: Key;
  readonly gte?: Key;
  readonly lt?: Key;
  readonly lte?: Key;
  readonly reverse?: boolean;
  /** None, or less than none: all of them. */
  readonly limit?: number;
}

const notFound = (message: string): Error =>
  Object.assign(new Error('NotFoundError'), {
    name: 'NotFoundError',
    statusCode: 400,
    body: { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message },
  });

/**
 * Answers come later, as those of the database of dynalite do, and just as much later: what else is under way gets its turn in between, and
 * a seed plays the same day with either.
 */
async function later(done: Done, value?: unknown): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await Promise.resolve();
  }
  setImmediate(done, null, value);
}

const TURNS = 3;

/**
 * Values are copied as they are put, as JSON has them, and handed out as they are: dynalite changes nothing that it has read (an update works
 * on a copy), and who asks dynalite gets a copy.
 */
export class Collection {
  readonly awsAccountId = '000000000000';
  readonly awsRegion = 'us-east-1';
  readonly #values = new Map<Key, unknown>();
  /** In their order; undefined where one has come or gone since. */
  #sorted: readonly Key[] | undefined;

  /** At once: requests are done one after the other (`DynamoDb.call`), and none has two parts on one item. */
  readonly lock = (_key: Key, begin: (release: Release) => void): void => {
    begin((end) => end);
  };

  put(key: Key, value: unknown, done: Done): void {
    if (!this.#values.has(key)) {
      this.#sorted = undefined;
    }
    this.#values.set(key, JSON.parse(JSON.stringify(value)));
    void later(done);
  }

  get(key: Key, done: Done): void {
    void later(done, this.#values.get(key));
  }

  del(key: Key, done: Done): void {
    if (this.#values.delete(key)) {
      this.#sorted = undefined;
    }
    void later(done);
  }

  createKeyStream(range: Range): Stream {
    return emitted(this.#keys(range));
  }

  createValueStream(range: Range): Stream {
    return emitted(this.#keys(range).map((key) => this.#values.get(key)));
  }

  #keys({ gt, gte, lt, lte, reverse = false, limit = -1 }: Range): readonly Key[] {
    this.#sorted ??= [...this.#values.keys()].toSorted();
    const within = this.#sorted.filter(
      (key) =>
        (gt === undefined || key > gt) &&
        (gte === undefined || key >= gte) &&
        (lt === undefined || key < lt) &&
        (lte === undefined || key <= lte),
    );
    const inOrder = reverse ? within.toReversed() : within;
    return limit < 0 ? inOrder : inOrder.slice(0, limit);
  }
}

/** As much of a stream as dynalite listens to, which asks whether it is one. */
function emitted(values: readonly unknown[]): Stream {
  const stream = new Stream();
  process.nextTick(() => {
    for (const value of values) {
      stream.emit('data', value);
    }
    process.nextTick(() => stream.emit('end'));
  });
  return stream;
}

/** What dynalite's operations ask of it. */
export class Store {
  readonly options = { createTableMs: 0, maxItemSize: 400 * 1024 };
  readonly tableDb = new Collection();
  readonly #collections = new Map<string, Collection>();

  readonly getItemDb = (table: string): Collection => this.#collection(`items of ${table}`);

  readonly getIndexDb = (kind: string, table: string, index: string): Collection =>
    this.#collection(`${kind.toLowerCase()} index ${index} of ${table}`);

  /** @param which whether one that comes or goes is there; some operations leave it out */
  readonly getTable = (name: string, which: boolean | Done, end?: Done): void => {
    const done = typeof which === 'function' ? which : end;
    this.tableDb.get(name, (_error, found) => {
      const table = found as { readonly TableStatus: string } | undefined;
      const isThere = table !== undefined && (which === false || !['CREATING', 'DELETING'].includes(table.TableStatus));
      if (isThere) {
        done?.(null, table);
      } else {
        done?.(notFound(`Requested resource not found${which === false ? `: Table: ${name} not found` : ''}`));
      }
    });
  };

  #collection(name: string): Collection {
    const known = this.#collections.get(name) ?? new Collection();
    this.#collections.set(name, known);
    return known;
  }
}
