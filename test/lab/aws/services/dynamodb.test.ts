// DynamoDB as the lab plays it: what dynalite does not know, transactions.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DynamoDb } from '../../../../lab/aws/services/dynamodb.ts';

const names = { partitionKey: 'pk', sortKey: 'sk', ttlAttribute: 'expiresAt' };
const index = { name: 'by-v', partitionKey: 'v', sortKey: 'sk', projection: 'KEYS_ONLY' } as const;
const table = (name: string, indexes: readonly (typeof index)[] = []) => ({
  ...{ logicalId: name, name, arn: name, indexes },
  ...names,
});
const dynamodb = new DynamoDb();

beforeAll(() => dynamodb.open([table('own'), table('other'), table('indexed', [index])]));
afterAll(() => dynamodb.close());

const TableName = 'own';
const key = (name: string) => ({ pk: { S: name }, sk: { S: 'x' } });
const putOf = (name: string, more: object = {}) => ({
  Put: { TableName, Item: { ...key(name), v: { N: '1' } }, ...more },
});
const check = (name: string, ConditionExpression: string, more: object = {}) => ({
  ConditionCheck: { TableName, Key: key(name), ConditionExpression, ...more },
});
const transact = (TransactItems: readonly object[], more: object = {}) =>
  dynamodb.call('TransactWriteItems', { TransactItems, ...more });

async function read(name: string, from = TableName): Promise<unknown> {
  const { Item: item } = (await dynamodb.call('GetItem', { TableName: from, Key: key(name) })) as { Item?: unknown };
  return item;
}

describe('a transaction', () => {
  it('writes all of it, if what it only looks at is as it should be', async () => {
    await transact([putOf('a1')]);
    await transact([check('a1', 'v = :one', { ExpressionAttributeValues: { ':one': { N: '1' } } }), putOf('a2')]);
    await transact([check('a3', 'attribute_not_exists(pk)'), { Delete: { TableName, Key: key('a2') } }]);

    expect(await read('a1')).toEqual({ ...key('a1'), v: { N: '1' } });
    expect(await read('a2')).toBeUndefined();
    expect(await read('a3')).toBeUndefined();
  });

  it('writes nothing, if not, and has a reason for each item in order', async () => {
    await transact([putOf('b1')]);
    const update = {
      Update: {
        TableName,
        Key: key('b1'),
        UpdateExpression: 'SET v = :two',
        ExpressionAttributeValues: { ':two': { N: '2' } },
      },
    };
    const refused = transact([
      update,
      check('b2', 'attribute_exists(pk)'),
      putOf('b3'),
      putOf('b4', { ConditionExpression: 'attribute_exists(pk)' }),
    ]);

    await expect(refused).rejects.toMatchObject({
      code: 'TransactionCanceledException',
      message: expect.stringContaining('[None, ConditionalCheckFailed, None, ConditionalCheckFailed]'),
      members: {
        CancellationReasons: [
          { Code: 'None' },
          { Code: 'ConditionalCheckFailed' },
          { Code: 'None' },
          { Code: 'ConditionalCheckFailed' },
        ],
      },
    });
    expect(await read('b1')).toMatchObject({ v: { N: '1' } });
    expect(await read('b3')).toBeUndefined();
  });

  it('shows what was in the way, if asked', async () => {
    await transact([putOf('c1')]);
    const ask = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };

    await expect(transact([check('c1', 'attribute_not_exists(pk)', ask)])).rejects.toMatchObject({
      members: { CancellationReasons: [{ Item: { ...key('c1'), v: { N: '1' } } }] },
    });
  });

  it('is done once under one token, whoever lost the answer', async () => {
    const once = [putOf('d1', { ConditionExpression: 'attribute_not_exists(pk)' })];
    await transact(once, { ClientRequestToken: 'd' });

    await expect(transact(once, { ClientRequestToken: 'd' })).resolves.toEqual({});
    await expect(transact(once, { ClientRequestToken: 'e' })).rejects.toMatchObject({
      code: 'TransactionCanceledException',
    });
    await expect(transact([putOf('d2')], { ClientRequestToken: 'd' })).rejects.toMatchObject({
      code: 'IdempotentParameterMismatchException',
    });
  });

  it.each([
    ['two actions on one item', [putOf('f'), check('f', 'attribute_exists(pk)')], 'ValidationException'],
    ['a check of nothing', [{ ConditionCheck: { TableName, Key: key('f') } }], 'ValidationException'],
    ['an action that does not exist', [{ Get: { TableName, Key: key('f') } }], 'ValidationException'],
    ['no action at all', [], 'ValidationException'],
    ['a bad expression', [putOf('f'), check('g', 'no expression')], 'ValidationException'],
    ['a table of nobody', [{ Delete: { TableName: 'none', Key: key('f') } }], 'ResourceNotFoundException'],
  ])('is refused for %s, and has written nothing', async (_what, actions, code) => {
    await expect(transact(actions)).rejects.toMatchObject({ code });
    expect(await read('f')).toBeUndefined();
  });

  it('keeps tables apart', async () => {
    await transact([putOf('h'), { Put: { TableName: 'other', Item: { ...key('h'), v: { N: '2' } } } }]);

    expect(await read('h')).toMatchObject({ v: { N: '1' } });
    expect(await read('h', 'other')).toMatchObject({ v: { N: '2' } });
  });
});

describe('an index', () => {
  it('finds items by another attribute, has their keys alone, and follows each change', async () => {
    const item = (pk: string, v: string) => ({ pk: { S: pk }, sk: { S: 'x' }, v: { S: v }, more: { S: 'more' } });
    const find = async (v: string): Promise<unknown> => {
      const answer = await dynamodb.call('Query', {
        TableName: 'indexed',
        IndexName: 'by-v',
        KeyConditionExpression: 'v = :v AND begins_with(sk, :x)',
        ExpressionAttributeValues: { ':v': { S: v }, ':x': { S: 'x' } },
      });
      return (answer as { Items: unknown }).Items;
    };
    await dynamodb.call('PutItem', { TableName: 'indexed', Item: item('a', 'one') });
    await dynamodb.call('TransactWriteItems', {
      TransactItems: [{ Put: { TableName: 'indexed', Item: item('b', 'two') } }],
    });

    expect(await find('one')).toEqual([{ pk: { S: 'a' }, sk: { S: 'x' }, v: { S: 'one' } }]);
    expect(await find('two')).toEqual([{ pk: { S: 'b' }, sk: { S: 'x' }, v: { S: 'two' } }]);

    await dynamodb.call('DeleteItem', { TableName: 'indexed', Key: { pk: { S: 'a' }, sk: { S: 'x' } } });
    expect(await find('one')).toEqual([]);
  });
});
