// The unmodified SDK against a lab.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';

import { accessKeyOf } from '../../../lab/lambda.ts';

export interface Clients {
  readonly autoScaling: AutoScalingClient;
  readonly ssm: SSMClient;
  readonly sfn: SFNClient;
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
}

/** @param kind who calls: function, machine, instance or person. */
export function clientsOf(endpoint: string, kind: string, name: string): Clients {
  const options = {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: accessKeyOf(kind, name), secretAccessKey: 'lab' },
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
