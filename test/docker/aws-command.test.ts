// The real `aws` command against a lab that is served: what reads our wire formats is not ours.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { until } from './support/bench.ts';
import { ServedLab } from './support/served-lab.ts';

const ACCOUNT = '123456789012';
const INSTANCE = /^i-[0-9a-f]{17}$/;

const groupSchema = z.object({
  AutoScalingGroups: z.array(
    z.object({
      AutoScalingGroupName: z.string(),
      AutoScalingGroupARN: z.string().startsWith(`arn:aws:autoscaling:eu-west-1:${ACCOUNT}:autoScalingGroup:`),
      DesiredCapacity: z.number(),
      MinSize: z.number(),
      CreatedTime: z.iso.datetime({ offset: true }),
      Instances: z.array(
        z.object({ InstanceId: z.string(), LifecycleState: z.string(), ProtectedFromScaleIn: z.boolean() }),
      ),
      Tags: z.array(z.object({ Key: z.string(), Value: z.string(), PropagateAtLaunch: z.literal(true) })),
    }),
  ),
});

describe('the aws command', () => {
  let lab: ServedLab;

  const ok = async <T>(schema: z.ZodType<T>, ...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await lab.aws(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return schema.parse(JSON.parse(stdout));
  };
  const group = async (name: string) => {
    const args = ['autoscaling', 'describe-auto-scaling-groups', '--auto-scaling-group-names', name];
    const { AutoScalingGroups: groups } = await ok(groupSchema, ...args);
    expect(groups.map((one) => one.AutoScalingGroupName)).toEqual([name]);
    return groups[0];
  };
  const inService = async (name: string, count: number): Promise<string[]> => {
    const seen = await until(
      () => group(name),
      (one) => one?.Instances.filter(({ LifecycleState }) => LifecycleState === 'InService').length === count,
      60_000,
    );
    return (seen?.Instances ?? []).map(({ InstanceId }) => InstanceId);
  };

  beforeAll(async () => {
    lab = await ServedLab.open();
    await inService('managers', 3);
  });

  afterAll(() => lab.close(), 60_000);

  it('is told who it is', async () => {
    const identity = z.object({ UserId: z.string(), Account: z.string(), Arn: z.string() });
    expect(await ok(identity, 'sts', 'get-caller-identity')).toEqual({
      UserId: 'lab',
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/lab`,
    });
  });

  it('scales a group, and sees instances come', async () => {
    const workers = await inService('workers', 2);
    expect(await group('workers')).toMatchObject({
      DesiredCapacity: 2,
      Tags: [
        { Key: 'skep:cluster', Value: 'demo' },
        { Key: 'skep:role', Value: 'worker' },
      ],
    });
    const scale = ['--auto-scaling-group-name', 'workers', '--desired-capacity', '3'];
    const scaled = await lab.aws('autoscaling', 'set-desired-capacity', ...scale);
    expect(scaled).toEqual({ code: 0, stdout: '', stderr: '' });
    const grown = await inService('workers', 3);
    expect(grown).toEqual(expect.arrayContaining(workers));
  });

  it('sees the instances of EC2 by id and by filter', async () => {
    const reservations = z.object({
      Reservations: z.array(
        z.object({
          Instances: z.array(
            z.object({
              InstanceId: z.string().regex(INSTANCE),
              PrivateIpAddress: z.ipv4(),
              State: z.object({ Code: z.literal(16), Name: z.literal('running') }),
              Placement: z.object({ AvailabilityZone: z.string().startsWith('eu-west-1') }),
              LaunchTime: z.iso.datetime({ offset: true }),
              Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).min(1),
            }),
          ),
        }),
      ),
    });
    const ids = async (...args: string[]): Promise<string[]> => {
      const seen = await ok(reservations, 'ec2', 'describe-instances', ...args);
      return seen.Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId)).toSorted();
    };
    const workers = (await inService('workers', 3)).toSorted();
    expect(await ids('--instance-ids', ...workers)).toEqual(workers);
    const tagged = ['Name=tag:skep:role,Values=worker', 'Name=instance-state-name,Values=running,pending'];
    expect(await ids('--filters', ...tagged)).toEqual(workers);
    const unknown = await lab.aws('ec2', 'describe-instances', '--instance-ids', 'i-0123456789abcdef0');
    expect(unknown.stderr).toContain('(InvalidInstanceID.NotFound) when calling the DescribeInstances operation');
  });

  it('sends a command, and reads what it printed', async () => {
    const [manager = ''] = await inService('managers', 3);
    const parameters = {
      cluster: ['demo'],
      notAfter: ['99999999999'],
      executionTimeout: ['60'],
      offset: ['0'],
    };
    const sent = await ok(
      z.object({ Command: z.object({ CommandId: z.guid(), RequestedDateTime: z.iso.datetime({ offset: true }) }) }),
      ...['ssm', 'send-command', '--document-name', 'skep-dev-inspect', '--instance-ids', manager],
      ...['--parameters', JSON.stringify(parameters), '--comment', 'by hand'],
    );
    const invocation = z.object({
      Status: z.string(),
      ResponseCode: z.number(),
      Comment: z.string(),
      StandardOutputContent: z.string(),
    });
    const ask = ['--command-id', sent.Command.CommandId, '--instance-id', manager];
    const look = async (): Promise<z.infer<typeof invocation> | undefined> => {
      // For a moment SSM does not know the invocation of a command that it has taken.
      const { stderr } = await lab.aws('ssm', 'get-command-invocation', ...ask);
      return stderr.includes('(InvocationDoesNotExist)')
        ? undefined
        : ok(invocation, 'ssm', 'get-command-invocation', ...ask);
    };
    const ended = await until(look, (one) => one !== undefined && !['Pending', 'InProgress'].includes(one.Status));
    expect(ended).toMatchObject({ Status: 'Success', ResponseCode: 0, Comment: 'by hand' });
    expect(JSON.parse(ended?.StandardOutputContent ?? '')).toMatchObject({ total: 6, offset: 0 });
    const refused = await lab.aws(
      'ssm',
      'send-command',
      '--document-name',
      'AWS-RunShellScript',
      '--instance-ids',
      manager,
    );
    expect(refused.stderr).toContain('(InvalidDocument) when calling the SendCommand operation');
  });

  it('lists executions', async () => {
    const machines = z.object({ stateMachines: z.array(z.object({ name: z.string(), stateMachineArn: z.string() })) });
    const { stateMachines } = await ok(machines, 'stepfunctions', 'list-state-machines');
    const scaleOut = stateMachines.find(({ name }) => name === 'skep-dev-scale-out');
    const executions = z.object({
      executions: z.array(
        z.object({ status: z.string(), startDate: z.iso.datetime({ offset: true }), executionArn: z.string() }),
      ),
    });
    const args = ['--state-machine-arn', scaleOut?.stateMachineArn ?? '', '--status-filter', 'SUCCEEDED'];
    const seen = await ok(executions, 'stepfunctions', 'list-executions', ...args);
    expect(seen.executions).toHaveLength(6);
    const one = ['--execution-arn', seen.executions[0]?.executionArn ?? ''];
    const described = await ok(
      z.object({ status: z.literal('SUCCEEDED'), output: z.string() }),
      ...['stepfunctions', 'describe-execution', ...one],
    );
    expect(JSON.parse(described.output)).toMatch(/^join i-[0-9a-f]{17} to demo$/);
  });

  it('reads the table', async () => {
    const item = z.object({ sk: z.object({ S: z.string() }) }).loose();
    const { Items: items } = await ok(
      z.object({ Items: z.array(item), Count: z.number() }),
      ...['dynamodb', 'query', '--table-name', 'skep-dev', '--key-condition-expression', 'pk = :cluster'],
      ...['--expression-attribute-values', '{":cluster":{"S":"CLUSTER#demo"}}'],
    );
    const keys = items.map(({ sk }) => sk.S);
    expect(keys).toEqual(expect.arrayContaining(['STATE', 'LEADER', 'FOUNDER', 'CONFIG']));
    expect(keys.filter((key) => key.startsWith('NODE#'))).toHaveLength(6);
  });

  it.each([
    ['ec2', ['ec2', 'describe-vpcs'], 'the lab does not know ec2:DescribeVpcs'],
    ['autoscaling', ['autoscaling', 'describe-policies'], 'the lab does not know autoscaling:DescribePolicies'],
    ['ssm', ['ssm', 'list-documents'], 'the lab does not know ssm:ListDocuments'],
    ['stepfunctions', ['stepfunctions', 'list-activities'], 'the lab does not know states:ListActivities'],
    ['sts', ['sts', 'get-session-token'], 'the lab does not know sts:GetSessionToken'],
    ['lambda', ['lambda', 'list-functions'], 'the lab does not know lambda:GET /2015-03-31/functions/'],
    ['dynamodb', ['dynamodb', 'list-backups'], 'the lab does not know dynamodb:ListBackups'],
  ])('is refused an operation of %s that the lab does not know, and told which', async (_service, args, message) => {
    const { code, stderr } = await lab.aws(...args);
    expect({ code, stderr }).toEqual({ code: 254, stderr: expect.stringContaining(message) });
  });
});
