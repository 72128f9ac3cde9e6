// One client per service and process: a client keeps its connections and its retry budget. None lets a call outlive its function.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { noCalls } from './call-logger.ts';
import { laidOut } from './laid-out.ts';
import { bounded } from './within-time.ts';

export const autoScalingClient = (): AutoScalingClient => bounded(laidOut(new AutoScalingClient({ logger: noCalls })));

export const tableClient = (): DynamoDBDocumentClient =>
  bounded(
    laidOut(
      DynamoDBDocumentClient.from(new DynamoDBClient({ logger: noCalls }), {
        marshallOptions: { removeUndefinedValues: true },
      }),
    ),
  );

export const statesClient = (): SFNClient => bounded(laidOut(new SFNClient({ logger: noCalls })));

export const topicClient = (): SNSClient => bounded(laidOut(new SNSClient({ logger: noCalls })));

/** Otherwise it would call the host of the queue's URL, wherever the environment says that AWS is. */
export const queueClient = (): SQSClient =>
  bounded(laidOut(new SQSClient({ logger: noCalls, useQueueUrlAsEndpoint: false })));

/**
 * The SDK itself retries nothing: a SendCommand whose answer was lost may have been accepted, and would run twice. A connection is not kept
 * either: one that has died while the function was frozen fails at the next send, and that looks like a lost answer.
 */
export const sendingClient = (): SSMClient =>
  bounded(
    laidOut(
      new SSMClient({
        logger: noCalls,
        maxAttempts: 1,
        requestHandler: { httpsAgent: { keepAlive: false }, httpAgent: { keepAlive: false } },
      }),
    ),
  );

export const ssmClient = (): SSMClient => bounded(laidOut(new SSMClient({ logger: noCalls })));
