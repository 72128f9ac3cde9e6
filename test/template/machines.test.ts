// The state machines and functions as they are deployed: what must never change, and what must never be logged.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import type { Json, JsonObject, Stack } from '../../lab/stack/stack.ts';
import type { Template } from '../../lab/stack/template.ts';
import { packaged, PACKAGING_TIMEOUT } from './packaged.ts';

let stack: Stack;
let template: Template;
let text: string;
beforeAll(async () => {
  ({ stack, template, text } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

/** A machine with another name or id is another machine to CloudFormation, which ends all executions of the old one. */
const FIXED: readonly (readonly [logicalId: string, name: string, file: string])[] = [
  ['ScaleOut', 'skep-dev-scale-out', 'scale-out'],
  ['ScaleIn', 'skep-dev-scale-in', 'scale-in'],
  ['Tidy', 'skep-dev-tidy', 'tidy'],
  ['Recover', 'skep-dev-recover', 'recover'],
  ['RotateTokens', 'skep-dev-rotate-tokens', 'rotate-tokens'],
];

/** The same definition in one form: the plugin repeats the query language in each state, and files refer to what is deployed. */
function comparable(value: Json, depth = 0): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((it) => comparable(it, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as JsonObject;
  const reference = object['Ref'] ?? object['Fn::GetAtt'];
  if (reference !== undefined) return deployed([reference].flat()[0]);
  return Object.fromEntries(
    Object.entries(object)
      .filter(([key]) => key !== 'QueryLanguage' || depth === 0)
      .map(([key, it]) => [key, comparable(it, depth + 1)]),
  );
}

function deployed(name: Json | undefined): string {
  if (typeof name !== 'string') throw new Error('a reference without a name');
  if (name === stack.table.logicalId) return stack.table.name;
  const found =
    stack.functions.find(({ key }) => key === name) ?? stack.stateMachines.find(({ logicalId }) => logicalId === name);
  if (found === undefined) throw new Error(`the definition refers to ${name}`);
  return found.arn;
}

describe('the state machines', () => {
  it.each(FIXED)('%s is called %s, for ever', (logicalId, name) => {
    expect(stack.stateMachines.find((it) => it.logicalId === logicalId)?.name).toBe(name);
  });

  it('are these', () => {
    expect(stack.stateMachines).toHaveLength(FIXED.length);
  });

  it.each(FIXED)('%s (%s) is what statemachines/%s.asl.yaml says', (logicalId, _, file) => {
    const source = parse(readFileSync(`statemachines/${file}.asl.yaml`, 'utf8'), { merge: true }) as Json;
    const machine = stack.stateMachines.find((it) => it.logicalId === logicalId);
    expect(comparable(machine?.definition ?? null)).toEqual(comparable(source));
  });

  it.each(FIXED)('%s logs its errors, without inputs and results, which hold task tokens', (logicalId, name) => {
    expect(stack.stateMachines.find((it) => it.logicalId === logicalId)?.logging).toEqual({
      level: 'ERROR',
      includeExecutionData: false,
      logGroupArn: `arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/${name}:*`,
    });
  });
});

describe('the functions', () => {
  it('have their names, ids and time limits', () => {
    const seen = stack.functions.map(({ logicalId, key, name, timeout, memory }) => [
      logicalId,
      key,
      name,
      timeout,
      memory,
    ]);
    expect(seen).toEqual([
      ['ClaimLambdaFunction', 'claim', 'skep-dev-claim', 30, 512],
      ['CommandLambdaFunction', 'command', 'skep-dev-command', 30, 512],
      ['CommandDoneLambdaFunction', 'commandDone', 'skep-dev-command-done', 30, 512],
      ['SettleLambdaFunction', 'settle', 'skep-dev-settle', 30, 512],
      ['TidyLambdaFunction', 'tidy', 'skep-dev-tidy', 60, 512],
      ['RecoverLambdaFunction', 'recover', 'skep-dev-recover', 60, 512],
    ]);
  });

  it('run on the Node.js that the tests run on, on arm64', () => {
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    const major = process.versions.node.split('.')[0] ?? '';
    expect(functions.map(({ Properties }) => [Properties['Runtime'], Properties['Architectures']])).toEqual(
      Array(6).fill([`nodejs${major}.x`, ['arm64']]),
    );
  });

  it('know their stage, their table and the key', () => {
    for (const { environment } of stack.functions) {
      expect(environment).toEqual({
        STAGE: 'dev',
        TABLE: 'skep-dev',
        TOKEN_KEY: stack.keys[0]?.arn,
        POWERTOOLS_SERVICE_NAME: 'skep-dev',
        POWERTOOLS_METRICS_NAMESPACE: 'skep',
      });
    }
  });

  it('are bundled with names kept: the state machines match errors by name', () => {
    for (const { code } of stack.functions) expect(readFileSync(code, 'utf8')).toContain('__name(');
  });
});

describe('the log groups', () => {
  it('exist for every function and machine, and forget after 30 days', () => {
    const wanted = [
      ...stack.functions.map(({ name }) => `/aws/lambda/${name}`),
      ...stack.stateMachines.map(({ name }) => `/aws/vendedlogs/states/${name}`),
    ];
    expect(stack.logGroups.map(({ name }) => name).sort()).toEqual(wanted.sort());
    expect(new Set(stack.logGroups.map(({ retentionDays }) => retentionDays))).toEqual(new Set([30]));
  });
});

describe('the alarms', () => {
  it('watch the dead letters, what the functions report, and failed executions', () => {
    const watched = stack.alarms.map(
      ({ namespace, metric, dimensions }) => `${namespace} ${metric} ${Object.values(dimensions).join()}`,
    );
    expect(watched.sort()).toEqual([
      'AWS/SQS ApproximateNumberOfMessagesVisible skep-dev-dead-letters',
      // Who recovers a cluster waits for the end, and sees it.
      ...stack.stateMachines
        .filter(({ logicalId }) => logicalId !== 'Recover')
        .map(({ arn }) => `AWS/States ExecutionsFailed ${arn}`)
        .sort(),
      'skep ClusterHeld skep-dev',
      'skep EvenManagers skep-dev',
      'skep EventRejected skep-dev',
      'skep ForcedCompletion skep-dev',
      'skep LaunchAbandoned skep-dev',
      'skep LeaderRecordLost skep-dev',
      'skep ManagerHeld skep-dev',
      'skep NoManagerAnswers skep-dev',
    ]);
  });

  it('watch the very metrics that the functions emit', () => {
    const { POWERTOOLS_METRICS_NAMESPACE: namespace, POWERTOOLS_SERVICE_NAME: service } =
      stack.functions[0]?.environment ?? {};
    const own = stack.alarms.filter((it) => it.namespace === namespace);
    expect(own).toHaveLength(8);
    for (const { dimensions } of own) expect(dimensions).toEqual({ service });
  });

  it('go off at the first occurrence, not for want of data, and tell the topic', () => {
    for (const it of stack.alarms) {
      expect(it).toMatchObject({
        threshold: 1,
        comparison: 'GreaterThanOrEqualToThreshold',
        treatMissingData: 'notBreaching',
        actions: [stack.topics[0]?.arn],
      });
    }
    expect(stack.topics.map(({ name }) => name)).toEqual(['skep-dev-alarms']);
  });
});

describe('the template', () => {
  it('is within the limits of CloudFormation', () => {
    expect(Object.keys(template.Resources).length).toBeLessThan(500);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
  });

  it('holds for any account, region and partition', () => {
    expect(text).not.toMatch(/\b\d{12}\b|arn:aws:(?!states:::)|eu-west-1|us-east-1/);
  });
});
