// The real `aws` command deploys the templates of cluster/ to a lab that is served: a group whose nodes become Ready, and one that fails.
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { ServedLab } from './support/served-lab.ts';

const TEMPLATE = fileURLToPath(new URL('../../cluster/group.yaml', import.meta.url));
const PARAMETERS = {
  Cluster: 'demo',
  Role: 'worker',
  SubnetIds: 'subnet-0a1b2c3d4e5f6071a,subnet-0a1b2c3d4e5f6071b',
  SecurityGroupIds: 'sg-0a1b2c3d4e5f60718',
  ImageId: 'ami-0123456789abcdef0',
  InstanceType: 't3.small',
  MinSize: '1',
  MaxSize: '2',
};
const MINUTES = 60_000;

const stacks = z.object({
  Stacks: z.array(
    z.object({
      StackStatus: z.string(),
      Outputs: z.array(z.object({ OutputKey: z.string(), OutputValue: z.string() })).default([]),
    }),
  ),
});
const events = z.object({
  StackEvents: z.array(
    z.object({
      LogicalResourceId: z.string(),
      ResourceStatus: z.string(),
      ResourceStatusReason: z.string().optional(),
      Timestamp: z.iso.datetime({ offset: true }),
    }),
  ),
});

describe('aws cloudformation deploy', () => {
  let lab: ServedLab;

  const ok = async <T>(shape: z.ZodType<T>, ...args: readonly string[]): Promise<T> => {
    const { code, stdout, stderr } = await lab.aws(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return shape.parse(JSON.parse(stdout));
  };
  const deploy = (stack: string, changes: Readonly<Record<string, string>> = {}) =>
    lab.aws(
      ...['cloudformation', 'deploy', '--stack-name', stack, '--template-file', TEMPLATE],
      ...['--capabilities', 'CAPABILITY_IAM', '--parameter-overrides'],
      ...Object.entries({ ...PARAMETERS, ...changes }).map(([key, value]) => `${key}=${value}`),
    );
  const failures = async (stack: string): Promise<(string | undefined)[]> => {
    const { StackEvents } = await ok(events, 'cloudformation', 'describe-stack-events', '--stack-name', stack);
    return StackEvents.filter(({ ResourceStatus: status }) => status.endsWith('_FAILED')).map(
      ({ ResourceStatusReason: reason }) => reason,
    );
  };

  beforeAll(async () => {
    lab = await ServedLab.open();
  }, 4 * MINUTES);

  afterAll(() => lab.close(), MINUTES);

  it(
    'adds a group of workers, whose nodes are Ready when it ends; again there is nothing to do',
    async () => {
      const { code, stdout } = await deploy('demo-batch');
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringContaining('Successfully created/updated stack'),
      });

      const [stack] = (await ok(stacks, 'cloudformation', 'describe-stacks', '--stack-name', 'demo-batch')).Stacks;
      const group = stack?.Outputs.find(({ OutputKey }) => OutputKey === 'GroupName')?.OutputValue ?? '';
      const seen = await ok(
        z.object({
          AutoScalingGroups: z.array(
            z.object({ Instances: z.array(z.object({ InstanceId: z.string(), LifecycleState: z.string() })) }),
          ),
        }),
        ...['autoscaling', 'describe-auto-scaling-groups', '--auto-scaling-group-names', group],
      );
      const [instance] = seen.AutoScalingGroups[0]?.Instances ?? [];
      expect(instance).toMatchObject({ LifecycleState: 'InService' });

      const executions = await ok(
        z.object({ executions: z.array(z.object({ executionArn: z.string() })) }),
        ...['stepfunctions', 'list-executions', '--status-filter', 'SUCCEEDED', '--state-machine-arn'],
        'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-scale-out',
      );
      const outputs = await Promise.all(
        executions.executions.map(({ executionArn }) =>
          ok(z.object({ output: z.string() }), 'stepfunctions', 'describe-execution', '--execution-arn', executionArn),
        ),
      );
      expect(outputs.map(({ output }) => output)).toContain(`"join ${instance?.InstanceId ?? ''} to demo"`);

      const again = await deploy('demo-batch');
      expect(again).toEqual({ code: 0, stdout: expect.stringContaining('No changes to deploy'), stderr: '' });
    },
    9 * MINUTES,
  );

  it(
    'rolls back where a parameter is broken, and says why; the stack then has to be deleted',
    async () => {
      const { code, stderr } = await deploy('demo-broken', { MinSize: '3' });
      expect({ code, stderr }).toEqual({
        code: 255,
        stderr: expect.stringContaining('Failed to create/update the stack'),
      });
      expect(await failures('demo-broken')).toEqual([
        expect.stringContaining('Max bound, 2, must be greater than or equal to min bound, 3'),
      ]);
      expect((await deploy('demo-broken')).stderr).toContain('is in ROLLBACK_COMPLETE state and can not be updated');
      expect(await lab.aws('cloudformation', 'delete-stack', '--stack-name', 'demo-broken')).toMatchObject({ code: 0 });
      const wait = ['cloudformation', 'wait', 'stack-delete-complete', '--stack-name', 'demo-broken'];
      expect(await lab.aws(...wait)).toEqual({ code: 0, stdout: '', stderr: '' });
    },
    6 * MINUTES,
  );

  it('is refused at once what the template does not allow', async () => {
    const { code, stderr } = await deploy('demo-never', { Role: 'boss' });
    expect({ code, stderr }).toEqual({
      code: 254,
      // Some versions of the command say in between how often they tried.
      stderr: expect.stringMatching(
        /\(ValidationError\) when calling the CreateChangeSet operation.*: Parameter 'Role' must be one of AllowedValues/,
      ),
    });
  });
});

describe('lab serve --empty', () => {
  let lab: ServedLab;

  beforeAll(async () => {
    lab = await ServedLab.open('--empty');
  }, 4 * MINUTES);

  afterAll(() => lab.close(), MINUTES);

  it('is an account with the service and nothing else', async () => {
    const names = ['cloudformation', 'list-stacks', '--query', 'StackSummaries[].StackName'];
    const groups = ['autoscaling', 'describe-auto-scaling-groups', '--query', 'AutoScalingGroups'];
    expect(
      [await lab.aws(...names), await lab.aws(...groups)].map(({ stdout }) => JSON.parse(stdout) as unknown),
    ).toEqual([['skep-dev'], []]);
  });
});
