// What comes in that is no request: AWS's error goes out, the server lives on, and nothing has changed.
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { FIDELITY } from '../../lab/aws/fidelity.ts';
import { DYNAMODB_REQUEST_LIMIT, REQUEST_LIMIT } from '../../lab/aws/protocols/requests.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { authorizationFor, post, TARGETS, VERSIONS } from '../support/raw-call.ts';

const SCENARIO = `
name: bad input
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 10m
`;

let run: ScenarioRun;

beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'bad-input'), { nodes: 'simulated' });
  await play(run);
}, 120_000);
afterAll(() => run.close());

const asJson = (service: string, operation: string): Record<string, string> => ({
  authorization: authorizationFor(service),
  'x-amz-target': `${TARGETS[service] ?? service}.${operation}`,
});
const asForm = (service: string): Record<string, string> => ({ authorization: authorizationFor(service) });
const action = (Action: string, service: string, fields: Record<string, string> = {}): string =>
  new URLSearchParams({ Action, Version: VERSIONS[service] ?? '', ...fields }).toString();
const ask = async (headers: Record<string, string>, body: string): Promise<string> => {
  const { code, status } = await post(run.lab.url, headers, body);
  return `${code} ${status}`;
};

/** All that a request could change. */
async function state(): Promise<string> {
  const person = { kind: 'person', name: 'lab' } as const;
  const { Items: items } = (await run.lab.endpoint.call('dynamodb', 'Scan', { TableName: 'skep-dev' }, person)) as {
    Items: unknown;
  };
  const groups = [...run.lab.autoScaling.groups.values()].map(({ name, desired, members }) => ({
    name,
    desired,
    members: [...members.values()],
  }));
  const commands = [...run.lab.runCommand.commands].length;
  const executions = run.lab.executions.length;
  return JSON.stringify({
    items,
    groups,
    commands,
    executions,
    defects: run.lab.defects,
    open: run.lab.autoScaling.actions.size,
  });
}

describe('a request that is none', () => {
  const describeGroups = action('DescribeAutoScalingGroups', 'autoscaling');
  const rows: [string, Record<string, string>, string, string][] = [
    [
      'without a signature, in JSON',
      { 'x-amz-target': 'AmazonSSM.ListCommands' },
      '{}',
      'MissingAuthenticationTokenException 400',
    ],
    ['without a signature, as a form', {}, describeGroups, 'MissingAuthenticationToken 403'],
    ['with a signature of another kind', { authorization: 'AWS lab:lab' }, describeGroups, 'IncompleteSignature 400'],
    ['that is no JSON', asJson('ssm', 'ListCommands'), '{"InstanceId"', 'SerializationException 400'],
    ['that is no object', asJson('states', 'ListStateMachines'), '[1]', 'SerializationException 400'],
    ['with a member of another type', asJson('ssm', 'ListCommands'), '{"InstanceId":1}', 'SerializationException 400'],
    ['with an operation that nobody knows', asJson('ssm', 'Nothing'), '{}', 'UnknownOperationException 400'],
    ['with an operation of all objects', asJson('dynamodb', 'constructor'), '{}', 'UnknownOperationException 400'],
    ['with a target that nobody knows', asJson('Nobody', 'Nothing'), '{}', 'UnknownOperationException 400'],
    [
      'with no operation in its target',
      { ...asJson('ssm', ''), 'x-amz-target': 'AmazonSSM' },
      '{}',
      'UnknownOperationException 400',
    ],
    ['with an action that nobody knows', asForm('autoscaling'), action('Nothing', 'autoscaling'), 'InvalidAction 400'],
    ['with an action of all objects', asForm('ec2'), action('toString', 'ec2'), 'InvalidAction 400'],
    ['without an action', asForm('ec2'), 'Version=2016-11-15', 'MissingAction 400'],
    ['of a version that nobody knows', asForm('ec2'), 'Action=DescribeInstances&Version=1', 'NoSuchVersion 400'],
    [
      'with a parameter too many',
      asForm('ec2'),
      action('DescribeInstances', 'ec2', { Nothing: '1' }),
      'UnknownParameter 400',
    ],
    ['with a parameter too few', asForm('ec2'), action('TerminateInstances', 'ec2'), 'MissingParameter 400'],
    [
      'with a malformed filter',
      asForm('ec2'),
      action('DescribeInstances', 'ec2', { 'Filter.1': 'x' }),
      'InvalidParameterValue 400',
    ],
    [
      'with a malformed id',
      asForm('ec2'),
      action('DescribeInstances', 'ec2', { 'InstanceId.1': 'i-1' }),
      'InvalidInstanceID.Malformed 400',
    ],
    [
      'that is too large',
      asJson('ssm', 'ListCommands'),
      ' '.repeat(REQUEST_LIMIT) + '{}',
      'RequestEntityTooLargeException 413',
    ],
    [
      'that is too large for every service',
      asJson('dynamodb', 'Scan'),
      ' '.repeat(DYNAMODB_REQUEST_LIMIT) + '{}',
      'RequestEntityTooLargeException 413',
    ],
    ['of a service that is not there', asForm('lambda'), '', 'UnknownOperationException 400'],
  ];

  it.each(rows)('%s', async (_what, headers, body, error) => {
    const before = await state();

    expect(await ask(headers, body)).toBe(error);
    expect(await state()).toBe(before);
  });

  it.each([
    'TRACE / HTTP/1.1',
    'GET http://elsewhere/ HTTP/1.1',
    'POST / HTTP/1.1\r\ncontent-length: 99',
    'no HTTP at all',
  ])('no HTTP that one could answer, and the server lives on: %s', async (head) => {
    const before = await state();
    await sendRaw(Number(new URL(run.lab.url).port), `${head}\r\nhost: lab\r\n\r\n`);

    expect(await ask(asForm('autoscaling'), describeGroups)).toBe(' 200');
    expect(await state()).toBe(before);
  });
});

/** Sends, waits for an answer or a moment, and goes away. */
function sendRaw(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const end = (): void => {
      socket.destroy();
      resolve();
    };
    socket.once('data', end).once('error', end).once('close', end).setTimeout(300, end);
  });
}

const READING = /^(Describe|List|Get|BatchGet|Query|Scan)/;
const calls = (services: Readonly<Record<string, string>>): fc.Arbitrary<readonly [string, string]> =>
  fc.constantFrom(
    ...Object.entries(FIDELITY)
      .filter(([service]) => Object.hasOwn(services, service))
      .flatMap(([service, operations]) => Object.keys(operations).map((one) => [service, one] as const)),
  );
/** Names that are members somewhere, and names that are trouble. */
const names = fc.oneof(
  fc.constantFrom(
    'InstanceIds',
    'Filters',
    'Name',
    'Key',
    'TableName',
    'Parameters',
    'taskToken',
    'executionArn',
    'nextToken',
  ),
  fc.constantFrom('__proto__', 'constructor', 'toString', '', '.', 'member', '1'),
  fc.string(),
);
const bodies = fc.oneof(
  fc.string(),
  fc.json(),
  fc.dictionary(names, fc.jsonValue()).map((value) => JSON.stringify(value)),
);
const forms = fc.array(
  fc.tuple(
    fc.array(names, { maxLength: 4 }).map((parts) => parts.join('.')),
    fc.string(),
  ),
);

describe('whatever comes in', () => {
  const refused = (answer: string): boolean => /^\S* (400|403|413) *$/.test(answer) && !answer.startsWith('Internal');

  it('JSON: is answered as AWS does, and changes nothing', async () => {
    const before = await state();
    await fc.assert(
      fc.asyncProperty(calls(TARGETS), bodies, async ([service, operation], body) => {
        const answer = await ask(asJson(service, operation), body);
        expect(refused(answer) || (READING.test(operation) && answer === ' 200') ? '' : `${operation} ${answer}`).toBe(
          '',
        );
      }),
      { numRuns: 400 },
    );
    expect(await state()).toBe(before);
  }, 60_000);

  it('forms: are answered as AWS does, and change nothing', async () => {
    const before = await state();
    await fc.assert(
      fc.asyncProperty(calls(VERSIONS), forms, async ([service, operation], fields) => {
        const body = `${action(operation, service)}&${new URLSearchParams(fields).toString()}`;
        const answer = await ask(asForm(service), body);
        const allowed = READING.test(operation) && answer === ' 200';
        expect(refused(answer) || allowed ? '' : `${operation} ${answer}`).toBe('');
      }),
      { numRuns: 400 },
    );
    expect(await state()).toBe(before);
  }, 60_000);

  it('targets, signatures and actions: are answered as AWS does, and change nothing', async () => {
    const before = await state();
    const header = fc.string({ unit: fc.constantFrom(...Array.from('aAzZ09 ._-/=,:%*')), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(header, header, bodies, async (target, authorization, body) => {
        expect(refused(await ask({ 'x-amz-target': target, authorization }, body))).toBe(true);
        expect(refused(await ask({ authorization: authorizationFor('ec2') }, body))).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(await state()).toBe(before);
  }, 60_000);
});
