import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';

import { Table } from '../../../src/store/table.ts';
import { keys } from '../../../src/core/names.ts';
import { actionOf } from '../support/examples.ts';
import { mockClient } from '../../support/mock-client.ts';

const mock = mockClient(DynamoDBDocumentClient);
const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }));

describe('a table that is throttled', () => {
  it('may leave keys unread: what was not read is not missing', async () => {
    mock.on(BatchGetCommand).resolves({
      Responses: { t: [] },
      UnprocessedKeys: { t: { Keys: [keys.state('prod')] } },
    });

    await expect(new Table(client, 't').readFacts(actionOf())).rejects.toMatchObject({ name: 'Throttled' });
  });
});
