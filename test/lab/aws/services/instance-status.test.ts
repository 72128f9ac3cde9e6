// What DescribeInstanceStatus answers, read by the SDK and by skep's own adapter.
import { Readable } from 'node:stream';

import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, it } from '@jest/globals';

import { answerOf } from '../../../../lab/aws/protocols/answers.ts';
import { readRequest } from '../../../../lab/aws/protocols/requests.ts';
import type { Instance } from '../../../../lab/aws/services/instance.ts';
import { describeStatus, statusesOf } from '../../../../lab/aws/services/instance-status.ts';
import { impairedInstances, scheduledEvents } from '../../../../src/aws/ec2.ts';

const [FIRST, SECOND, THIRD, GONE] = [1, 2, 3, 4].map((n) => `i-0000000000000000${n}`) as [
  string,
  string,
  string,
  string,
];
const HOUR = 3_600_000;

const instances = [FIRST, SECOND, THIRD, GONE].map(
  (instanceId) =>
    ({ instanceId, zone: 'eu-west-1a', state: instanceId === GONE ? 'terminated' : 'running' }) as Instance,
);
const announced = new Map([
  [FIRST, { code: 'instance-stop', description: 'The instance is running on degraded hardware', notBefore: HOUR }],
  [
    SECOND,
    { code: 'system-reboot', description: '[Canceled] The instance is running on degraded hardware', notBefore: HOUR },
  ],
  [GONE, { code: 'instance-stop', description: 'The instance is running on degraded hardware', notBefore: HOUR }],
]);
const impaired = new Map([
  [SECOND, { of: 'system', since: HOUR } as const],
  [THIRD, { of: 'instance', since: 2 * HOUR } as const],
]);

/** The SDK, with the lab's answers as they are on the wire. */
const client = new EC2Client({
  region: 'eu-west-1',
  credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  requestHandler: {
    handle: (request: {
      readonly method: string;
      readonly path: string;
      readonly headers: Record<string, string>;
      readonly body: string;
    }) => {
      const { method, path: url, headers, body } = request;
      const asked = readRequest({ method, url, headers, body });
      const output = statusesOf(describeStatus.parse(asked.input()), instances, { announced, impaired });
      const { status: statusCode, ...answer } = answerOf(asked, output, 'one');
      return Promise.resolve({
        response: { statusCode, headers: answer.headers, body: Readable.from([Buffer.from(answer.body)]) },
      });
    },
  } as never,
});

it('tells what is announced of running instances, also what has been called off', async () => {
  expect([...(await scheduledEvents(client))]).toEqual([
    [FIRST, { code: 'instance-stop', at: 3600, isOver: false }],
    [SECOND, { code: 'system-reboot', at: 3600, isOver: true }],
  ]);
});

it('tells whose status checks fail, of the instance or of its host, and since when', async () => {
  expect([...(await impairedInstances(client, 10_000))]).toEqual([
    [THIRD, 7200],
    [SECOND, 3600],
  ]);
});
