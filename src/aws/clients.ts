// One client per service and process: a client keeps its connections and its retry budget.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export const autoScalingClient = (): AutoScalingClient => new AutoScalingClient({});

export const tableClient = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } });

export const statesClient = (): SFNClient => new SFNClient({});

/**
 * The SDK itself retries nothing: a SendCommand whose answer was lost may have been accepted, and would run twice. A connection is not kept
 * either: one that has died while the function was frozen fails at the next send, and that looks like a lost answer.
 */
export const sendingClient = (): SSMClient =>
  new SSMClient({
    maxAttempts: 1,
    requestHandler: { httpsAgent: { keepAlive: false }, httpAgent: { keepAlive: false } },
  });

export const ssmClient = (): SSMClient => new SSMClient({});
