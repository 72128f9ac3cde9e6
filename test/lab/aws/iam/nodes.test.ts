// The credentials of instances, taken from their metadata, tried against all that they must not do.
import {
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { GetItemCommand, PutItemCommand, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { SendTaskSuccessCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import {
  GetCommandInvocationCommand,
  GetParameterCommand,
  ListCommandsCommand,
  PutParameterCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { Credentials } from '../../../../lab/aws/iam/access-keys.ts';
import { parseScenario } from '../../../../lab/scenario/read.ts';
import { play } from '../../../../lab/scenario/play.ts';
import { ScenarioRun } from '../../../../lab/scenario/run.ts';
import { clientsOf, errorOf } from '../services/clients.ts';
import type { Clients } from '../services/clients.ts';

const SCENARIO = `
name: what nodes may do
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
  strangers: { role: worker, desired: 1, instanceRole: { tags: { skep:cluster: other, skep:role: manager } } }
  untagged: { role: worker, desired: 1, instanceRole: { tags: {} } }
steps:
  - advance: 10m
`;
const PACKAGING_TIMEOUT = 120_000;

let run: ScenarioRun;
let person: Clients;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'nodes'), { nodes: 'simulated' });
  await play(run);
  person = clientsOf(run.lab.url);
}, PACKAGING_TIMEOUT);
afterAll(() => run.close());
beforeEach(() => {
  run.lab.iam.denials.length = 0;
});

const instanceOf = (group: string): string => [...run.lab.autoScaling.group(group).members.keys()][0] ?? '';

/** As anything that runs on the instance can have them. */
async function credentialsOf(group: string): Promise<Credentials> {
  const root = 'http://169.254.169.254/latest';
  const ask = async (path: string, init: RequestInit): Promise<string> =>
    (await run.lab.metadata(instanceOf(group), new Request(`${root}/${path}`, init))).text();
  const token = await ask('api/token', { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } });
  const headers = { 'x-aws-ec2-metadata-token': token };
  const roles = 'meta-data/iam/security-credentials/';
  const role = await ask(roles, { headers });
  const given = JSON.parse(await ask(`${roles}${role}`, { headers })) as Record<string, string>;
  return {
    accessKeyId: given['AccessKeyId'] ?? '',
    secretAccessKey: given['SecretAccessKey'] ?? '',
    sessionToken: given['Token'] ?? '',
  };
}
const nodeOf = async (group: string): Promise<Clients> => clientsOf(run.lab.url, await credentialsOf(group));

const tokenOf = (role: string, cluster = 'demo') => ({
  Name: `/skep/dev/${cluster}/join-token/${role}`,
  WithDecryption: true,
});
const key = { pk: { S: 'CLUSTER#demo' }, sk: { S: 'STATE' } };
const table = { TableName: 'skep-dev' };
const workers = { AutoScalingGroupName: 'workers' };
const machine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-scale-in';
const hook = { ...workers, LifecycleHookName: 'skep-dev-launch' };
const own = () => ({ InstanceId: instanceOf('workers') });

const FORBIDDEN: Readonly<Record<string, (node: Clients) => Promise<unknown>>> = {
  'read the manager token': ({ ssm }) => ssm.send(new GetParameterCommand(tokenOf('manager'))),
  'publish a token': ({ ssm }) =>
    ssm.send(new PutParameterCommand({ Name: tokenOf('worker').Name, Value: 'x', Overwrite: true })),
  'send a command of skep': ({ ssm }) =>
    ssm.send(new SendCommandCommand({ InstanceIds: [instanceOf('managers')], DocumentName: 'skep-dev-forget' })),
  'send a shell command': ({ ssm }) =>
    ssm.send(new SendCommandCommand({ InstanceIds: [instanceOf('managers')], DocumentName: 'AWS-RunShellScript' })),
  'list commands': ({ ssm }) => ssm.send(new ListCommandsCommand({})),
  'read what a command printed': ({ ssm }) =>
    ssm.send(new GetCommandInvocationCommand({ ...own(), CommandId: '00000000-0000-4000-8000-000000000000' })),
  'complete a hook': ({ autoScaling }) =>
    autoScaling.send(new CompleteLifecycleActionCommand({ ...hook, ...own(), LifecycleActionResult: 'CONTINUE' })),
  'keep a hook alive': ({ autoScaling }) =>
    autoScaling.send(new RecordLifecycleActionHeartbeatCommand({ ...hook, ...own() })),
  'scale its group': ({ autoScaling }) =>
    autoScaling.send(new SetDesiredCapacityCommand({ ...workers, DesiredCapacity: 9 })),
  'terminate through its group': ({ autoScaling }) =>
    autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({ ...own(), ShouldDecrementDesiredCapacity: true }),
    ),
  'see groups': ({ autoScaling }) => autoScaling.send(new DescribeAutoScalingGroupsCommand({})),
  'terminate an instance': ({ ec2 }) =>
    ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceOf('managers')] })),
  'see instances': ({ ec2 }) => ec2.send(new DescribeInstancesCommand({})),
  'write the table': ({ dynamodb }) => dynamodb.send(new PutItemCommand({ ...table, Item: key })),
  'write it in a transaction': ({ dynamodb }) =>
    dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ Delete: { ...table, Key: key } }] })),
  'read the table': ({ dynamodb }) => dynamodb.send(new GetItemCommand({ ...table, Key: key })),
  'query the table': ({ dynamodb }) =>
    dynamodb.send(
      new QueryCommand({ ...table, KeyConditionExpression: 'pk = :c', ExpressionAttributeValues: { ':c': key.pk } }),
    ),
  'start a machine': ({ sfn }) => sfn.send(new StartExecutionCommand({ stateMachineArn: machine })),
  'stop an execution': ({ sfn }) =>
    sfn.send(new StopExecutionCommand({ executionArn: `${machine.replace('stateMachine', 'execution')}:a` })),
  'end a wait': ({ sfn }) => sfn.send(new SendTaskSuccessCommand({ taskToken: 'token', output: '{}' })),
};

describe('a worker, with the credentials of its instance metadata', () => {
  it('is the role of its instance', async () => {
    const { accessKeyId, sessionToken } = await credentialsOf('workers');

    expect(accessKeyId).toMatch(/^ASIA[0-9A-F]{16}$/);
    expect(run.lab.iam.callerOf(accessKeyId, sessionToken ?? null)).toEqual({
      kind: 'instance',
      name: instanceOf('workers'),
    });
  });

  it('reads its own join token', async () => {
    const { ssm } = await nodeOf('workers');

    const { Parameter: parameter } = await ssm.send(new GetParameterCommand(tokenOf('worker')));

    expect(parameter?.Value).toMatch(/^SWMTKN-1-/);
  });

  it.each(Object.keys(FORBIDDEN))('may not %s', async (what) => {
    const before = await person.dynamodb.send(new GetItemCommand({ ...table, Key: key }));

    const error = await errorOf(FORBIDDEN[what]?.(await nodeOf('workers')) ?? Promise.resolve());

    expect(error).toMatch(/^(AccessDeniedException 400|AccessDenied 403|UnauthorizedOperation 403)$/);
    expect(run.lab.iam.denials).toHaveLength(1);
    expect((await person.dynamodb.send(new GetItemCommand({ ...table, Key: key }))).Item).toEqual(before.Item);
  });

  it('is told in AWS’s words', async () => {
    const { ssm } = await nodeOf('workers');

    await expect(ssm.send(new ListCommandsCommand({}))).rejects.toThrow(
      `User: arn:aws:sts::123456789012:assumed-role/skep-workers/${instanceOf('workers')} is not authorized to perform: ` +
        'ssm:ListCommands on resource: arn:aws:ssm:eu-west-1:123456789012:* because no identity-based policy allows the ' +
        'ssm:ListCommands action',
    );
  });

  it('is stopped at the manager token by the key: AmazonSSMManagedInstanceCore lets it read every parameter', async () => {
    const { ssm } = await nodeOf('workers');
    const encrypted = await ssm.send(new GetParameterCommand({ ...tokenOf('manager'), WithDecryption: false }));

    await expect(ssm.send(new GetParameterCommand(tokenOf('manager')))).rejects.toThrow('kms:Decrypt');
    expect(encrypted.Parameter?.Value).not.toContain('SWMTKN');
  });
});

describe('a manager', () => {
  it('reads its own join token, and publishes both of its cluster', async () => {
    const { ssm } = await nodeOf('managers');
    const KeyId = run.lab.stack.keys[0]?.arn;
    const { Parameter: parameter } = await ssm.send(new GetParameterCommand(tokenOf('manager')));
    const put = (name: string) =>
      ssm.send(
        new PutParameterCommand({ Name: name, Value: parameter?.Value, Type: 'SecureString', KeyId, Overwrite: true }),
      );

    expect(await errorOf(put(tokenOf('manager').Name))).toBe('none');
    expect(await errorOf(put(tokenOf('worker').Name))).toBe('none');
    expect(await errorOf(put(tokenOf('worker', 'other').Name))).toBe('AccessDeniedException 400');
  });

  it.each([
    ['no key, so under the default one', {}],
    ['the alias of the default key', { KeyId: 'alias/aws/ssm' }],
  ])('publishes no token under %s', async (_, key) => {
    const { ssm } = await nodeOf('managers');
    const { Name } = tokenOf('worker');
    const put = new PutParameterCommand({ Name, Value: 'x', Type: 'SecureString', Overwrite: true, ...key });

    await expect(ssm.send(put)).rejects.toThrow(/kms:Encrypt .* with an explicit deny in an identity-based policy/);
  });

  it.each(Object.keys(FORBIDDEN).filter((what) => !/token/.test(what)))('may not %s', async (what) => {
    expect(await errorOf(FORBIDDEN[what]?.(await nodeOf('managers')) ?? Promise.resolve())).toMatch(
      /^(AccessDeniedException 400|AccessDenied 403|UnauthorizedOperation 403)$/,
    );
  });
});

describe.each([
  ['a node of another cluster', 'strangers'],
  ['a node whose role has no tags', 'untagged'],
])('%s', (_, group) => {
  it.each(['worker', 'manager'])('may not read the %s token', async (role) => {
    const { ssm } = await nodeOf(group);

    expect(await errorOf(ssm.send(new GetParameterCommand(tokenOf(role))))).toBe('AccessDeniedException 400');
  });
});

describe('a key that nobody was given', () => {
  const unknown = { accessKeyId: 'ASIA0000000000000000', secretAccessKey: 'x', sessionToken: 'x' };

  it('is refused by each protocol in its own words', async () => {
    const clients = clientsOf(run.lab.url, unknown);

    expect(await errorOf(clients.ssm.send(new ListCommandsCommand({})))).toBe('UnrecognizedClientException 400');
    expect(await errorOf(clients.autoScaling.send(new DescribeAutoScalingGroupsCommand({})))).toBe(
      'InvalidClientTokenId 403',
    );
    expect(await errorOf(clients.ec2.send(new DescribeInstancesCommand({})))).toBe('AuthFailure 401');
  });

  it('so is one without its session token', async () => {
    const { accessKeyId, secretAccessKey } = await credentialsOf('workers');
    const { ssm } = clientsOf(run.lab.url, { accessKeyId, secretAccessKey });

    expect(await errorOf(ssm.send(new GetParameterCommand(tokenOf('worker'))))).toBe('UnrecognizedClientException 400');
  });
});
