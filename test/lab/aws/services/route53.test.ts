// The lab's Route 53, asked by the unmodified SDK, and by skep's own adapter.
import {
  ChangeResourceRecordSetsCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { Change } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { changeRecords, domainOf, isInSync, recordsOf } from '../../../../src/aws/route53.ts';
import type { ShownRecord } from '../../../../src/core/dns/records.ts';
import { PERSON } from '../../../../lab/aws/iam/access-keys.ts';
import { listen } from '../../../../lab/aws/http-server.ts';
import type { Listening } from '../../../../lab/aws/http-server.ts';
import { answerOf, refusalOf } from '../../../../lab/aws/protocols/answers.ts';
import { readRequest } from '../../../../lab/aws/protocols/requests.ts';
import { Route53 } from '../../../../lab/aws/services/route53.ts';
import { AwsError } from '../../../../lab/aws/services/service.ts';
import { Clock } from '../../../../lab/time/clock.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import { errorOf } from './clients.ts';

const ZONE = 'Z0EXAMPLE0ZONE';
const NAME = 'web.example.internal';
const SECOND = 1000;

let [clock, lab] = fresh();
let server: Listening;
let client: Route53Client;

function fresh(): [Clock, Route53] {
  const time = new Clock({ virtual: true, start: 0 });
  const made = new Route53(time, seededRandom(1));
  made.open(ZONE, 'example.internal');
  return [time, made];
}

beforeAll(async () => {
  server = await listen(async (request) => {
    const asked = readRequest(request);
    try {
      const run = lab.operations[asked.operation];
      const caller = { kind: 'person', name: 'lab' } as const;
      return answerOf(asked, await run?.(asked.input(), caller), 'request');
    } catch (error) {
      return refusalOf(asked, error instanceof AwsError ? error : new AwsError('Bug', String(error), 500), 'request');
    }
  }, 0);
  client = new Route53Client({ endpoint: server.url, region: 'eu-west-1', credentials: PERSON, maxAttempts: 1 });
});
beforeEach(async () => {
  [clock, lab] = fresh();
  await clock.advance(SECOND);
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const record = (setId: string, value = '10.0.0.1'): ShownRecord => ({
  ...{ type: 'A', setId, multi: true, ttl: 60 },
  values: [value],
});
const simple = (Name: string, Value: string): Change => ({
  Action: 'CREATE',
  ResourceRecordSet: { Name, Type: 'A', TTL: 60, ResourceRecords: [{ Value }] },
});
const change = (...Changes: Change[]): Promise<unknown> =>
  client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: ZONE, ChangeBatch: { Changes } }));

describe('records', () => {
  it('come, are listed as they are, and go; resolvers know after a while', async () => {
    const id = await changeRecords(client, ZONE, NAME, [
      { action: 'CREATE', record: record('i-00000001') },
      { action: 'CREATE', record: { type: 'TXT', setId: undefined, multi: false, ttl: 60, values: ['"a <b> & c"'] } },
    ]);
    expect(await recordsOf(client, ZONE, NAME)).toEqual([
      record('i-00000001'),
      { type: 'TXT', setId: undefined, multi: false, ttl: 60, values: ['"a <b> & c"'] },
    ]);
    expect([await isInSync(client, id), lab.answered(NAME)]).toEqual([false, []]);
    await clock.advance(50 * SECOND);
    expect([await isInSync(client, id), lab.answered(NAME).map(({ address }) => address)]).toEqual([
      true,
      ['10.0.0.1'],
    ]);
    await changeRecords(client, ZONE, NAME, [{ action: 'DELETE', record: record('i-00000001') }]);
    expect(lab.answered(NAME)).toHaveLength(1);
    await clock.advance(50 * SECOND);
    expect(lab.answered(NAME)).toEqual([]);
  });

  it('of the next name are a stranger’s, and not ours', async () => {
    await change(simple('zzz.example.internal', '192.0.2.1'), simple(`a.${NAME}`, '192.0.2.2'));
    expect(await recordsOf(client, ZONE, NAME)).toEqual([]);
  });

  it('are listed over pages', async () => {
    for (let at = 0; at < 700; at += 1) {
      const setId = `i-${String(at).padStart(8, '0')}`;
      lab.put(ZONE, { name: `${NAME}.`, type: 'A', setId, multi: true, ttl: 60, values: ['10.0.0.1'] });
    }
    expect(await recordsOf(client, ZONE, NAME)).toHaveLength(700);
    const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: ZONE, MaxItems: 2 }));
    expect(page).toMatchObject({ IsTruncated: true, MaxItems: 2, NextRecordIdentifier: 'i-00000002' });
  });

  it('have a zone, whose domain is told', async () => {
    expect(await domainOf(client, ZONE)).toBe('example.internal');
    expect(await errorOf(client.send(new GetHostedZoneCommand({ Id: 'Z0' })))).toBe('NoSuchHostedZone 404');
  });

  it('that is another account’s lets nobody in', async () => {
    lab.ofOthers.add('Z0THEIRS');
    expect(await errorOf(client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z0THEIRS' })))).toBe(
      'AccessDenied 403',
    );
  });
});

describe('what Route 53 refuses', () => {
  const set = (action: 'CREATE' | 'DELETE' | 'UPSERT', one: ShownRecord) =>
    changeRecords(client, ZONE, NAME, [{ action, record: one }]);

  it.each([
    ['a record that is there', () => set('CREATE', record('i-00000001'))],
    ['to delete what is not quite that', () => set('DELETE', record('i-00000001', '10.0.0.2'))],
    ['to delete what is not there', () => set('DELETE', record('i-00000009'))],
    ['a simple record beside those of sets', () => change(simple(NAME, '192.0.2.1'))],
    ['a name of another zone', () => change(simple('web.example.com', '192.0.2.1'))],
    [
      'a thousand and one at once',
      () => change(...Array.from({ length: 1001 }, (_, at) => simple(`n${at}.example.internal`, '192.0.2.1'))),
    ],
  ])('%s, and nothing is changed', async (_, asked) => {
    await set('CREATE', record('i-00000001'));
    expect(await errorOf(asked())).toBe('InvalidChangeBatch 400');
    expect(await recordsOf(client, ZONE, NAME)).toEqual([record('i-00000001')]);
  });

  it('all or nothing: one bad change of two', async () => {
    expect(await errorOf(change(simple('a.example.internal', '192.0.2.1'), simple('example.com', '192.0.2.1')))).toBe(
      'InvalidChangeBatch 400',
    );
    expect(await recordsOf(client, ZONE, 'a.example.internal')).toEqual([]);
  });

  it('more than five requests in a second', async () => {
    const ends = await Promise.all(Array.from({ length: 8 }, () => errorOf(domainOf(client, ZONE))));
    expect(ends.filter((one) => one === 'Throttling 400')).toHaveLength(3);
    expect(lab.throttled).toBe(3);
  });
});
