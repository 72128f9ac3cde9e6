// Every limit of the table, at it and one step over: what AWS takes is taken, what it refuses is refused, with its error.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Lambda } from '../../../../lab/aws/lambda.ts';
import type { LambdaOptions } from '../../../../lab/aws/lambda.ts';
import { parseScenario } from '../../../../lab/scenario/read.ts';
import { play } from '../../../../lab/scenario/play.ts';
import { ScenarioRun } from '../../../../lab/scenario/run.ts';
import { checkHook, checkTags, globalTimeout } from '../../../../lab/aws/services/group-limits.ts';
import { QUOTAS } from '../../../../lab/aws/services/quotas.ts';
import type { Quota, QuotaName } from '../../../../lab/aws/services/quotas.ts';
import { executionTimeoutOf } from '../../../../lab/aws/services/run-command-requests.ts';
import { payloadsOf } from '../../../../lab/aws/services/execution-answers.ts';
import { checkDeployment } from '../../../../lab/aws/stack/deployment-limits.ts';
import { History } from '../../../../lab/aws/states/history.ts';
import { authorizationFor, post, TARGETS, VERSIONS } from '../../../support/raw-call.ts';

const SCENARIO = `
name: limits
groups:
  managers: { role: manager, desired: 1 }
steps:
  - settle: 10m
`;
const NOBODY = 'arn:aws:states:eu-west-1:123456789012:stateMachine:nobody';
const ID = 'i-0000000000000dead';

let run: ScenarioRun;
let folder = '';
let manager = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-limits-'));
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'limits'), { nodes: 'simulated' });
  await play(run);
  manager = [...run.lab.autoScaling.group('managers').members.keys()][0] ?? '';
}, 120_000);
afterAll(async () => {
  await run.close();
  rmSync(folder, { recursive: true });
});

const x = (length: number): string => 'x'.repeat(length);
const list = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_one, index) => make(index));

/** The error of a call; empty if there is none. */
async function call(service: string, operation: string, input: object): Promise<string> {
  const target = `${TARGETS[service] ?? ''}.${operation}`;
  const headers = { authorization: authorizationFor(service), 'x-amz-target': target };
  return (await post(run.lab.url, headers, JSON.stringify(input))).code;
}

async function form(service: string, Action: string, fields: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Action, Version: VERSIONS[service] ?? '', ...fields });
  return (await post(run.lab.url, { authorization: authorizationFor(service) }, body.toString())).code;
}

/** The name of what is thrown; empty if nothing is. */
function thrown(act: () => unknown): string {
  try {
    act();
    return '';
  } catch (error) {
    return error instanceof Error ? error.name : 'not an error';
  }
}

/** How much of an output of that many characters is given back: '' for all. */
async function output(kind: 'stdout' | 'stderr', length: number): Promise<string> {
  const spy = jest.spyOn(run.lab.machines, 'run');
  spy.mockResolvedValueOnce({ exitCode: 0, stdout: '', stderr: '', timedOut: false, [kind]: x(length) });
  const parameters = { cluster: ['demo'], notAfter: ['99999999999'], executionTimeout: ['60'], offset: ['0'] };
  const sent = await run.lab.endpoint.call(
    'ssm',
    'SendCommand',
    { DocumentName: 'skep-dev-inspect', InstanceIds: [manager], Parameters: { ...parameters, epoch: ['0'] } },
    { kind: 'person', name: 'lab' },
  );
  const { CommandId } = (sent as { Command: { CommandId: string } }).Command;
  await run.lab.clock.advance(60_000);
  spy.mockRestore();
  const got = await run.lab.endpoint.call(
    'ssm',
    'GetCommandInvocation',
    { CommandId, InstanceId: manager },
    { kind: 'person', name: 'lab' },
  );
  const { StandardOutputContent: stdout, StandardErrorContent: stderr } = got as Record<string, string>;
  return (kind === 'stdout' ? stdout : stderr)?.length === length ? '' : 'cut';
}

const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });
const TABLE = { TableName: 'skep-dev' };
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:skep-dev-alarms';
const put = (item: object) => call('dynamodb', 'PutItem', { ...TABLE, Item: item });
const transact = (items: number, more: object = {}) =>
  call('dynamodb', 'TransactWriteItems', {
    TransactItems: list(items, (index) => ({ Delete: { ...TABLE, Key: key('LIMITS', String(index)) } })),
    ...more,
  });

const EMPTY = { documents: [], stateMachines: [], rules: [], functions: [] };
const deploy = (changes: object): string =>
  thrown(() => {
    checkDeployment({ ...EMPTY, ...changes });
  });
const document = (content: unknown) => deploy({ documents: [{ logicalId: 'D', content }] });
const rule = (changes: object) => deploy({ rules: [{ logicalId: 'R', pattern: undefined, targets: [], ...changes }] });
const fn = (changes: object) =>
  deploy({ functions: [{ logicalId: 'F', timeout: 30, memory: 256, environment: {}, ...changes }] });

const hook = (changes: object): string =>
  thrown(() => {
    checkHook({ name: 'h', heartbeatTimeout: 300, metadata: undefined, ...changes });
  });

/** An event on the bus of which the whole has so many bytes. */
function event(bytes: number): string {
  const { account, region } = run.lab.stack;
  const own = { source: 'limits', 'detail-type': 'limits', resources: [], detail: { text: '' } };
  const envelope = { version: '0', id: x(36), account, region, time: x(24), ...own };
  const text = x(bytes - JSON.stringify(envelope).length);
  return thrown(() => {
    run.lab.bus.put({ ...own, detail: { text } });
  });
}

async function invoke(event: unknown, mode: 'synchronous' | 'asynchronous'): Promise<string> {
  const code = join(folder, 'answers.cjs');
  writeFileSync(code, "exports.handler = async (event) => 'x'.repeat((event.answer ?? 2) - 2);");
  const { clock, random } = run.lab;
  const functions = [{ logicalId: 'F', name: 'f', arn: 'f', code, export: 'handler', timeout: 30, environment: {} }];
  const credentials = () => ({ accessKeyId: 'lab', secretAccessKey: 'lab', sessionToken: 'lab' });
  const options = {
    clock,
    random,
    functions,
    endpoint: 'http://127.0.0.1:1',
    region: '',
    credentials,
    onLog: () => undefined,
  };
  const outcome = await new Lambda(options as unknown as LambdaOptions).invoke('f', event, mode);
  return outcome.ok ? '' : outcome.errorType;
}

interface Walk {
  /** What comes of so many: empty, or another error than that of the limit, while it is not too many. */
  readonly attempt: (measure: number) => Promise<string> | string;
  readonly over: string;
}

const walk = (over: string, attempt: Walk['attempt']): Walk => ({ over, attempt });
const send = (changes: object) =>
  call('ssm', 'SendCommand', { DocumentName: 'nobodys', InstanceIds: [ID], ...changes });
const start = (changes: object) => call('states', 'StartExecution', { stateMachineArn: NOBODY, ...changes });
const fail = (changes: object) => call('states', 'SendTaskFailure', { taskToken: 't', ...changes });
const parameter = (changes: object) =>
  call('ssm', 'PutParameter', { Name: '/limits', Value: 'x', Type: 'String', Overwrite: true, ...changes });

/** One for each row of the table: without it, this does not compile. */
const WALKS: Readonly<Record<QuotaName, Walk>> = {
  commandInstances: walk('ValidationException', (n) => send({ InstanceIds: list(n, () => ID) })),
  comment: walk('ValidationException', (n) => send({ Comment: x(n) })),
  deliveryTimeout: walk('ValidationException', (n) => send({ TimeoutSeconds: n })),
  standardOutput: walk('cut', (n) => output('stdout', n)),
  standardError: walk('cut', (n) => output('stderr', n)),
  executionTimeout: walk('3600', (n) => (executionTimeoutOf(String(n)) === n ? '' : '3600')),
  documentContent: walk('StackError', (n) => document(x(n - 2))),
  parameterValue: walk('ValidationException', (n) => parameter({ Value: x(n) })),
  parameterLevels: walk('HierarchyLevelLimitExceededException', (n) => parameter({ Name: '/a'.repeat(n) })),
  payload: walk('ValidationException', (n) => start({ input: JSON.stringify(x(n - 2)) })),
  historyEvents: walk('StatesError', (n) =>
    thrown(() => {
      const history = new History(() => 0);
      list(n - 1, () => history.add('PassStateEntered', 'S'));
    }),
  ),
  executionName: walk('ValidationException', (n) => start({ name: x(n) })),
  taskToken: walk('ValidationException', (n) => fail({ taskToken: x(n) })),
  errorName: walk('ValidationException', (n) => fail({ error: x(n) })),
  errorCause: walk('ValidationException', (n) => fail({ cause: x(n) })),
  eventPayloads: walk('left out', (n) => {
    const frame = JSON.stringify({ input: JSON.stringify(''), output: null }).length;
    return payloadsOf({ input: x(n - frame), output: undefined })['input'] === null ? 'left out' : '';
  }),
  definition: walk('StackError', (n) => deploy({ stateMachines: [{ logicalId: 'M', definition: x(n - 2) }] })),
  describedInstances: walk('ValidationError', (n) =>
    form(
      'autoscaling',
      'DescribeAutoScalingInstances',
      Object.fromEntries(list(n, (index) => [`InstanceIds.member.${index + 1}`, ID])),
    ),
  ),
  hookTimeout: walk('ValidationError', (n) => hook({ heartbeatTimeout: n })),
  hookGlobalTimeout: walk('cut', (n) => (globalTimeout(n / 100) === n ? '' : 'cut')),
  hookMetadata: walk('ValidationError', (n) => hook({ metadata: x(n) })),
  hookName: walk('ValidationError', (n) => hook({ name: x(n) })),
  tags: walk('ValidationError', (n) =>
    thrown(() => {
      checkTags(Object.fromEntries(list(n, (index) => [`t${index}`, ''])));
    }),
  ),
  tagKey: walk('ValidationError', (n) =>
    thrown(() => {
      checkTags({ [x(n)]: '' });
    }),
  ),
  tagValue: walk('ValidationError', (n) =>
    thrown(() => {
      checkTags({ t: x(n) });
    }),
  ),
  // Names count: pk, sk, and one letter for the rest.
  item: walk('ValidationException', (n) => put({ ...key('LIMITS', 'i'), v: { S: x(n - 'pkLIMITSskiv'.length) } })),
  partitionKey: walk('ValidationException', (n) => put(key(x(n), 'k'))),
  sortKey: walk('ValidationException', (n) => put(key('LIMITS', x(n)))),
  transactItems: walk('ValidationException', (n) => transact(n)),
  clientRequestToken: walk('ValidationException', (n) => transact(1, { ClientRequestToken: x(n) })),
  batchGetKeys: walk('ValidationException', (n) =>
    call('dynamodb', 'BatchGetItem', {
      RequestItems: { 'skep-dev': { Keys: list(n, (index) => key('LIMITS', String(index))) } },
    }),
  ),
  topicMessage: walk('InvalidParameter', (n) => form('sns', 'Publish', { TopicArn: TOPIC, Message: x(n) })),
  topicSubject: walk('InvalidParameter', (n) =>
    form('sns', 'Publish', { TopicArn: TOPIC, Message: 'x', Subject: x(n) }),
  ),
  event: walk('ValidationException', event),
  pattern: walk('StackError', (n) => rule({ pattern: { source: [x(n - '{"source":[""]}'.length)] } })),
  targets: walk('StackError', (n) => rule({ targets: list(n, () => ({ input: undefined })) })),
  targetInput: walk('StackError', (n) => rule({ targets: [{ input: x(n) }] })),
  functionTimeout: walk('StackError', (n) => fn({ timeout: n })),
  functionMemory: walk('StackError', (n) => fn({ memory: n })),
  functionEnvironment: walk('StackError', (n) => fn({ environment: { A: x(n - 1) } })),
  functionPayload: walk('Function.ResponseSizeTooLarge', (n) => invoke({ answer: n }, 'synchronous')),
  asynchronousPayload: walk('Lambda.RequestTooLargeException', (n) =>
    invoke({ text: x(n - '{"text":""}'.length) }, 'asynchronous'),
  ),
};

const rows = Object.entries(QUOTAS) as [QuotaName, Quota][];

describe('the limits of AWS', () => {
  it.each(rows)('%s is taken, one more is not', async (name, { value }) => {
    const { attempt, over } = WALKS[name];

    expect(await attempt(value)).not.toBe(over);
    expect(await attempt(value + 1)).toBe(over);
  });

  it.each(rows.filter(([, { min }]) => min !== undefined))('%s has a least, too', async (name, { min = 0 }) => {
    const { attempt, over } = WALKS[name];

    expect(await attempt(min)).not.toBe(over);
    expect(await attempt(min - 1)).toBe(over);
  });

  it.each(rows)('%s has a source', (_name, { source }) => {
    expect(source).toMatch(/^(model|docs|agent): \S/);
  });
});
