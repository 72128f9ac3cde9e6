// The epoch of a cluster: raised by each recovery, compared by every document.
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { FlowError } from '../core/errors.ts';
import { keys } from '../core/names.ts';
import { passes } from '../aws/errors.ts';

/** Raises the epoch to the one that the recovery began; every command carries it from now on. Doing it twice changes nothing. */
export async function raiseEpoch(
  client: DynamoDBDocumentClient,
  table: string,
  cluster: string,
  epoch: number,
): Promise<void> {
  const absent = epoch === 1 ? 'attribute_not_exists(epoch) OR ' : '';
  const isNew = await passes(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: keys.state(cluster),
        UpdateExpression: 'SET epoch = :new',
        ConditionExpression: `#status = :founded AND (${absent}epoch = :old OR epoch = :new)`,
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':founded': 'founded', ':old': epoch - 1, ':new': epoch },
      }),
    ),
  );
  if (!isNew) {
    throw new FlowError('BadInput', `${cluster} is not in epoch ${epoch - 1}`);
  }
}
