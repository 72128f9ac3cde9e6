// DynamoDB: dynalite over its own protocol, and transactions beside it.
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

import dynalite from 'dynalite';
import { z } from 'zod';

import type { StackTable } from '../stack/stack.ts';
import { checkMembers } from './dynamodb-members.ts';
import { Transactions } from './dynamodb-transaction.ts';
import { AwsError, UnknownOperation } from './service.ts';

const TARGET = 'DynamoDB_20120810';

const answer = z.looseObject({ __type: z.string().optional(), message: z.string().optional() });

export class DynamoDb {
  #server: Server | undefined;
  #url = '';
  /** Transactions are all or nothing and seen by nobody half-way: one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #keyNames = new Map<string, readonly string[]>();
  readonly #transactions = new Transactions((operation, input) => this.#single(operation, input), this.#keyNames);

  async open(tables: readonly StackTable[]): Promise<void> {
    const server = dynalite({ createTableMs: 0 });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const table of tables) {
      await this.#create(table);
    }
  }

  async #create({ name, partitionKey, sortKey }: StackTable): Promise<void> {
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
    this.#keyNames.set(name, [partitionKey, sortKey]);
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

  /** From outside, so to speak: tables are made by the stack. */
  async call(operation: string, input: Record<string, unknown>): Promise<unknown> {
    checkMembers(operation, input);
    if (this.#server === undefined) {
      throw new AwsError('ServiceUnavailable', 'the lab is closed', 503);
    }
    const turn = this.#last.then(() =>
      operation === 'TransactWriteItems'
        ? this.#transactions.write(input)
        : this.#single(operation, input).then((output) => asAws(operation, output)),
    );
    this.#last = turn.catch(() => undefined);
    return turn;
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
    const body = answer.parse(await response.json());
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

/** Dynalite's DescribeTable has a member more than AWS, and an id that is none. */
function asAws(operation: string, output: unknown): unknown {
  if (operation !== 'DescribeTable') {
    return output;
  }
  const { Table: table } = z.object({ Table: z.looseObject({}) }).parse(output);
  return {
    Table: Object.fromEntries(
      Object.entries(table).filter(([name]) => name !== 'TableThroughputModeSummary' && name !== 'TableId'),
    ),
  };
}
