// The unmodified SDK against a lab.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';

import { PERSON } from '../../../../lab/aws/iam/access-keys.ts';
import type { Credentials } from '../../../../lab/aws/iam/access-keys.ts';

export interface Clients {
  readonly autoScaling: AutoScalingClient;
  readonly ssm: SSMClient;
  readonly sfn: SFNClient;
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
}

/** @param credentials of whoever calls: by default the person at the command */
export function clientsOf(endpoint: string, credentials: Credentials = PERSON): Clients {
  const options = {
    endpoint,
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
  };
  return {
    autoScaling: new AutoScalingClient(options),
    ssm: new SSMClient(options),
    sfn: new SFNClient(options),
    ec2: new EC2Client(options),
    dynamodb: new DynamoDBClient(options),
  };
}

/** What a refused call is called, and its status. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    const { name, $metadata: metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return `${name} ${metadata?.httpStatusCode ?? ''}`;
  }
}
