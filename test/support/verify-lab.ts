// A lab for the tests of `skep verify`: its clients, and answers of AWS that are other than skep takes for granted.
import { randomUUID } from 'node:crypto';

import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { AwsError } from '../../lab/aws/services/service.ts';
import type { Lab } from '../../lab/lab.ts';
import type { VerifyPorts } from '../../src/operations/look-to-verify.ts';

export function verifyPorts(lab: Lab): VerifyPorts {
  const client = {
    endpoint: lab.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  };
  return {
    ...{ stage: 'dev', now: () => lab.clock.now(), uuid: () => randomUUID() },
    autoScaling: new AutoScalingClient(client),
    cloudFormation: new CloudFormationClient(client),
    ec2: new EC2Client(client),
    queues: new SQSClient({ ...client, useQueueUrlAsEndpoint: false }),
    ssm: new SSMClient(client),
    states: new SFNClient(client),
    table: DynamoDBDocumentClient.from(new DynamoDBClient(client)),
  };
}

type Input = Record<string, unknown>;
/** @returns undefined where it answers as always */
type Other = (input: Input, real: () => Promise<unknown>) => Promise<unknown> | undefined;

/** From here on a call is answered in another way. @returns what ends that */
export function answerOtherwise(lab: Lab, wanted: string, other: Other): () => void {
  const { endpoint } = lab;
  const real = endpoint.call.bind(endpoint);
  endpoint.call = (service, operation, input, caller) => {
    const asAlways = (): Promise<unknown> => real(service, operation, input, caller);
    return (`${service}.${operation}` === wanted ? other(input, asAlways) : undefined) ?? asAlways();
  };
  return () => {
    endpoint.call = real;
  };
}

/** An error in place of the one that it was. */
export const refusing =
  (name: string, message = ''): Other =>
  () =>
    Promise.reject(new AwsError(name, message));

/** The answer with something else in it. */
export const changed =
  (change: (answer: Input) => unknown): Other =>
  async (_input, real) =>
    change((await real()) as Input);
