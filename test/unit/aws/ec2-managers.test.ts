// Who has a private address, where VPCs overlap.
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { beforeEach, expect, it } from '@jest/globals';

import { instanceAt } from '../../../src/aws/ec2-managers.ts';
import { mockClient } from '../../support/mock-client.ts';

const ec2 = mockClient(EC2Client);
const client = new EC2Client({ region: 'eu-west-1' });
const answer = (...instances: readonly (readonly [string, string])[]): object => ({
  Reservations: instances.map(([InstanceId, VpcId]) => ({ Instances: [{ InstanceId, VpcId }] })),
});
const at = { Filters: [{ Name: 'private-ip-address', Values: ['10.0.0.5'] }] };

beforeEach(() => {
  ec2.reset();
  ec2.on(DescribeInstancesCommand).callsFake(({ Filters }: { Filters: { Name: string }[] }) => {
    const asked = Filters[0]?.Name === 'private-ip-address' ? there : answer(['i-own', 'vpc-own']);
    return asked;
  });
});
let there = answer();

it.each([
  {
    what: 'the one in the own VPC, whatever comes first',
    has: answer(['i-a', 'vpc-other'], ['i-b', 'vpc-own']),
    is: 'i-b',
  },
  {
    what: 'one elsewhere, where the own VPC has none',
    has: answer(['i-a', 'vpc-other'], ['i-b', 'vpc-third']),
    is: 'i-a',
  },
  { what: 'the only one, without asking further', has: answer(['i-a', 'vpc-other']), is: 'i-a' },
  { what: 'nobody', has: answer(), is: undefined },
])('is $what', async ({ has, is }) => {
  there = has;

  expect(await instanceAt(client, '10.0.0.5:2377', ['i-own'])).toBe(is);
  expect(ec2.calls()[0]?.args[0].input).toMatchObject({ Filters: expect.arrayContaining(at.Filters) });
});
