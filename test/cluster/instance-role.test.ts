// The role of the instances is as small as it can be: without any part of it, a node of the lab does not come into its swarm, or the group
// is not made. What only programs on the nodes need, is held to what those programs say that they need.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';

interface RoleProperties {
  AssumeRolePolicyDocument: { Statement: { Principal: { Service: string } }[] };
  ManagedPolicyArns: unknown[];
  Tags: { Key: string }[];
}
interface GroupTemplate {
  Resources: { NodeRole: { Properties: RoleProperties } };
}

const GROUP = readFileSync('cluster/group.yaml', 'utf8');
const SIZES = { MinSize: '1', MaxSize: '1', HookTimeout: '300' };
const PLACE = {
  SubnetIds: 'subnet-0a1b2c3d4e5f6071a,subnet-0a1b2c3d4e5f6071b',
  SecurityGroupIds: 'sg-0a1b2c3d4e5f60718',
};
const MACHINE = { ImageId: 'ami-0123456789abcdef0', InstanceType: 't4g.small' };
const LAUNCHED_WITHIN = 900_000;

/** One instance of a group of the template: whether it becomes a node, and was denied nothing on the way. */
async function works(role: 'manager' | 'worker', change: (role: RoleProperties) => void): Promise<boolean> {
  const groups = role === 'worker' ? '{ managers: { role: manager, desired: 1 } }' : '{}';
  const scenario = parseScenario(`{ name: role, groups: ${groups}, steps: [] }`, 'role');
  const run = await ScenarioRun.open(scenario, { nodes: 'simulated' });
  try {
    await run.lab.runUntilIdle(600_000);
    const template = parse(GROUP) as GroupTemplate;
    change(template.Resources.NodeRole.Properties);
    const values = { Cluster: 'demo', Role: role, ...SIZES, ...PLACE, ...MACHINE };
    run.lab.cloudFormation.stacks.create({
      stackName: 'grp',
      template: JSON.stringify(template),
      parameters: Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
      options: { capabilities: ['CAPABILITY_IAM'], tags: [], notificationArns: [] },
      disableRollback: true,
      token: undefined,
    });
    await run.lab.clock.advance(LAUNCHED_WITHIN);
    const nodes = (await run.lab.view('demo'))?.nodes ?? [];
    const ready = nodes.filter((node) => node.role === role && node.status === 'ready');
    // A founder has its swarm at once, and is denied what lets others in.
    return ready.length === 1 && run.lab.iam.denials.length === 0;
  } finally {
    await run.close();
  }
}

const without =
  (index: number) =>
  ({ ManagedPolicyArns: arns }: RoleProperties): void => {
    arns.splice(index, 1);
  };
const noTag =
  (key: string) =>
  (role: RoleProperties): void => {
    role.Tags = role.Tags.filter(({ Key }) => Key !== key);
  };

describe.each(['manager', 'worker'] as const)('the role of a %s', (role) => {
  it('is enough', async () => {
    expect(await works(role, () => undefined)).toBe(true);
  }, 240_000);

  it.each([
    ["AWS's policy of the agent", without(0)],
    ["skep's policy", without(1)],
    ['the tag skep:cluster', noTag('skep:cluster')],
    [
      'the trust in EC2',
      ({ AssumeRolePolicyDocument: trust }: RoleProperties): void => {
        trust.Statement.forEach((one) => (one.Principal = { Service: 'ecs-tasks.amazonaws.com' }));
      },
    ],
  ])(
    'is not enough without %s',
    async (_what, change) => {
      expect(await works(role, change)).toBe(false);
    },
    240_000,
  );
});

/** By whom each action of cluster/cluster.yaml is needed. The lab has neither logs nor buckets. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  // Docker's log driver awslogs: docs.docker.com/engine/logging/drivers/awslogs
  WriteLogs: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  // The storage driver s3 of distribution: distribution.github.io/distribution/storage-drivers/s3
  ListImages: ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
  KeepImages: [
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
    's3:ListMultipartUploadParts',
    's3:AbortMultipartUpload',
  ],
};

it('the policy that the nodes of one cluster share allows what a log driver and a registry need, and on its own log group and bucket only', () => {
  const { Resources } = parse(readFileSync('cluster/cluster.yaml', 'utf8')) as {
    Resources: { NodePolicy: { Properties: { PolicyDocument: { Statement: Record<string, unknown>[] } } } };
  };
  const statements = Resources.NodePolicy.Properties.PolicyDocument.Statement.map(
    (one) => (one['Fn::If'] as [string, Record<string, unknown>] | undefined)?.[1] ?? one,
  );
  expect(Object.fromEntries(statements.map(({ Sid, Action }) => [Sid, Action]))).toEqual(NEEDED);
  expect(statements.map(({ Resource }) => JSON.stringify(Resource))).toEqual([
    '{"Fn::GetAtt":["LogGroup","Arn"]}',
    '{"Fn::GetAtt":["Bucket","Arn"]}',
    '{"Fn::Sub":"${Bucket.Arn}/*"}',
  ]);
});
