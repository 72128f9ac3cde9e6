// Route 53 as far as skep uses it: zones with their records, changes that take their time, and what a resolver would answer.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';
import { TokenBucket } from './token-bucket.ts';

export interface DnsRecord {
  /** In lower case, with the dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly setId: string | undefined;
  readonly multi: boolean;
  readonly ttl: number;
  readonly values: readonly string[];
}

interface Zone {
  readonly id: string;
  readonly name: string;
  readonly records: Map<string, DnsRecord>;
  /** What every server of Route 53 knows: the changes that are INSYNC. */
  readonly served: Map<string, DnsRecord>;
}

const zoneId = z.string().max(32);
const recordSet = z.strictObject({
  Name: z.string().min(1).max(1024),
  Type: z.enum(['A', 'TXT', 'AAAA', 'CNAME']),
  SetIdentifier: z.string().min(1).max(128).optional(),
  MultiValueAnswer: z.boolean().optional(),
  TTL: z.number().int().min(0).max(2_147_483_647),
  ResourceRecords: z
    .array(z.strictObject({ Value: z.string().max(4000) }))
    .min(1)
    .max(400),
});
const change = z.strictObject({ Action: z.enum(['CREATE', 'DELETE', 'UPSERT']), ResourceRecordSet: recordSet });
const changes = z.strictObject({
  HostedZoneId: zoneId,
  ChangeBatch: z.strictObject({ Comment: z.string().max(256).optional(), Changes: z.array(change).min(1) }),
});
const list = z.strictObject({
  HostedZoneId: zoneId,
  StartRecordName: z.string().max(1024).optional(),
  StartRecordType: z.string().optional(),
  StartRecordIdentifier: z.string().min(1).max(128).optional(),
  MaxItems: z.coerce.number().int().min(1).optional(),
});
const byId = z.strictObject({ Id: z.string().max(6500) });

type RecordChange = z.infer<typeof change>;

/** Per account. AWS has raised it since (a burst of 50); the lab stays with what all of its regions once had. */
const REQUESTS = { rate: 5, burst: 5 };
/** Of one request, an UPSERT counted twice. */
const MOST_VALUES = 1000;
const MOST_CHARACTERS = 32_000;
const MOST_ITEMS = 300;
/** As AWS says: usually within a minute. */
const IN_SYNC_AFTER = 45_000;

export const asName = (name: string): string => `${name.toLowerCase().replace(/\.$/, '')}.`;

/** Labels from the right, as Route 53 sorts them. */
const sortKey = ({ name, type, setId = '' }: Pick<DnsRecord, 'name' | 'type' | 'setId'>): string =>
  [name.split('.').toReversed().join('.'), type, setId].join('\u0000');

export class Route53 implements Service {
  readonly name = 'route53';
  readonly operations: Service['operations'];
  readonly zones = new Map<string, Zone>();
  /** Ids of zones of other accounts: there they are, and not ours. */
  readonly ofOthers = new Set<string>();
  /** A knob, ms. */
  inSyncAfter = IN_SYNC_AFTER;
  /** How often an account asked too fast. */
  get throttled(): number {
    return this.#bucket.refused;
  }
  readonly #clock: Clock;
  readonly #random: Pick<Random, 'hex'>;
  readonly #bucket: TokenBucket;
  readonly #changes = new Map<string, { readonly at: number; readonly inSyncAt: number }>();

  constructor(clock: Clock, random: Pick<Random, 'hex'>) {
    this.#clock = clock;
    this.#random = random;
    this.#bucket = new TokenBucket(clock, REQUESTS);
    this.operations = {
      ChangeResourceRecordSets: (input) => this.#change(this.#let(changes.parse(input))),
      ListResourceRecordSets: (input) => this.#list(this.#let(list.parse(input))),
      GetChange: (input) => this.#getChange(this.#let(byId.parse(input)).Id),
      GetHostedZone: (input) => this.#getZone(this.#let(byId.parse(input)).Id),
    };
  }

  open(id: string, name: string): Zone {
    const zone = {
      id,
      name: asName(name),
      records: new Map<string, DnsRecord>(),
      served: new Map<string, DnsRecord>(),
    };
    this.zones.set(id, zone);
    return zone;
  }

  /** As somebody does it in a console, and all servers know it. */
  put(id: string, record: DnsRecord): void {
    const zone = this.#zone(id);
    zone.records.set(sortKey(record), record);
    zone.served.set(sortKey(record), record);
  }

  /** Likewise. */
  remove(id: string, chosen: (record: DnsRecord) => boolean): void {
    for (const records of [this.#zone(id).records, this.#zone(id).served]) {
      for (const [key] of [...records].filter(([, one]) => chosen(one))) {
        records.delete(key);
      }
    }
  }

  /** The A records of a name that a resolver may get now, each with its TTL in seconds. */
  answered(name: string): { readonly address: string; readonly ttl: number; readonly setId: string | undefined }[] {
    return [...this.zones.values()].flatMap(({ served }) =>
      [...served.values()]
        .filter((record) => record.name === asName(name) && record.type === 'A')
        .flatMap(({ values, ttl, setId }) => values.map((address) => ({ address, ttl, setId }))),
    );
  }

  #let<Input>(input: Input): Input {
    if (!this.#bucket.take()) {
      throw new AwsError('Throttling', 'Rate exceeded');
    }
    return input;
  }

  #zone(id: string): Zone {
    const plain = id.replace(/^\/?hostedzone\//, '');
    const zone = this.zones.get(plain);
    if (this.ofOthers.has(plain)) {
      throw new AwsError('AccessDenied', 'The caller is not authorized to access this resource', 403);
    }
    if (zone === undefined) {
      throw new AwsError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
    }
    return zone;
  }

  #getZone(id: string): unknown {
    const { id: own, name, records } = this.#zone(id);
    const HostedZone = {
      Id: `/hostedzone/${own}`,
      Name: name,
      CallerReference: own,
      Config: { PrivateZone: false },
      ResourceRecordSetCount: records.size,
    };
    return { HostedZone };
  }

  #getChange(id: string): unknown {
    const found = this.#changes.get(id.replace(/^\/?change\//, ''));
    if (found === undefined) {
      throw new AwsError('NoSuchChange', `Could not find resource with ID: ${id}`, 404);
    }
    return { ChangeInfo: this.#infoOf(id.replace(/^\/?change\//, ''), found) };
  }

  #infoOf(id: string, { at, inSyncAt }: { readonly at: number; readonly inSyncAt: number }): Record<string, unknown> {
    const Status = this.#clock.now() >= inSyncAt ? 'INSYNC' : 'PENDING';
    return { Id: `/change/${id}`, Status, SubmittedAt: new Date(at) };
  }

  #list(input: z.infer<typeof list>): unknown {
    const zone = this.#zone(input.HostedZoneId);
    const { StartRecordName: from, StartRecordType: type = '', StartRecordIdentifier: setId = '' } = input;
    const start = from === undefined ? '' : sortKey({ name: asName(from), type, setId });
    const most = Math.min(MOST_ITEMS, input.MaxItems ?? MOST_ITEMS);
    const sorted = [...zone.records].filter(([key]) => key >= start).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const shown = sorted.slice(0, most).map(([, record]) => describeRecord(record));
    const next = sorted[most]?.[1];
    return {
      ResourceRecordSets: shown,
      IsTruncated: next !== undefined,
      ...(next === undefined
        ? {}
        : {
            NextRecordName: next.name,
            NextRecordType: next.type,
            ...(next.setId === undefined ? {} : { NextRecordIdentifier: next.setId }),
          }),
      MaxItems: String(most),
    };
  }

  /** All or nothing. */
  #change({ HostedZoneId: id, ChangeBatch: batch }: z.infer<typeof changes>): unknown {
    const zone = this.#zone(id);
    checkSize(batch.Changes);
    const after = new Map(zone.records);
    const problems = batch.Changes.flatMap((one) => apply(after, one, zone.name) ?? []);
    if (problems.length > 0) {
      throw new AwsError('InvalidChangeBatch', `[${problems.join(', ')}]`);
    }
    zone.records.clear();
    for (const [key, record] of after) {
      zone.records.set(key, record);
    }
    const at = this.#clock.now();
    const change = { at, inSyncAt: at + this.inSyncAfter };
    const changeId = `C${this.#random.hex(20).toUpperCase()}`;
    this.#changes.set(changeId, change);
    this.#clock.schedule(this.inSyncAfter, () => {
      for (const one of batch.Changes) {
        apply(zone.served, one.Action === 'CREATE' ? { ...one, Action: 'UPSERT' } : one, zone.name);
      }
    });
    return { ChangeInfo: this.#infoOf(changeId, change) };
  }
}

function describeRecord({ name, type, setId, multi, ttl, values }: DnsRecord): Record<string, unknown> {
  return {
    Name: name,
    Type: type,
    ...(setId === undefined ? {} : { SetIdentifier: setId }),
    ...(multi ? { MultiValueAnswer: true } : {}),
    TTL: ttl,
    ResourceRecords: values.map((Value) => ({ Value })),
  };
}

function checkSize(all: readonly RecordChange[]): void {
  const times = ({ Action: action }: RecordChange): number => (action === 'UPSERT' ? 2 : 1);
  const count = (size: (one: RecordChange) => number): number =>
    all.reduce((sum, one) => sum + times(one) * size(one), 0);
  const values = count(({ ResourceRecordSet: { ResourceRecords: records } }) => records.length);
  const characters = count(({ ResourceRecordSet: { ResourceRecords: records } }) =>
    records.reduce((sum, { Value }) => sum + Value.length, 0),
  );
  if (values > MOST_VALUES) {
    throw new AwsError('InvalidChangeBatch', `[Number of records limit of ${MOST_VALUES} exceeded.]`);
  }
  if (characters > MOST_CHARACTERS) {
    throw new AwsError('InvalidChangeBatch', `[Number of characters limit of ${MOST_CHARACTERS} exceeded.]`);
  }
}

/** As errors name it. */
function inWords({ name, type, setId }: DnsRecord): string {
  return `[name='${name}', type='${type}'${setId === undefined ? '' : `, set-identifier='${setId}'`}]`;
}

/** @returns what is wrong with it */
function apply(
  records: Map<string, DnsRecord>,
  { Action, ResourceRecordSet: set }: RecordChange,
  zone: string,
): string | undefined {
  const record = recordOf(set);
  const key = sortKey(record);
  const found = records.get(key);
  const what = inWords(record);
  if (record.name !== zone && !record.name.endsWith(`.${zone}`)) {
    return `RRSet with DNS name ${record.name} is not permitted in zone ${zone}`;
  }
  if (Action === 'DELETE') {
    if (found === undefined || JSON.stringify(found) !== JSON.stringify(record)) {
      const why = found === undefined ? 'it was not found' : 'the values provided do not match the current values';
      return `Tried to delete resource record set ${what} but ${why}`;
    }
    records.delete(key);
    return undefined;
  }
  if (Action === 'CREATE' && found !== undefined) {
    return `Tried to create resource record set ${what} but it already exists`;
  }
  const problem = conflictOf(records, record);
  if (problem === undefined) {
    records.set(key, record);
  }
  return problem;
}

function conflictOf(records: ReadonlyMap<string, DnsRecord>, record: DnsRecord): string | undefined {
  const beside = [...records.values()].filter(({ name }) => name === record.name);
  if (beside.some(({ type }) => (type === 'CNAME') !== (record.type === 'CNAME'))) {
    return `RRSet of type ${record.type} with DNS name ${record.name} is not permitted because a conflicting RRSet of type CNAME exists`;
  }
  const other = beside.find((one) => one.type === record.type && one.multi !== record.multi);
  return other === undefined
    ? undefined
    : `RRSet with DNS name ${record.name}, type ${record.type} cannot be created because a ${record.multi ? 'non multivalue answer' : 'multivalue answer'} rrset exists with the same name and type.`;
}

function recordOf(set: z.infer<typeof recordSet>): DnsRecord {
  if ((set.SetIdentifier === undefined) !== (set.MultiValueAnswer !== true)) {
    throw new AwsError('InvalidInput', 'A multivalue answer record has a SetIdentifier, and a simple one has none.');
  }
  return {
    name: asName(set.Name),
    type: set.Type,
    setId: set.SetIdentifier,
    multi: set.MultiValueAnswer === true,
    ttl: set.TTL,
    values: set.ResourceRecords.map(({ Value }) => Value),
  };
}
