// Route 53: the records of one name, changes of them, and whether all servers know a change.
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';

import type { RecordChange, ShownRecord } from '../core/dns/records.ts';
import { errorName } from './errors.ts';
import { noCalls } from './call-logger.ts';
import { laidOut } from './laid-out.ts';
import { bounded } from './within-time.ts';

/** It is in no region: one endpoint serves all of a partition. Its limits are low, so that what is throttled is tried for longer. */
export const route53Client = (): Route53Client =>
  bounded(laidOut(new Route53Client({ logger: noCalls, maxAttempts: 5 })));

/** A name has at most so many records that are looked at: an answer names eight of them. */
const PAGE = 300;

/** Without the dot at its end. @throws NoSuchHostedZone */
export async function domainOf(client: Route53Client, zone: string): Promise<string> {
  const { HostedZone: found } = await client.send(new GetHostedZoneCommand({ Id: zone }));
  return (found?.Name ?? '').toLowerCase().replace(/\.$/, '');
}

/** Those of this very name: a list goes on with the next one, which may be anybody's. */
export async function recordsOf(client: Route53Client, zone: string, name: string): Promise<ShownRecord[]> {
  const found: ShownRecord[] = [];
  let from: Partial<ListStart> = { StartRecordName: name };
  for (;;) {
    const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone, MaxItems: PAGE, ...from }));
    const sets = page.ResourceRecordSets ?? [];
    found.push(...sets.filter((one) => plain(one.Name) === name).map(shownOf));
    const isOver = page.IsTruncated !== true || plain(page.NextRecordName) !== name;
    if (isOver) {
      return found;
    }
    from = {
      ...(page.NextRecordName === undefined ? {} : { StartRecordName: page.NextRecordName }),
      ...(page.NextRecordType === undefined ? {} : { StartRecordType: page.NextRecordType }),
      ...(page.NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: page.NextRecordIdentifier }),
    };
  }
}

type ListStart = Pick<
  ConstructorParameters<typeof ListResourceRecordSetsCommand>[0],
  'StartRecordName' | 'StartRecordType' | 'StartRecordIdentifier'
>;

/** Names come in lower case, with a dot at the end, and with other characters as octal escapes. */
const plain = (name: string | undefined): string => (name ?? '').toLowerCase().replace(/\.$/, '');

const shownOf = (set: ResourceRecordSet): ShownRecord => ({
  type: set.Type ?? '',
  setId: set.SetIdentifier,
  multi: set.MultiValueAnswer === true,
  ttl: set.TTL,
  values: (set.ResourceRecords ?? []).map(({ Value }) => Value ?? ''),
});

/** All or nothing. @returns the id of the change */
export async function changeRecords(
  client: Route53Client,
  zone: string,
  name: string,
  changes: readonly RecordChange[],
): Promise<string> {
  const { ChangeInfo: info } = await client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone,
      ChangeBatch: {
        Comment: 'skep',
        Changes: changes.map(({ action, record: { type, setId, multi, ttl, values } }) => ({
          Action: action,
          ResourceRecordSet: {
            Name: `${name}.`,
            Type: type as 'A' | 'TXT',
            TTL: ttl,
            ...(setId === undefined ? {} : { SetIdentifier: setId }),
            ...(multi ? { MultiValueAnswer: true } : {}),
            ResourceRecords: values.map((Value) => ({ Value })),
          },
        })),
      },
    }),
  );
  return info?.Id ?? '';
}

export async function isInSync(client: Route53Client, change: string): Promise<boolean> {
  try {
    const { ChangeInfo: info } = await client.send(new GetChangeCommand({ Id: change }));
    return info?.Status === 'INSYNC';
  } catch (error) {
    // It forgets them after a while.
    if (errorName(error) === 'NoSuchChange') {
      return true;
    }
    throw error;
  }
}
