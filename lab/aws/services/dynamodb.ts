// DynamoDB: dynalite, and transactions beside it.
import { z } from 'zod';

import type { StackTable } from '../stack/stack.ts';
import { Dynalite } from './dynamodb-engine.ts';
import { checkMembers } from './dynamodb-members.ts';
import { Transactions } from './dynamodb-transaction.ts';
import { AwsError } from './service.ts';

const refusal = z.looseObject({ __type: z.string().optional(), message: z.string().optional() });

export class DynamoDb {
  /** A knob: a deployment protects the table when all is there. */
  isProtected = true;
  readonly #dynalite = new Dynalite();
  #isOpen = false;
  /** Transactions are all or nothing and seen by nobody half-way: one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #keyNames = new Map<string, readonly string[]>();
  readonly #transactions = new Transactions((operation, input) => this.#single(operation, input), this.#keyNames);

  async open(tables: readonly StackTable[]): Promise<void> {
    this.#isOpen = true;
    for (const table of tables) {
      await this.#create(table);
    }
  }

  async #create({ name, partitionKey, sortKey, indexes }: StackTable): Promise<void> {
    await this.#single('CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        ...new Set([partitionKey, sortKey, ...indexes.flatMap((index) => [index.partitionKey, index.sortKey])]),
      ].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keySchema({ partitionKey, sortKey }),
      ...(indexes.length === 0
        ? {}
        : {
            GlobalSecondaryIndexes: indexes.map((index) => ({
              IndexName: index.name,
              KeySchema: keySchema(index),
              Projection: { ProjectionType: index.projection },
            })),
          }),
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

  /** The database is memory, and goes with the last reference. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#last;
  }

  /** From outside, so to speak: tables are made by the stack. */
  async call(operation: string, input: Record<string, unknown>): Promise<unknown> {
    checkMembers(operation, input);
    if (!this.#isOpen) {
      throw new AwsError('ServiceUnavailable', 'the lab is closed', 503);
    }
    const turn = this.#last.then(() =>
      operation === 'TransactWriteItems'
        ? this.#transactions.write(input)
        : this.#single(operation, input).then((output) => asAws(operation, output, this.isProtected)),
    );
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** As the sum of its own checks and dynalite's: it asks for no operation but those that are known to both. */
  async #single(operation: string, input: Record<string, unknown>): Promise<unknown> {
    const { status, body } = await this.#dynalite.ask(operation, input);
    if (status === 200) {
      return body;
    }
    const { __type: type = 'InternalServerError', message = '', ...members } = refusal.parse(body);
    throw new AwsError(type.split('#').at(-1) ?? type, message, status, members);
  }
}

const keySchema = ({ partitionKey, sortKey }: Pick<StackTable, 'partitionKey' | 'sortKey'>): unknown => [
  { AttributeName: partitionKey, KeyType: 'HASH' },
  { AttributeName: sortKey, KeyType: 'RANGE' },
];

/** Dynalite's DescribeTable has a member more than AWS, an id that is none, and no protection from deletion. */
function asAws(operation: string, output: unknown, isProtected: boolean): unknown {
  if (operation !== 'DescribeTable') {
    return output;
  }
  const { Table: table } = z.object({ Table: z.looseObject({}) }).parse(output);
  return {
    Table: {
      ...Object.fromEntries(
        Object.entries(table).filter(([name]) => name !== 'TableThroughputModeSummary' && name !== 'TableId'),
      ),
      DeletionProtectionEnabled: isProtected,
    },
  };
}
