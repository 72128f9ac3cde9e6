// What people see of a stack: alarms as CloudWatch evaluates them, the webhook as Slack takes it, the dashboard with its numbers.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Alarms } from '../../../lab/aws/alarms.ts';
import { parseScenario } from '../../../lab/scenario/read.ts';
import { play } from '../../../lab/scenario/play.ts';
import { ScenarioRun } from '../../../lab/scenario/run.ts';
import type { StackAlarm } from '../../../lab/aws/stack/stack.ts';
import { Webhook } from '../../../lab/console/webhook.ts';

const MINUTE = 60_000;
const alarm = (changes: Partial<StackAlarm> = {}): StackAlarm => ({
  logicalId: 'A',
  name: 'skep-dev-a',
  arn: 'arn',
  namespace: 'skep',
  metric: 'M',
  dimensions: { service: 'skep-dev' },
  statistic: 'Maximum',
  period: 900,
  evaluationPeriods: 2,
  threshold: 5,
  comparison: 'GreaterThanOrEqualToThreshold',
  treatMissingData: 'notBreaching',
  actions: [],
  ...changes,
});

describe('an alarm', () => {
  it.each<[string, Partial<StackAlarm>, [minute: number, value: number][], number, boolean]>([
    [
      'under its threshold does not ring',
      {},
      [
        [1, 4],
        [16, 4],
      ],
      31,
      false,
    ],
    [
      'over it in two periods rings',
      {},
      [
        [1, 5],
        [16, 5],
      ],
      16,
      true,
    ],
    [
      'over it twice in one period does not',
      {},
      [
        [1, 5],
        [2, 5],
      ],
      14,
      false,
    ],
    [
      'over it in two periods with another between does not',
      {},
      [
        [1, 5],
        [16, 1],
        [31, 5],
      ],
      44,
      false,
    ],
    ['does not ring for want of data', {}, [[1, 5]], 300, false],
    ['rings for want of data where that breaches', { treatMissingData: 'breaching' }, [], 30, true],
    ['not before its periods are over', { treatMissingData: 'breaching' }, [], 29, false],
    [
      'not while data comes',
      { treatMissingData: 'breaching' },
      [
        [1, 0],
        [16, 0],
        [31, 0],
      ],
      44,
      false,
    ],
    [
      'sums within a period',
      { statistic: 'Sum', evaluationPeriods: 1 },
      [
        [1, 2],
        [3, 3],
      ],
      4,
      true,
    ],
  ])('%s', (_what, changes, points, at, wanted) => {
    let now = 0;
    const alarms = new Alarms([alarm(changes)], () => now);
    for (const [minute, value] of points) {
      now = minute * MINUTE;
      alarms.put('skep', 'M', { service: 'skep-dev' }, value);
    }
    now = at * MINUTE;
    expect(alarms.rang()).toEqual(wanted ? ['skep-dev-a'] : []);
  });

  it('does not mind a metric with other dimensions', () => {
    const alarms = new Alarms([alarm({ evaluationPeriods: 1 })]);
    alarms.put('skep', 'M', { service: 'skep-dev', cluster: 'demo' }, 9);
    alarms.put('skep', 'M', { service: 'skep-dev-2' }, 9);
    expect(alarms.rang()).toEqual([]);
  });
});

describe('the webhook of the lab', () => {
  const post = (hook: Webhook, body: unknown, url = hook.urlAt('')): number | undefined =>
    hook.take({ method: 'POST', url, headers: {}, body: JSON.stringify(body) })?.status;
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

  it.each<[string, unknown, number]>([
    ['takes what Slack takes', { text: 'x', blocks: [section('y')] }, 200],
    ['refuses a text that is too long', { text: 'x', blocks: [section('y'.repeat(3001))] }, 400],
    ['refuses too many blocks', { text: 'x', blocks: Array.from({ length: 51 }, () => section('y')) }, 400],
    ['refuses what is no message', 'x', 400],
  ])('%s', (_what, body, status) => {
    expect(post(new Webhook(), body)).toBe(status);
  });

  it('is found only under its whole URL', () => {
    const hook = new Webhook();
    expect(post(hook, { text: 'x', blocks: [] }, '/lab/webhook/T0LAB')).toBe(404);
    expect(post(hook, {}, '/')).toBeUndefined();
  });
});

describe('a lab with a verdict', () => {
  let run: ScenarioRun;
  const lines: string[] = [];
  beforeAll(async () => {
    const text = `
name: console
groups:
  managers: { role: manager, desired: 1 }
steps:
  - settle: 5m
  - deadLetter: {}
  - tidy: {}
  - advance: 1m
`;
    run = await ScenarioRun.open(parseScenario(text, 'console'), {
      nodes: 'simulated',
      onProgress: (progress) => lines.push(JSON.stringify(progress)),
    });
    await play(run);
  }, 120_000);
  afterAll(() => run.close());

  it('shows it on the dashboard', async () => {
    const response = await fetch(`${run.lab.url}/lab/dashboard`);
    const { widgets, notices, posted } = (await response.json()) as ReturnType<typeof run.lab.console.dashboard>;
    const rows = widgets.flatMap((widget) => widget.rows);

    expect(rows).toEqual(
      expect.arrayContaining([
        { label: 'skep-dev-dead-letters', value: 'has rung' },
        { label: 'skep-dev-cluster-critical', value: 'ok' },
        { label: 'VerdictLevel, demo', value: 1 },
        { label: 'ManagersMissing, demo', value: 0 },
        { label: 'ApproximateNumberOfMessagesVisible, skep-dev-dead-letters', value: 1 },
      ]),
    );
    expect(notices.map(({ subject }) => subject)).toEqual(['skep dev: demo is degraded']);
    expect(posted).toEqual([expect.stringContaining('DeadLetters')]);
  });

  it('lets the alarm that rang through to the topic', () => {
    expect(run.lab.console.rung.map(({ alarm: name }) => name)).toEqual(['skep-dev-dead-letters']);
  });

  it('has the URL of the webhook nowhere but in its parameter', async () => {
    const { webhook } = run.lab.console;
    const histories = run.lab.executions.map(({ history, input, output }) => JSON.stringify([history, input, output]));
    const items = await run.lab.endpoint.call(
      'dynamodb',
      'Scan',
      { TableName: 'skep-dev' },
      { kind: 'person', name: 'lab' },
    );

    expect(webhook.messages).toHaveLength(1);
    expect([...lines, ...histories, JSON.stringify(items)].filter((text) => webhook.isIn(text))).toEqual([]);
    expect(run.lab.defects).toEqual([]);
  });

  it('refuses the URL to everybody else', async () => {
    const reading = { Name: '/skep/dev/webhook', WithDecryption: true };
    for (const name of run.lab.stack.functions.map((one) => one.name).filter((one) => !one.endsWith('-verdict'))) {
      const asked = run.lab.endpoint.call('ssm', 'GetParameter', reading, { kind: 'function', name });
      await expect(asked).rejects.toMatchObject({ code: 'AccessDeniedException' });
    }
    const [instance = ''] = run.lab.autoScaling.group('managers').members.keys();
    // AmazonSSMManagedInstanceCore lets it read every parameter: it is the key that refuses.
    const asked = run.lab.endpoint.call('ssm', 'GetParameter', reading, { kind: 'instance', name: instance });
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining('kms:Decrypt') });
  });
});
