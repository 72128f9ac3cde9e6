import {
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DescribePoliciesCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateBackupCommand,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CancelCommandCommand,
  DescribeParametersCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  ListCommandsCommand,
  PutParameterCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { Credentials } from '../../../lab/aws/iam/access-keys.ts';
import { parseScenario } from '../../../lab/scenario/read.ts';
import { play } from '../../../lab/scenario/play.ts';
import { ScenarioRun } from '../../../lab/scenario/run.ts';
import { clientsOf, errorOf } from './services/clients.ts';
import type { Clients } from './services/clients.ts';

const PACKAGING_TIMEOUT = 120_000;
const SCENARIO = `
name: the endpoint
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 10m
`;

let run: ScenarioRun;
let clients: Clients;
let worker = '';

beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'endpoint'), { nodes: 'simulated' });
  await play(run);
  worker = [...run.lab.autoScaling.group('workers').members.keys()][0] ?? '';
  clients = clientsOf(run.lab.url);
}, PACKAGING_TIMEOUT);
afterAll(() => run.close());
beforeEach(() => {
  run.lab.endpoint.calls.clear();
});

const ofFunction = (name: string): Credentials =>
  run.lab.iam.keys.issue({ kind: 'function', name: `skep-dev-${name}` });

const TOKEN = '00000000-0000-4000-8000-000000000000';
const workers = { AutoScalingGroupName: 'workers' };
const launchHook = { ...workers, LifecycleHookName: 'skep-dev-launch' };

describe('Auto Scaling, as the SDK sees it', () => {
  it('groups by name and by tag', async () => {
    const { AutoScalingGroups: byName } = await clients.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['workers'] }),
    );
    const { AutoScalingGroups: byTag } = await clients.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ Filters: [{ Name: 'tag:skep:role', Values: ['manager'] }] }),
    );

    expect(byName).toMatchObject([
      {
        ...workers,
        DesiredCapacity: 1,
        Instances: [{ InstanceId: worker, LifecycleState: 'InService', ProtectedFromScaleIn: false }],
        Tags: expect.arrayContaining([expect.objectContaining({ Key: 'skep:cluster', Value: 'demo' })]),
      },
    ]);
    expect(byTag?.map(({ AutoScalingGroupName: name }) => name)).toEqual(['managers']);
  });

  it('what it does not know it leaves out, where AWS does', async () => {
    const { AutoScalingGroups: groups } = await clients.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['nobody'] }),
    );
    const { AutoScalingInstances: instances } = await clients.autoScaling.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: ['i-0000000000000dead', worker] }),
    );

    expect(groups).toEqual([]);
    expect(instances).toMatchObject([{ ...workers, InstanceId: worker }]);
  });

  it('hooks', async () => {
    const { LifecycleHooks: hooks } = await clients.autoScaling.send(
      new DescribeLifecycleHooksCommand({ ...workers, LifecycleHookNames: ['skep-dev-terminate'] }),
    );

    expect(hooks).toEqual([
      {
        ...workers,
        LifecycleHookName: 'skep-dev-terminate',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        NotificationMetadata: expect.stringContaining('"cluster":"demo"'),
        HeartbeatTimeout: 1800,
        GlobalTimeout: 172_800,
        DefaultResult: 'CONTINUE',
      },
    ]);
  });

  const result = { LifecycleActionResult: 'CONTINUE' };
  const ask = {
    'an action by token that nobody waits for': () =>
      clients.autoScaling.send(
        new CompleteLifecycleActionCommand({ ...launchHook, ...result, LifecycleActionToken: TOKEN }),
      ),
    'an action by instance that nobody waits for': () =>
      clients.autoScaling.send(new RecordLifecycleActionHeartbeatCommand({ ...launchHook, InstanceId: worker })),
    'a result that does not exist': () =>
      clients.autoScaling.send(new CompleteLifecycleActionCommand({ ...launchHook, LifecycleActionResult: 'MAYBE' })),
    'a group that does not exist': () =>
      clients.autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: 'nobody', DesiredCapacity: 1 })),
    'an instance that is in no group': () =>
      clients.autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: 'i-0', ShouldDecrementDesiredCapacity: true }),
      ),
  } as const;

  it.each([
    ['an action by token that nobody waits for', `No active Lifecycle Action found with token ${TOKEN}`],
    ['an action by instance that nobody waits for', 'No active Lifecycle Action found with instance ID'],
    ['a result that does not exist', "Value at 'lifecycleActionResult' failed to satisfy constraint"],
    ['a group that does not exist', 'AutoScalingGroup name not found'],
    ['an instance that is in no group', 'Instance Id not found'],
  ] as const)('%s: ValidationError, as AWS words it', async (what, message) => {
    await expect(ask[what]()).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('EC2, as the SDK sees it', () => {
  it('instances by filter; what it does not know is silently absent', async () => {
    const { Reservations: reservations } = await clients.ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'instance-id', Values: [worker, 'i-0000000000000dead'] },
          { Name: 'instance-state-name', Values: ['pending', 'running'] },
        ],
      }),
    );

    expect(reservations?.flatMap(({ Instances }) => Instances)).toMatchObject([
      { InstanceId: worker, State: { Name: 'running', Code: 16 }, LaunchTime: expect.any(Date) },
    ]);
  });

  it('by id, one that it does not know fails the whole call', async () => {
    const ask = new DescribeInstancesCommand({ InstanceIds: [worker, 'i-0000000000000dead'] });

    expect(await errorOf(clients.ec2.send(ask))).toBe('InvalidInstanceID.NotFound 400');
  });
});

describe('SSM, as the SDK sees it', () => {
  const parameters = {
    cluster: ['demo'],
    notAfter: ['1795000000'],
    executionTimeout: ['60'],
    instanceId: ['i-00000000'],
  };
  const leave = (changes: object = {}) =>
    new SendCommandCommand({
      InstanceIds: [worker],
      DocumentName: 'skep-dev-leave',
      Comment: 'by the test',
      Parameters: { ...parameters, waitUntil: ['1795000000'], depart: ['no'] },
      ...changes,
    });

  it('a command, from sending to its end', async () => {
    const { Command: sent } = await clients.ssm.send(leave());
    const ids = { CommandId: sent?.CommandId, InstanceId: worker };
    // For a moment SSM does not know it.
    await expect(clients.ssm.send(new GetCommandInvocationCommand(ids))).rejects.toMatchObject({
      name: 'InvocationDoesNotExist',
    });
    await run.lab.clock.advance(120_000);

    expect(await clients.ssm.send(new GetCommandInvocationCommand(ids))).toMatchObject({
      Status: expect.stringMatching(/Success|Failed/),
    });
    const { Commands: listed } = await clients.ssm.send(new ListCommandsCommand({ InstanceId: worker }));
    expect(listed?.[0]).toMatchObject({
      CommandId: sent?.CommandId,
      Comment: 'by the test',
      DocumentName: 'skep-dev-leave',
    });
  });

  it.each([
    ['an instance without an agent', { InstanceIds: ['i-0000000000000dead'] }, 'InvalidInstanceId 400'],
    ['a document of nobody', { DocumentName: 'AWS-RunShellScript' }, 'InvalidDocument 400'],
    [
      'a parameter that the document does not have',
      { Parameters: { ...parameters, more: ['x'] } },
      'InvalidParameters 400',
    ],
    [
      'a value that could be shell',
      { Parameters: { ...parameters, waitUntil: ['$(reboot)'], depart: ['no'] } },
      'InvalidParameters 400',
    ],
    ['a parameter too few', { Parameters: parameters }, 'InvalidParameters 400'],
    ['a comment of 101 characters', { Comment: 'x'.repeat(101) }, 'ValidationException 400'],
    ['a delivery timeout below 30 s', { TimeoutSeconds: 29 }, 'ValidationException 400'],
  ])('%s: %s', async (_what, changes, error) => {
    expect(await errorOf(clients.ssm.send(leave(changes)))).toBe(error);
  });

  it('an invocation that does not exist, a command that cannot be cancelled', async () => {
    const ids = { CommandId: TOKEN, InstanceId: worker };

    expect(await errorOf(clients.ssm.send(new GetCommandInvocationCommand(ids)))).toBe('InvocationDoesNotExist 400');
    expect(await errorOf(clients.ssm.send(new CancelCommandCommand({ CommandId: TOKEN })))).toBe(
      'InvalidCommandId 400',
    );
  });

  it('parameters: overwritten only on demand, decrypted only on demand, under a key that exists', async () => {
    const Name = '/skep/dev/demo/test';
    const put = (changes: object = {}) =>
      clients.ssm.send(new PutParameterCommand({ Name, Value: 'secret', Type: 'SecureString', ...changes }));
    const get = (WithDecryption: boolean) => clients.ssm.send(new GetParameterCommand({ Name, WithDecryption }));
    expect(await errorOf(get(true))).toBe('ParameterNotFound 400');
    expect(await errorOf(put({ KeyId: 'arn:aws:kms:eu-west-1:123456789012:key/nobody' }))).toMatch(/^InvalidKeyId/);
    await put();

    expect(await errorOf(put())).toBe('ParameterAlreadyExists 400');
    expect(await put({ Value: 'new', Overwrite: true })).toMatchObject({ Version: 2 });
    expect((await get(true)).Parameter).toMatchObject({ Value: 'new', Type: 'SecureString' });
    expect((await get(false)).Parameter?.Value).not.toContain('new');
  });
});

describe('Step Functions, as the SDK sees it', () => {
  it('an execution, once by its name', async () => {
    const { stateMachines = [] } = await clients.sfn.send(new ListStateMachinesCommand({}));
    const tidy = stateMachines.find(({ name }) => name === 'skep-dev-tidy')?.stateMachineArn;
    const start = (name: string, input: string) =>
      clients.sfn.send(new StartExecutionCommand({ stateMachineArn: tidy, name, input }));
    const { executionArn } = await start('once', '{"cluster":"demo"}');
    expect(await start('once', '{"cluster":"demo"}')).toMatchObject({ executionArn });
    expect(await errorOf(start('once', '{"cluster":"other"}'))).toBe('ExecutionAlreadyExists 400');
    await run.lab.runUntilIdle(600_000);

    expect(await clients.sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      input: '{"cluster":"demo"}',
      startDate: expect.any(Date),
    });
    expect(await errorOf(start('once', '{"cluster":"demo"}'))).toBe('ExecutionAlreadyExists 400');
    expect(await errorOf(start('twice', 'no json'))).toBe('InvalidExecutionInput 400');
  });

  it('one that is stopped is ABORTED, and listed so', async () => {
    const { stateMachines = [] } = await clients.sfn.send(new ListStateMachinesCommand({}));
    const tidy = stateMachines.find(({ name }) => name === 'skep-dev-tidy')?.stateMachineArn;
    const { executionArn } = await clients.sfn.send(
      new StartExecutionCommand({ stateMachineArn: tidy, input: '{"cluster":"demo"}' }),
    );
    await clients.sfn.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
    const { executions } = await clients.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: tidy, statusFilter: 'ABORTED' }),
    );

    expect(executions?.map((one) => one.executionArn)).toEqual([executionArn]);
    await run.lab.runUntilIdle(600_000);
  });

  it('what does not exist, and tokens that nobody waits for', async () => {
    const nobody = 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-tidy:nobody';
    const machine = nobody.replace('execution', 'stateMachine');

    expect(await errorOf(clients.sfn.send(new DescribeExecutionCommand({ executionArn: nobody })))).toBe(
      'ExecutionDoesNotExist 400',
    );
    expect(await errorOf(clients.sfn.send(new StartExecutionCommand({ stateMachineArn: machine })))).toBe(
      'StateMachineDoesNotExist 400',
    );
    expect(await errorOf(clients.sfn.send(new SendTaskSuccessCommand({ taskToken: 't', output: '{}' })))).toBe(
      'InvalidToken 400',
    );
    expect(await errorOf(clients.sfn.send(new SendTaskFailureCommand({ taskToken: 't' })))).toBe('InvalidToken 400');
  });
});

describe('what the lab does not know', () => {
  it.each([
    ['Auto Scaling', 'InvalidAction', () => clients.autoScaling.send(new DescribePoliciesCommand({}))],
    ['EC2', 'InvalidAction', () => clients.ec2.send(new DescribeVolumesCommand({}))],
    ['SSM', 'UnknownOperationException', () => clients.ssm.send(new DescribeParametersCommand({}))],
    [
      'DynamoDB',
      'UnknownOperationException',
      () => clients.dynamodb.send(new CreateBackupCommand({ TableName: 't', BackupName: 'bbb' })),
    ],
  ])('%s: refused loudly, with %s', async (_service, code, call) => {
    expect(await errorOf(call())).toBe(`${code} 400`);
  });

  it.each([
    ['a body that is no JSON', { 'x-amz-target': 'AmazonSSM.SendCommand' }, 'no json'],
    ['no operation at all', {}, ''],
  ])('%s: an error, not a crash', async (_what, headers, body) => {
    const response = await fetch(run.lab.url, { method: 'POST', headers, body });

    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await clients.dynamodb.send(new GetItemCommand(item))).toHaveProperty('$metadata.httpStatusCode', 200);
  });
});

const item = { TableName: 'skep-dev', Key: { pk: { S: 'TEST' }, sk: { S: 'TEST' } } };
const other = { ...item, Key: { ...item.Key, sk: { S: 'OTHER' } } };
const put = new PutItemCommand({ TableName: 'skep-dev', Item: { ...item.Key, seen: { BOOL: true } } });

describe('calls', () => {
  it("are counted where skep's functions and machines make them, and nobody else's", async () => {
    const { keys } = run.lab.iam;
    for (const caller of [
      { kind: 'function', name: 'skep-dev-command' },
      { kind: 'machine', name: 'skep-dev-scale-out' },
      { kind: 'instance', name: worker },
    ] as const) {
      const { autoScaling } = clientsOf(run.lab.url, keys.issue(caller));
      await errorOf(autoScaling.send(new DescribeAutoScalingGroupsCommand({})));
    }
    await clients.autoScaling.send(new DescribeAutoScalingGroupsCommand({}));

    expect([...run.lab.endpoint.calls]).toEqual([['autoscaling.DescribeAutoScalingGroups', 2]]);
  });

  it.each([
    ['throttle', 'ThrottlingException 400', false],
    ['fail', 'InternalFailure 500', false],
    ['lose-answer', 'ServiceUnavailable 503', true],
  ] as const)(
    'the fault %s: %s, carried out: %s; and only as often as asked, and for nobody who looks on',
    async (effect, error, done) => {
      const { dynamodb } = clientsOf(run.lab.url, ofFunction('command'));
      await run.lab.endpoint.call('dynamodb', 'DeleteItem', item, { kind: 'person', name: 'test' });
      run.lab.endpoint.faults.push({ operation: 'dynamodb.PutItem', effect, times: 1 });

      expect(await errorOf(clients.dynamodb.send(new GetItemCommand(item)))).toBe('none');
      expect(await errorOf(dynamodb.send(put))).toBe(error);
      expect((await clients.dynamodb.send(new GetItemCommand(item))).Item !== undefined).toBe(done);
      expect(await errorOf(dynamodb.send(put))).toBe('none');
    },
  );

  it.each([
    [
      'TransactWriteItems',
      () => new TransactWriteItemsCommand({ TransactItems: [{ Put: put.input }, { Delete: other }] }),
      {
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
      },
    ],
    ['PutItem', () => put, { name: 'TransactionConflictException' }],
  ] as const)('the fault conflict: %s is refused, as if a transaction were at the item', async (name, call, error) => {
    const { dynamodb } = clientsOf(run.lab.url, ofFunction('command'));
    run.lab.endpoint.faults.push({ operation: `dynamodb.${name}`, effect: 'conflict', times: 1 });

    await expect(dynamodb.send(call() as PutItemCommand)).rejects.toMatchObject(error);
    expect(await errorOf(dynamodb.send(call() as PutItemCommand))).toBe('none');
  });

  it('Auto Scaling words its throttling otherwise', async () => {
    run.lab.endpoint.faults.push({ operation: 'autoscaling.DescribeAutoScalingGroups', effect: 'throttle', times: 1 });
    const { autoScaling } = clientsOf(run.lab.url, ofFunction('command'));

    expect(await errorOf(autoScaling.send(new DescribeAutoScalingGroupsCommand({})))).toBe('Throttling 400');
  });
});
