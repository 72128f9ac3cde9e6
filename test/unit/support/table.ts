// The table over the real DynamoDB protocol: dynalite behind the lab's endpoint.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll } from '@jest/globals';

import { Clock } from '../../../lab/time/clock.ts';
import { Endpoint } from '../../../lab/aws/endpoint.ts';
import { listen } from '../../../lab/aws/http-server.ts';
import { AccessKeys } from '../../../lab/aws/iam/access-keys.ts';
import { seededRandom } from '../../../lab/time/random.ts';
import { DynamoDb } from '../../../lab/aws/services/dynamodb.ts';
import { Declarations } from '../../../src/store/declarations.ts';
import { Table } from '../../../src/store/table.ts';
import { Waiters } from '../../../src/store/waiters.ts';
import type { Key } from '../../../src/core/names.ts';

export interface TestTable {
  readonly table: Table;
  readonly declarations: Declarations;
  readonly waiters: Waiters;
  readonly client: DynamoDBDocumentClient;
  readonly endpoint: Endpoint;
  get(key: Key): Promise<Record<string, unknown> | undefined>;
  close(): Promise<void>;
}

export const TABLE = 'skep-test';

/** One for all tests of the file that calls it. */
export async function useTable(): Promise<TestTable> {
  const table = await openTable();
  afterAll(() => table.close());
  return table;
}

export async function openTable(): Promise<TestTable> {
  const dynamodb = new DynamoDb();
  await dynamodb.open([
    {
      logicalId: 'Table',
      name: TABLE,
      arn: `arn:aws:dynamodb:eu-west-1:123456789012:table/${TABLE}`,
      partitionKey: 'pk',
      sortKey: 'sk',
      ttlAttribute: 'expiresAt',
      indexes: [{ name: 'by-instance', partitionKey: 'instance', sortKey: 'sk', projection: 'KEYS_ONLY' }],
    },
  ]);
  const clock = new Clock({ virtual: false, start: Date.now() });
  const keys = new AccessKeys();
  const gate = {
    callerOf: (key: string, token: string | null) => keys.callerOf(key, token),
    authorize: () => undefined,
  };
  const endpoint = new Endpoint({ services: [], dynamodb, gate, clock, random: seededRandom(1) });
  const listening = await listen((request) => endpoint.serve(request), 0);
  const plain = new DynamoDBClient({
    endpoint: listening.url,
    region: 'eu-west-1',
    credentials: keys.issue({ kind: 'function', name: 'test' }),
    maxAttempts: 1,
  });
  const client = DynamoDBDocumentClient.from(plain, { marshallOptions: { removeUndefinedValues: true } });
  return {
    table: new Table(client, TABLE),
    declarations: new Declarations(client, TABLE),
    waiters: new Waiters(client, TABLE),
    client,
    endpoint,
    get: async (key) => (await client.send(new GetCommand({ TableName: TABLE, Key: key, ConsistentRead: true }))).Item,
    close: async () => {
      plain.destroy();
      clock.stop();
      await listening.close();
      await dynamodb.close();
    },
  };
}
