// The state machines and functions as they are deployed: what must never change, and what must never be logged.
import { beforeAll, describe, expect, it } from '@jest/globals';

import type { Json, JsonObject, Stack } from '../../lab/aws/stack/stack.ts';
import type { Template } from '../../lab/aws/stack/template.ts';
import { definitionOf } from '../../resources/state-machines.ts';
import { VERDICT_METRICS } from '../../src/core/verdict/verdict.ts';
import { list, packaged, PACKAGING_TIMEOUT } from './packaged.ts';

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
  ['Rebalance', 'skep-dev-rebalance', 'rebalance'],
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
    const source = definitionOf(file) as Json;
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
      ['WarnLambdaFunction', 'warn', 'skep-dev-warn', 30, 512],
      ['TidyLambdaFunction', 'tidy', 'skep-dev-tidy', 60, 512],
      ['RecoverLambdaFunction', 'recover', 'skep-dev-recover', 60, 512],
      ['RebalanceLambdaFunction', 'rebalance', 'skep-dev-rebalance', 60, 512],
      ['DnsLambdaFunction', 'dns', 'skep-dev-dns', 60, 512],
      ['VerdictLambdaFunction', 'verdict', 'skep-dev-verdict', 60, 512],
    ]);
  });

  it('run on the Node.js that the tests run on, on arm64', () => {
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    const major = process.versions.node.split('.')[0] ?? '';
    expect(functions.map(({ Properties }) => [Properties['Runtime'], Properties['Architectures']])).toEqual(
      Array(10).fill([`nodejs${major}.x`, ['arm64']]),
    );
  });

  it('know their stage, their table and the key, `verdict` whom to tell, and `warn` what lets instances go', () => {
    for (const { key, environment } of stack.functions) {
      const told = {
        TOPIC: stack.topics[0]?.arn,
        DEAD_LETTERS: stack.queues[0]?.url,
        WEBHOOK_PARAMETER: '/skep/dev/webhook',
      };
      expect(environment).toEqual({
        ...(key === 'verdict' ? told : {}),
        ...(key === 'warn'
          ? {
              SCALE_IN: stack.stateMachines.find(({ name }) => name === 'skep-dev-scale-in')?.arn,
              TIDY: stack.stateMachines.find(({ name }) => name === 'skep-dev-tidy')?.arn,
            }
          : {}),
        STAGE: 'dev',
        TABLE: 'skep-dev',
        TOKEN_KEY: stack.keys[0]?.arn,
        POWERTOOLS_SERVICE_NAME: 'skep-dev',
        POWERTOOLS_METRICS_NAMESPACE: 'skep',
      });
    }
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
  /** Metrics that a function writes when something has happened, and no others. */
  const EVENTS = [
    'ClusterHeld',
    'DnsFailed',
    'EvenManagers',
    'EventRejected',
    'ForcedCompletion',
    'LaunchAbandoned',
    'LeaderRecordLost',
    'LeftBehind',
    'ManagerHeld',
    'NoManagerAnswers',
    'WebhookFailed',
  ];
  const LEVELS = [
    'VerdictLevel',
    'ManagersMissing',
    'InServiceNotReady',
    'OldestOpenHook',
    'LockAge',
    'LastGoodTidyAge',
  ];
  const own = (): Stack['alarms'] => stack.alarms.filter(({ namespace }) => namespace === 'skep');

  it('watch the dead letters, what the functions report and find, failed executions and functions', () => {
    const watched = stack.alarms.map(
      ({ namespace, metric, dimensions }) => `${namespace} ${metric} ${Object.values(dimensions).join()}`,
    );
    expect(watched.toSorted()).toEqual(
      [
        'AWS/SQS ApproximateNumberOfMessagesVisible skep-dev-dead-letters',
        ...stack.stateMachines.flatMap(({ arn }) =>
          ['Failed', 'TimedOut', 'Aborted'].map((end) => `AWS/States Executions${end} ${arn}`),
        ),
        ...stack.functions.map(({ name }) => `AWS/Lambda Errors ${name}`),
        ...[...EVENTS, ...LEVELS].map((metric) => `skep ${metric} skep-dev`),
      ].toSorted(),
    );
  });

  it('watch the very metrics that the functions emit', () => {
    const { POWERTOOLS_METRICS_NAMESPACE: namespace, POWERTOOLS_SERVICE_NAME: service } =
      stack.functions[0]?.environment ?? {};
    expect(namespace).toBe('skep');
    for (const { dimensions } of own()) expect(dimensions).toEqual({ service });
    // Dead letters are watched where AWS counts them.
    expect([...LEVELS, 'DeadLetters'].toSorted()).toEqual(Object.keys(VERDICT_METRICS).toSorted());
  });

  it('on what happened go off at the first occurrence, not for want of data', () => {
    const events = stack.alarms.filter(({ metric }) => EVENTS.includes(metric) || metric.startsWith('Executions'));
    expect(events).toHaveLength(EVENTS.length + 3 * stack.stateMachines.length);
    for (const it of events) {
      expect(it).toMatchObject({
        statistic: 'Sum',
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: 'notBreaching',
      });
    }
  });

  it('on levels look at the worst cluster, in periods that a tidy falls into', () => {
    const levels = own().filter(({ metric }) => LEVELS.includes(metric));
    for (const it of levels) {
      expect(it.statistic).toBe('Maximum');
      expect(it.period).toBeGreaterThan(600);
    }
  });

  it('only that on the age of the last good tidy takes silence for trouble', () => {
    const silent = stack.alarms.filter(({ treatMissingData }) => treatMissingData !== 'notBreaching');
    expect(silent.map(({ metric, treatMissingData }) => [metric, treatMissingData])).toEqual([
      ['LastGoodTidyAge', 'breaching'],
    ]);
  });

  it('on a function want errors for a quarter of an hour: some throw by design, and are called again', () => {
    for (const it of stack.alarms.filter(({ metric }) => metric === 'Errors')) {
      expect(it.period * it.evaluationPeriods).toBe(900);
    }
  });

  it('all tell the one topic, and nothing else of CloudWatch may', () => {
    expect(stack.topics.map(({ name }) => name)).toEqual(['skep-dev-alarms']);
    for (const { actions } of stack.alarms) expect(actions).toEqual([stack.topics[0]?.arn]);
    const statements = stack.topics.flatMap(({ policies }) => policies.flatMap((it) => it.Statement));
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: stack.topics[0]?.arn,
    });
    expect(list(statements[0]?.Condition?.['ArnEquals']?.['aws:SourceArn']).toSorted()).toEqual(
      stack.alarms.map(({ arn }) => arn).toSorted(),
    );
  });
});

describe('the dashboard', () => {
  const widgets = (): Stack['dashboards'][number]['widgets'] => stack.dashboards.flatMap((it) => it.widgets);

  it('has every alarm', () => {
    const shown = widgets().flatMap(({ alarms }) => alarms);
    expect(shown.toSorted()).toEqual(stack.alarms.map(({ arn }) => arn).toSorted());
  });

  it('shows each metric of a verdict by cluster, but for the dead letters of all', () => {
    const searched = widgets().flatMap(({ searches }) => searches);
    expect(searched.map((search) => /MetricName="(\w+)"/.exec(search)?.[1]).toSorted()).toEqual(
      Object.keys(VERDICT_METRICS)
        .filter((name) => name !== 'DeadLetters')
        .toSorted(),
    );
    for (const search of searched) {
      expect(search).toMatch(
        /^SEARCH\('\{skep,service,cluster\} MetricName="\w+" service="skep-dev"', 'Maximum', 600\)$/,
      );
    }
  });

  it('shows every metric that an alarm of an event watches, with its dimensions', () => {
    const shown = widgets().flatMap(({ metrics }) => metrics.map((metric) => metric.join(' ')));
    const searched = new Set(Object.keys(VERDICT_METRICS));
    const watched = stack.alarms
      .filter(({ metric }) => !searched.has(metric))
      .map(({ namespace, metric, dimensions }) => [namespace, metric, ...Object.entries(dimensions).flat()].join(' '));
    expect(watched.filter((metric) => !shown.includes(metric))).toEqual([]);
  });
});

describe('the template', () => {
  it('is within the limits of CloudFormation', () => {
    expect(Object.keys(template.Resources).length).toBeLessThan(500);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
  });

  it('holds for any account, region and partition', () => {
    expect(text).not.toMatch(/\b\d{12}\b|arn:aws:|eu-west-1|us-east-1/);
  });
});
