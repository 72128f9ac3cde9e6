// A write of several items, all or nothing.
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { errorName } from '../aws/errors.ts';
import type { TransactItem } from './claim-transaction.ts';

/** Somebody else wrote in between: read again, and decide again. */
export class WriteConflict extends Error {
  override readonly name = 'WriteConflict';
}

/** @throws {WriteConflict} if a condition does not hold, or another write of the same items was under way */
export async function transact(client: DynamoDBDocumentClient, TransactItems: TransactItem[]): Promise<void> {
  try {
    await client.send(new TransactWriteCommand({ TransactItems }));
  } catch (error) {
    if (errorName(error) === 'TransactionCanceledException') {
      throw new WriteConflict('the table changed under a claim', { cause: error });
    }
    throw error;
  }
}
