// The roles: each function and machine has its own, and each may do what it does and no more.
import { beforeAll, describe, expect, it } from '@jest/globals';

import type { Json, JsonObject, PolicyStatement, Stack, StackStateMachine } from '../../lab/aws/stack/stack.ts';
import { actionsOf, list, packaged, PACKAGING_TIMEOUT, roleOf } from './packaged.ts';

let stack: Stack;
beforeAll(async () => {
  ({ stack } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

/** Actions that IAM can only allow on everything, or on nothing. */
const WITHOUT_RESOURCE: readonly (readonly [action: string, reason: string])[] = [
  ['autoscaling:DescribeAutoScalingGroups', 'Auto Scaling knows no resource for any of its Describe actions'],
  ['autoscaling:DescribeAutoScalingInstances', 'as above'],
  ['autoscaling:DescribeLifecycleHooks', 'as above'],
  ['ec2:DescribeInstances', 'EC2 knows no resource for it'],
  ['ec2:DescribeInstanceStatus', 'as above'],
  ['ssm:GetCommandInvocation', 'a command has no ARN'],
  ['ssm:ListCommands', 'a command has no ARN'],
  ['ssm:CancelCommand', 'a command has no ARN'],
  ['states:SendTaskSuccess', 'the task token names the task, and has no ARN'],
  ['states:SendTaskFailure', 'the task token names the task, and has no ARN'],
  [
    'logs:CreateLogDelivery',
    'log deliveries have no ARN; Step Functions sets up its logging with the role of the machine',
  ],
  ['logs:GetLogDelivery', 'as above'],
  ['logs:UpdateLogDelivery', 'as above'],
  ['logs:DeleteLogDelivery', 'as above'],
  ['logs:ListLogDeliveries', 'as above'],
  ['logs:PutResourcePolicy', 'resource policies of CloudWatch Logs have no ARN'],
  ['logs:DescribeResourcePolicies', 'as above'],
  ['logs:DescribeLogGroups', 'lists all groups or none'],
];

/** Every statement of a role, with the name of its owner for the messages. */
function statements(): readonly { readonly owner: string; readonly statement: PolicyStatement }[] {
  return [
    ...stack.roles.flatMap(({ logicalId, policies }) =>
      policies.flatMap(({ document }) => document.Statement.map((statement) => ({ owner: logicalId, statement }))),
    ),
    ...stack.managedPolicies.flatMap(({ logicalId, document }) =>
      document.Statement.map((statement) => ({ owner: logicalId, statement })),
    ),
  ];
}

const label = ({ owner, statement }: { owner: string; statement: PolicyStatement }): string =>
  `${owner}: ${statement.Sid ?? 'no Sid'}`;

describe('the roles', () => {
  it('are skep’s own: none was made up by the framework or by a plugin', () => {
    expect(stack.roles.map(({ logicalId }) => logicalId).sort()).toEqual([
      'ClaimFunctionRole',
      'CommandDoneFunctionRole',
      'CommandFunctionRole',
      'DnsFunctionRole',
      'RebalanceFunctionRole',
      'RebalanceMachineRole',
      'RecoverFunctionRole',
      'RecoverMachineRole',
      'RotateTokensMachineRole',
      'RuleRole',
      'ScaleInMachineRole',
      'ScaleOutMachineRole',
      'SettleFunctionRole',
      'TidyFunctionRole',
      'TidyMachineRole',
      'VerdictFunctionRole',
      'WarnFunctionRole',
    ]);
  });

  it('are not shared', () => {
    const used = [...stack.functions, ...stack.stateMachines].map(({ roleArn }) => roleArn);
    expect(new Set(used).size).toBe(used.length);
    expect(used).toHaveLength(stack.functions.length + stack.stateMachines.length);
  });

  it('are all said by the template: no managed policy adds to them', () => {
    expect(stack.roles.flatMap(({ managedPolicyArns }) => managedPolicyArns)).toEqual([]);
  });

  it('name every statement', () => {
    expect(statements().filter(({ statement }) => statement.Sid === undefined)).toEqual([]);
  });

  it('only ever allow, but for the keys that managers must not publish under, and only whole actions', () => {
    const denying = statements().filter(({ statement }) => statement.Effect !== 'Allow');
    expect(denying.map(label)).toEqual(['ManagerNodePolicy: PublishUnderNoOtherKey']);
    expect(
      statements()
        .flatMap(({ statement }) => list(statement.Action))
        .filter((it) => it.includes('*')),
    ).toEqual([]);
  });

  it('allow `*` only where IAM knows no resource', () => {
    const excused = new Set(WITHOUT_RESOURCE.map(([action]) => action));
    const broad = statements().filter(({ statement }) => list(statement.Resource).includes('*'));
    expect(
      broad.flatMap((it) =>
        list(it.statement.Action)
          .filter((action) => !excused.has(action))
          .map(() => label(it)),
      ),
    ).toEqual([]);
  });

  it('need every line of the table of what has no resource', () => {
    const used = new Set(statements().flatMap(({ statement }) => list(statement.Action)));
    expect(WITHOUT_RESOURCE.filter(([action]) => !used.has(action))).toEqual([]);
  });

  it('bind every ARN with a wildcard to the tag of a cluster, but for names that carry the stage', () => {
    // Route 53 has no tags in conditions, and groups name their zones at run time: the types of records are the limit.
    const zones = [
      'DnsFunctionRole: ReadNames',
      'DnsFunctionRole: ChangeNames',
      'DnsFunctionRole: SeeWhetherAChangeIsKnown',
    ];
    const named = [/:(log-group|execution):[^*]*:\*$/, /:parameter\/skep\/[^*/]+\/\*\/join-token\/\*$/];
    const wide = statements().filter(({ statement }) =>
      list(statement.Resource).some(
        (arn) => arn !== '*' && named.reduce((rest, name) => rest.replace(name, ''), arn).includes('*'),
      ),
    );
    expect(wide.map(label).filter((one) => zones.includes(one))).toEqual(zones);
    expect(wide.find((it) => label(it) === zones[1])?.statement.Condition).toEqual({
      'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsRecordTypes': ['A', 'TXT'] },
    });
    const open = wide.filter((it) => !zones.includes(label(it)));
    const tagged = open.filter(({ statement }) =>
      ['ssm:resourceTag/skep:cluster', 'aws:ResourceTag/skep:cluster'].some(
        (key) => statement.Condition?.['Null']?.[key] === 'false',
      ),
    );
    expect(tagged.map(label)).toEqual(open.map(label));
    expect(open.map(label).sort()).toEqual([
      'CommandFunctionRole: KeepHooksAlive',
      'CommandFunctionRole: SendToInstancesOfAnyCluster',
      'RecoverFunctionRole: EndInstancesOfAnyCluster',
      'ScaleInMachineRole: CompleteHooks',
      'ScaleOutMachineRole: CompleteHooks',
      'TidyMachineRole: RepairGroupsOfAnyCluster',
    ]);
  });

  it('are taken on only by the service that they are for', () => {
    const services = Object.fromEntries(
      stack.roles.map(({ logicalId, assumeRolePolicy }) => [
        logicalId.replace(/^.*(Function|Machine|Rule)Role$/, '$1'),
        assumeRolePolicy.Statement.map((it) => it.Principal),
      ]),
    );
    expect(services).toEqual({
      Function: [{ Service: 'lambda.amazonaws.com' }],
      Machine: [{ Service: 'states.amazonaws.com' }],
      Rule: [{ Service: 'events.amazonaws.com' }],
    });
  });
});

describe('SendCommand', () => {
  const sending = (): readonly { owner: string; statement: PolicyStatement }[] =>
    statements().filter(({ statement }) => list(statement.Action).includes('ssm:SendCommand'));

  it('is for the function `command` alone', () => {
    expect(new Set(sending().map(({ owner }) => owner))).toEqual(new Set(['CommandFunctionRole']));
  });

  it('is allowed for skep’s own documents, each by name', () => {
    const documents = sending().flatMap(({ statement }) =>
      list(statement.Resource).filter((arn) => arn.includes(':document/')),
    );
    // What a person sends by hand no role may send.
    const sent = stack.documents.map(({ arn }) => arn).filter((arn) => !arn.endsWith('-availability'));
    expect(sent).toHaveLength(stack.documents.length - 1);
    expect([...documents].sort()).toEqual(sent.sort());
  });

  it('keeps documents and instances in two statements, since a document has no instance’s tag', () => {
    const kinds = sending().map(({ statement }) => ({
      conditioned: statement.Condition !== undefined,
      kinds: new Set(list(statement.Resource).map((arn) => arn.split(':')[2])),
    }));
    expect(kinds).toEqual([
      { conditioned: false, kinds: new Set(['ssm']) },
      { conditioned: true, kinds: new Set(['ec2']) },
    ]);
  });
});

describe('what is dangerous', () => {
  const owners = (action: string): readonly string[] =>
    statements()
      .filter(({ statement }) => list(statement.Action).includes(action))
      .map(({ owner }) => owner);

  it.each([
    [
      'ssm:GetCommandInvocation',
      ['CommandFunctionRole', 'CommandDoneFunctionRole'],
      'reads every command of the account',
    ],
    [
      'states:SendTaskSuccess',
      ['CommandFunctionRole', 'CommandDoneFunctionRole', 'SettleFunctionRole', 'RecoverFunctionRole'],
      'ends any wait',
    ],
    ['ec2:TerminateInstances', ['RecoverFunctionRole'], 'ends instances that a person has named'],
    ['autoscaling:CompleteLifecycleAction', ['ScaleOutMachineRole', 'ScaleInMachineRole'], 'lets an instance go'],
    ['ssm:PutParameter', ['ManagerNodePolicy'], 'publishes join tokens'],
    ['ssm:DeleteParameter', ['CommandFunctionRole'], 'deletes the join tokens of a swarm that was erased'],
    ['kms:Decrypt', ['WorkerNodePolicy', 'ManagerNodePolicy'], 'reads join tokens'],
  ])('%s is allowed only to %j', (action, expected) => {
    expect(owners(action)).toEqual(expected);
  });

  it('ssm:GetParameter is for the function `verdict`, of the webhook alone', () => {
    const reading = statements().filter(
      ({ owner, statement }) => owner.endsWith('Role') && list(statement.Action).includes('ssm:GetParameter'),
    );
    expect(reading.map(({ owner, statement }) => [owner, statement.Resource])).toEqual([
      ['VerdictFunctionRole', 'arn:aws:ssm:eu-west-1:123456789012:parameter/skep/dev/webhook'],
    ]);
  });

  it('sns:Publish is for the function `verdict`, on the topic of the stack', () => {
    const publishing = statements().filter(({ statement }) => list(statement.Action).includes('sns:Publish'));
    expect(publishing.map(({ owner, statement }) => [owner, statement.Resource])).toEqual([
      ['VerdictFunctionRole', stack.topics[0]?.arn],
    ]);
  });

  it.each(['ssm:PutParameter', 'kms:Decrypt', 'kms:Encrypt', 'iam:PassRole', 'sts:AssumeRole'])(
    'no function and no machine has %s',
    (action) => {
      expect(owners(action).filter((it) => it.endsWith('Role'))).toEqual([]);
    },
  );
});

/** What a machine calls, by the resources of its Task states, at any depth. */
function tasksOf(value: Json): readonly JsonObject[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(tasksOf);
  if (typeof value !== 'object' || value === null) return [];
  const object = value as JsonObject;
  return [...(object['Type'] === 'Task' ? [object] : []), ...Object.values(object).flatMap(tasksOf)];
}

/** `arn:aws:states:::aws-sdk:ec2:describeInstances` needs ec2:DescribeInstances. */
function neededAction(resource: Json | undefined): string {
  if (typeof resource !== 'string') throw new Error('a Task without a Resource');
  const [, service, operation] = /^arn:aws:states:::(?:aws-sdk:)?(\w+):(\w+)/.exec(resource) ?? [];
  if (service === undefined || operation === undefined) throw new Error(`what is ${resource}?`);
  return service === 'lambda'
    ? 'lambda:InvokeFunction'
    : `${service}:${operation.charAt(0).toUpperCase()}${operation.slice(1)}`;
}

describe.each(['ScaleOut', 'ScaleIn', 'Tidy', 'Recover', 'Rebalance', 'RotateTokens'])(
  'the role of the machine %s',
  (logicalId) => {
    const machine = (): StackStateMachine => {
      const found = stack.stateMachines.find((it) => it.logicalId === logicalId);
      if (found === undefined) throw new Error(`no machine ${logicalId}`);
      return found;
    };
    const allowed = (): readonly PolicyStatement[] => roleOf(stack, machine().roleArn).statements;

    it('allows what the definition does, and beyond that only logging', () => {
      const needed = new Set(tasksOf(machine().definition).map((it) => neededAction(it['Resource'])));
      expect(actionsOf(allowed()).filter((it) => !it.startsWith('logs:'))).toEqual([...needed].sort());
    });

    it('lets it call just the functions that the definition calls', () => {
      const called = new Set(
        tasksOf(machine().definition)
          .filter((it) => neededAction(it['Resource']) === 'lambda:InvokeFunction')
          .map((it) => (it['Arguments'] as JsonObject)['FunctionName']),
      );
      const callable = allowed()
        .filter((it) => list(it.Action).includes('lambda:InvokeFunction'))
        .flatMap((it) => list(it.Resource));
      expect([...callable].sort()).toEqual([...called].sort());
    });

    it('cannot be taken on for another machine', () => {
      const role = stack.roles.find(({ arn }) => arn === machine().roleArn);
      expect(role?.assumeRolePolicy.Statement.map((it) => it.Condition)).toEqual([
        { ArnEquals: { 'aws:SourceArn': machine().arn } },
      ]);
    });
  },
);

describe('the functions', () => {
  it('write to their own log group, and create none', () => {
    for (const { name, roleArn } of stack.functions) {
      const logs = roleOf(stack, roleArn).statements.filter((it) =>
        list(it.Action).some((action) => action.startsWith('logs:')),
      );
      expect(logs.map((it) => [it.Action, it.Resource])).toEqual([
        [
          ['logs:CreateLogStream', 'logs:PutLogEvents'],
          `arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/${name}:*`,
        ],
      ]);
    }
  });

  it.each([
    ['claim', ['BatchGetItem', 'ConditionCheckItem', 'PutItem', 'UpdateItem']],
    ['command', ['ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']],
    ['command-done', ['ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']],
    ['settle', ['DeleteItem', 'PutItem', 'Query', 'UpdateItem']],
    ['warn', ['Query', 'UpdateItem']],
    ['tidy', ['DeleteItem', 'Query', 'UpdateItem']],
    ['verdict', ['BatchGetItem', 'GetItem', 'PutItem']],
    ['recover', ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']],
    ['rebalance', ['DeleteItem', 'GetItem', 'PutItem']],
    ['dns', ['GetItem', 'Query', 'UpdateItem']],
  ])('%s may do with the table what its code does: %j', (name, operations) => {
    const found = stack.functions.find((it) => it.name === `skep-dev-${name}`);
    const actions = actionsOf(roleOf(stack, found?.roleArn ?? '').statements);

    expect(actions.filter((action) => action.startsWith('dynamodb:'))).toEqual(
      operations.map((operation) => `dynamodb:${operation}`),
    );
  });

  it('reach no table but skep’s, and by an index the function that is asked of strangers alone', () => {
    const tables = statements()
      .filter(({ statement }) => list(statement.Action).some((action) => action.startsWith('dynamodb:')))
      .flatMap(({ statement }) => list(statement.Resource));
    expect(new Set(tables)).toEqual(new Set([stack.table.arn, `${stack.table.arn}/index/by-instance`]));
    expect(tables.filter((arn) => arn.includes('/index/'))).toHaveLength(1);
  });

  it('start no machine but the stack’s own, and never a recovery, which only a person starts; a rebalance only from the tidy', () => {
    const starting = statements().filter(({ statement }) => list(statement.Action).includes('states:StartExecution'));
    const started = starting.flatMap(({ statement }) => list(statement.Resource));
    // It takes back what a dead execution has left on services, and moves nothing: its input is written in the tidy's definition.
    const rebalancing = starting.filter(({ statement }) =>
      list(statement.Resource).some((arn) => arn.endsWith('-rebalance')),
    );
    expect(rebalancing.map(({ owner }) => owner)).toEqual(['TidyMachineRole']);
    const own = stack.stateMachines.map(({ arn }) => arn);
    expect(started.filter((arn) => !own.includes(arn))).toEqual([]);
    expect(new Set(started)).toEqual(new Set(own.filter((arn) => !arn.endsWith('-recover'))));
  });
});
