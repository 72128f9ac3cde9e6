// The members of DynamoDB's requests: dynalite checks what is in them, but takes a misspelt one for none.
import { z } from 'zod';

import { invalidInput, unknownMember } from '../protocols/validation.ts';
import { UnknownOperation } from './service.ts';

const names = ['ExpressionAttributeNames', 'ReturnConsumedCapacity'];
const condition = ['ConditionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'];
const write = [
  'TableName',
  ...condition,
  'ReturnValues',
  'ReturnConsumedCapacity',
  'ReturnItemCollectionMetrics',
  'Expected',
  'ConditionalOperator',
];
const read = [
  ...['TableName', 'IndexName', 'Select', 'AttributesToGet', 'Limit', 'ConsistentRead', 'ConditionalOperator'],
  ...['ExclusiveStartKey', 'ProjectionExpression', 'FilterExpression', 'ExpressionAttributeValues', ...names],
];

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  GetItem: ['TableName', 'Key', 'AttributesToGet', 'ConsistentRead', 'ProjectionExpression', ...names],
  BatchGetItem: ['RequestItems', 'ReturnConsumedCapacity'],
  BatchWriteItem: ['RequestItems', 'ReturnConsumedCapacity', 'ReturnItemCollectionMetrics'],
  PutItem: ['Item', ...write],
  UpdateItem: ['Key', 'AttributeUpdates', 'UpdateExpression', ...write],
  DeleteItem: ['Key', ...write],
  Query: ['KeyConditions', 'QueryFilter', 'ScanIndexForward', 'KeyConditionExpression', ...read],
  Scan: ['ScanFilter', 'TotalSegments', 'Segment', ...read],
  DescribeTable: ['TableName'],
  ListTables: ['ExclusiveStartTableName', 'Limit'],
  TransactWriteItems: ['TransactItems', 'ReturnConsumedCapacity', 'ReturnItemCollectionMetrics', 'ClientRequestToken'],
};

/** The operations that the lab answers; dynalite knows more. */
export const DYNAMODB_OPERATIONS = Object.keys(MEMBERS);

const capacity = z.enum(['INDEXES', 'TOTAL', 'NONE']).optional();
/** What dynalite does not look at. */
const types = z.looseObject({
  ConsistentRead: z.boolean().optional(),
  ReturnConsumedCapacity: capacity,
  ReturnItemCollectionMetrics: z.enum(['SIZE', 'NONE']).optional(),
});

/** @throws {AwsError} for an operation or a member that is not known */
export function checkMembers(operation: string, input: Readonly<Record<string, unknown>>): void {
  const known = Object.hasOwn(MEMBERS, operation) ? MEMBERS[operation] : undefined;
  if (known === undefined) {
    throw new UnknownOperation('dynamodb', operation);
  }
  const unknown = Object.keys(input).find((member) => !known.includes(member));
  if (unknown !== undefined) {
    throw unknownMember(unknown, 'dynamodb', `dynamodb.${operation}`);
  }
  const parsed = types.safeParse(input);
  if (!parsed.success) {
    throw invalidInput(parsed.error, 'dynamodb', `dynamodb.${operation}`);
  }
}
