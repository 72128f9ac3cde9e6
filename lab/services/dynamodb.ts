// DynamoDB: dynalite over its own protocol, and transactions, which it does not know, made of its single operations.
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

import dynalite from 'dynalite';
import { z } from 'zod';

import type { StackTable } from '../stack/stack.ts';
import { AwsError, UnknownOperation } from './service.ts';

const TARGET = 'DynamoDB_20120810';

type Item = Record<string, unknown>;

const write = z.looseObject({
  TableName: z.string(),
  Key: z.record(z.string(), z.unknown()).optional(),
  Item: z.record(z.string(), z.unknown()).optional(),
});
const transaction = z.object({
  TransactItems: z
    .array(
      z.object({
        Put: write.optional(),
        Update: write.optional(),
        Delete: write.optional(),
        ConditionCheck: write.optional(),
      }),
    )
    .min(1)
    .max(100),
});
type Write = z.infer<typeof write>;

/** One write of a transaction, as the single operation that it amounts to. */
interface Part {
  readonly operation: 'PutItem' | 'UpdateItem' | 'DeleteItem';
  readonly input: Write;
  readonly table: string;
  readonly key: Item;
}

export class DynamoDb {
  #server: Server | undefined;
  #url = '';
  /** Transactions are all or nothing and seen by nobody half-way: one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();

  async open(table: StackTable): Promise<void> {
    const server = dynalite({ createTableMs: 0 });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { name, partitionKey, sortKey } = table;
    await this.#single('CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [partitionKey, sortKey].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: partitionKey, KeyType: 'HASH' },
        { AttributeName: sortKey, KeyType: 'RANGE' },
      ],
    });
    await this.#untilActive(name);
  }

  async #untilActive(name: string): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const { Table: table } = z
        .object({ Table: z.object({ TableStatus: z.string() }) })
        .parse(await this.#single('DescribeTable', { TableName: name }));
      if (table.TableStatus === 'ACTIVE') {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`the table ${name} did not become active`);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      // dynalite throws out of its own callbacks, and so ends the process, when its database is closed under a write.
      await this.#last;
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    }
  }

  call(operation: string, input: Record<string, unknown>): Promise<unknown> {
    if (this.#server === undefined) {
      return Promise.reject(new AwsError('ServiceUnavailable', 'the lab is closed', 503));
    }
    const turn = this.#last.then(() =>
      operation === 'TransactWriteItems' ? this.#transact(transaction.parse(input)) : this.#single(operation, input),
    );
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #transact({ TransactItems: items }: z.infer<typeof transaction>): Promise<unknown> {
    const parts = items.map(toPart);
    const undo: (() => Promise<unknown>)[] = [];
    for (const [index, part] of parts.entries()) {
      const { Item: old } = z
        .object({ Item: z.record(z.string(), z.unknown()).optional() })
        .parse(await this.#single('GetItem', { TableName: part.table, Key: part.key, ConsistentRead: true }));
      try {
        await this.#single(part.operation, part.input);
      } catch (error) {
        for (const step of undo.toReversed()) {
          await step();
        }
        throw cancelled(error, parts.length, index);
      }
      undo.push(() =>
        old === undefined
          ? this.#single('DeleteItem', { TableName: part.table, Key: part.key })
          : this.#single('PutItem', { TableName: part.table, Item: old }),
      );
    }
    return {};
  }

  async #single(operation: string, input: Record<string, unknown>): Promise<unknown> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `${TARGET}.${operation}`,
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=lab/20260101/lab/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(input),
    });
    const body = z
      .looseObject({ __type: z.string().optional(), message: z.string().optional() })
      .parse(await response.json());
    if (!response.ok) {
      const { __type: type = 'InternalServerError', message = '', ...members } = body;
      if (type.endsWith('UnknownOperationException')) {
        throw new UnknownOperation('dynamodb', operation);
      }
      throw new AwsError(type.split('#').at(-1) ?? type, message, response.status, members);
    }
    return body;
  }
}

function toPart({ Put, Update, Delete, ConditionCheck }: z.infer<typeof transaction>['TransactItems'][number]): Part {
  if (Put?.Item !== undefined) {
    const { pk, sk } = Put.Item;
    return { operation: 'PutItem', input: Put, table: Put.TableName, key: { pk, sk } };
  }
  const keyed = Update ?? Delete;
  if (keyed?.Key === undefined || ConditionCheck !== undefined) {
    throw new AwsError('ValidationException', 'the lab knows Put, Update and Delete in a transaction');
  }
  const operation = Update === undefined ? 'DeleteItem' : 'UpdateItem';
  return { operation, input: keyed, table: keyed.TableName, key: keyed.Key };
}

function cancelled(error: unknown, count: number, index: number): AwsError {
  if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') {
    throw error;
  }
  const CancellationReasons = Array.from({ length: count }, (_, at) =>
    at === index ? { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' } : { Code: 'None' },
  );
  const codes = CancellationReasons.map(({ Code }) => Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { CancellationReasons, Message: 'Transaction cancelled' },
  );
}
