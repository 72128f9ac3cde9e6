// The resolver: what CloudFormation makes of a template, and what the lab refuses to guess.
import { describe, expect, it } from '@jest/globals';

import { references, resolve } from '../../../../lab/aws/stack/intrinsics.ts';
import { buildStack } from '../../../../lab/aws/stack/load-stack.ts';
import { type Json, StackError } from '../../../../lab/aws/stack/stack.ts';
import { parseTemplate, type ResolvedResource, resolveTemplate } from '../../../../lab/aws/stack/template.ts';

const PLACE = { account: '123456789012', region: 'eu-west-1', partition: 'aws' };

const scope = {
  ref: (name: string): Json => `<${name}>`,
  getAtt: (id: string, attribute: string): Json => `<${id}.${attribute}>`,
};
const resolved = (value: Json): Json => resolve(value, scope, 'Thing');

function deploy(resources: Record<string, unknown>, place = PLACE): readonly ResolvedResource[] {
  return resolveTemplate(parseTemplate({ Resources: resources }), 'skep-dev', place);
}

const queue = (name: unknown): Record<string, unknown> => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName: name },
});
const topic = (name: unknown): Record<string, unknown> => ({
  Type: 'AWS::SNS::Topic',
  Properties: { TopicName: name },
});

describe('the intrinsic functions', () => {
  it.each<{ name: string; value: Json; expected: Json }>([
    { name: 'Ref', value: { Ref: 'A' }, expected: '<A>' },
    { name: 'Fn::GetAtt with a list', value: { 'Fn::GetAtt': ['A', 'Arn'] }, expected: '<A.Arn>' },
    { name: 'Fn::GetAtt with a text', value: { 'Fn::GetAtt': 'A.B.C' }, expected: '<A.B.C>' },
    { name: 'Fn::Join', value: { 'Fn::Join': ['-', ['x', { Ref: 'A' }]] }, expected: 'x-<A>' },
    { name: 'Fn::Sub', value: { 'Fn::Sub': 'a ${A} ${B.Arn}' }, expected: 'a <A> <B.Arn>' },
    {
      name: 'Fn::Sub with variables of its own',
      value: { 'Fn::Sub': ['${x}-${A}', { x: { 'Fn::GetAtt': ['B', 'Arn'] } }] },
      expected: '<B.Arn>-<A>',
    },
    {
      name: 'Fn::Sub with a literal, such as a variable of IAM',
      value: { 'Fn::Sub': '${!aws:PrincipalTag/skep:cluster}/${A}' },
      expected: '${aws:PrincipalTag/skep:cluster}/<A>',
    },
    {
      name: 'a value that Fn::Sub put in, which is not looked at again',
      value: { 'Fn::Sub': ['${x}', { x: '${A}' }] },
      expected: '${A}',
    },
    { name: 'a text outside of Fn::Sub', value: '${A}', expected: '${A}' },
    {
      name: 'any depth',
      value: { a: [{ b: { Ref: 'A' } }, 1, true, null] },
      expected: { a: [{ b: '<A>' }, 1, true, null] },
    },
    {
      name: 'AWS::NoValue',
      value: { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] },
      expected: { b: [1] },
    },
    {
      name: 'a statement’s own Condition',
      value: { Condition: { Null: { x: 'false' } } },
      expected: { Condition: { Null: { x: 'false' } } },
    },
  ])('resolve $name', ({ value, expected }) => {
    expect(resolved(value)).toEqual(expected);
  });

  it.each<{ name: string; value: Json }>([
    { name: 'a function that the lab does not know', value: { 'Fn::ImportValue': 'x' } },
    { name: 'a function of that name on any depth', value: { a: [{ 'Fn::If': ['c', 1, 2] }] } },
    { name: 'a function beside other keys', value: { Ref: 'A', More: 1 } },
    { name: 'Fn::Join without a list', value: { 'Fn::Join': ['-', 'x'] } },
    { name: 'Fn::Join of what is no text', value: { 'Fn::Join': ['-', [{ a: 1 }]] } },
    { name: 'Fn::Sub of a list alone', value: { 'Fn::Sub': [] } },
    { name: 'Fn::GetAtt without an attribute', value: { 'Fn::GetAtt': ['A'] } },
    { name: 'Ref to what is no name', value: { Ref: ['A'] } },
  ])('refuse $name, and say where', ({ value }) => {
    expect(() => resolved(value)).toThrow(expect.objectContaining({ name: 'StackError', logicalId: 'Thing' }));
  });

  it('tell what a value refers to', () => {
    const value = { a: { Ref: 'A' }, b: { 'Fn::Sub': ['${B.Arn} ${x} ${!C}', { x: { 'Fn::GetAtt': ['D', 'Arn'] } }] } };
    expect([...references(value, 'Thing')].sort()).toEqual(['A', 'B', 'D']);
  });
});

describe('a template', () => {
  it('gives each type the identity that AWS gives it', () => {
    const resources = deploy({
      Queue: queue('q'),
      Topic: topic('t'),
      Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'tab' } },
      Role: { Type: 'AWS::IAM::Role' },
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/a/b' } },
      Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'm' } },
      Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { ManagedPolicyName: 'p' } },
    });
    expect(Object.fromEntries(resources.map((it) => [it.logicalId, [it.ref, it.attributes['Arn']]]))).toEqual({
      Queue: ['https://sqs.eu-west-1.amazonaws.com/123456789012/q', 'arn:aws:sqs:eu-west-1:123456789012:q'],
      Topic: ['arn:aws:sns:eu-west-1:123456789012:t', undefined],
      Table: ['tab', 'arn:aws:dynamodb:eu-west-1:123456789012:table/tab'],
      Role: ['skep-dev-Role', 'arn:aws:iam::123456789012:role/skep-dev-Role'],
      Logs: ['/a/b', 'arn:aws:logs:eu-west-1:123456789012:log-group:/a/b:*'],
      Machine: [
        'arn:aws:states:eu-west-1:123456789012:stateMachine:m',
        'arn:aws:states:eu-west-1:123456789012:stateMachine:m',
      ],
      Policy: ['arn:aws:iam::123456789012:policy/p', undefined],
    });
  });

  it('resolves references in whatever order they stand, and pseudo parameters of any partition', () => {
    const china = { account: '999999999999', region: 'cn-north-1', partition: 'aws-cn' };
    const [first] = deploy(
      {
        First: topic({ 'Fn::Sub': '${Second.QueueName}-${AWS::Region}-${AWS::URLSuffix}-${AWS::StackName}' }),
        Second: queue('q'),
      },
      china,
    );
    expect(first?.ref).toBe('arn:aws-cn:sns:cn-north-1:999999999999:q-cn-north-1-amazonaws.com.cn-skep-dev');
  });

  it.each<{ name: string; template: unknown; logicalId: string | undefined }>([
    { name: 'a type that the lab does not know', template: { A: { Type: 'AWS::EC2::Instance' } }, logicalId: 'A' },
    { name: 'a reference to nothing', template: { A: topic({ Ref: 'B' }) }, logicalId: 'B' },
    {
      name: 'an attribute that the lab does not know',
      template: { A: topic({ 'Fn::GetAtt': ['B', 'Size'] }), B: queue('q') },
      logicalId: 'B',
    },
    { name: 'a dependency on nothing', template: { A: { ...topic('t'), DependsOn: 'B' } }, logicalId: 'A' },
    {
      name: 'an unknown pseudo parameter',
      template: { A: topic({ Ref: 'AWS::NotificationARNs' }) },
      logicalId: 'AWS::NotificationARNs',
    },
    {
      name: 'references in a circle, which CloudFormation refuses too',
      template: { A: topic({ Ref: 'B' }), B: queue({ 'Fn::Sub': '${A}' }) },
      logicalId: 'A',
    },
    {
      name: 'a resource that exists under a condition',
      template: { A: { ...topic('t'), Condition: 'C' } },
      logicalId: undefined,
    },
  ])('is refused for $name', ({ template, logicalId }) => {
    expect(() => deploy(template as Record<string, unknown>)).toThrow(
      expect.objectContaining({ name: 'StackError', logicalId }),
    );
  });

  it.each(['Parameters', 'Conditions', 'Mappings', 'Transform'])('is refused for its section %s', (section) => {
    expect(() => parseTemplate({ Resources: {}, [section]: {} })).toThrow(StackError);
  });
});

describe('a stack', () => {
  const origin = { ...PLACE, stage: 'dev', name: 'skep-dev', code: '/nowhere' };
  const table = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'skep-dev',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    },
  };
  const build = (resources: Record<string, unknown>): unknown =>
    buildStack(deploy({ Table: table, ...resources }), origin);
  const rule = (properties: Record<string, unknown>): Record<string, unknown> => ({
    Type: 'AWS::Events::Rule',
    Properties: { Name: 'r', EventPattern: { source: ['a'] }, Targets: [{ Id: 'x', Arn: 'arn' }], ...properties },
  });

  it('has EventBridge’s own defaults where a rule says nothing', () => {
    expect(build({ Rule: rule({}) })).toMatchObject({
      rules: [
        {
          targets: [{ retry: { maximumEventAgeSeconds: 86_400, maximumRetryAttempts: 185 }, deadLetterArn: undefined }],
        },
      ],
    });
  });

  it.each<{ name: string; resource: Record<string, unknown>; message: RegExp }>([
    {
      name: 'a property that the lab would ignore',
      resource: rule({ EventBusName: 'other' }),
      message: /EventBusName/,
    },
    {
      name: 'a target’s property that the lab would ignore',
      resource: rule({ Targets: [{ Id: 'x', Arn: 'a', InputPath: '$.detail' }] }),
      message: /InputPath/,
    },
    {
      name: 'an input transformer, which no rule of the stack has',
      resource: rule({ Targets: [{ Id: 'x', Arn: 'a', InputTransformer: { InputTemplate: '{}' } }] }),
      message: /InputTransformer/,
    },
    {
      name: 'a rule that neither matches nor has a schedule',
      resource: rule({ EventPattern: { Ref: 'AWS::NoValue' } }),
      message: /pattern or a schedule/,
    },
    {
      name: 'more targets than EventBridge takes',
      resource: rule({ Targets: Array(6).fill({ Id: 'x', Arn: 'a' }) }),
      message: /Targets/,
    },
    {
      name: 'a policy of another language',
      resource: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'x' },
                Action: 'x',
                Condition: { StringSounds: { 'aws:x': 'y' } },
              },
            ],
          },
        },
      },
      message: /StringSounds/,
    },
    {
      name: 'a function whose bundle is missing',
      resource: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'f',
          Handler: 'functions/f.handler',
          Role: 'r',
          Environment: { Variables: {} },
          Timeout: 1,
          MemorySize: 1,
        },
      },
      message: /bundle is missing/,
    },
  ])('is refused for $name', ({ resource, message }) => {
    const broken = (): unknown => build({ Broken: resource });
    expect(broken).toThrow(expect.objectContaining({ name: 'StackError', logicalId: 'Broken' }));
    expect(broken).toThrow(message);
  });

  it('is refused without a table', () => {
    expect(() => buildStack([], origin)).toThrow(/exactly one AWS::DynamoDB::Table/);
  });
});
