// Commands that an agent asks for over HTTP: by the lab's own agent, which is a program of its own, over real sockets.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import { Endpoint } from '../../../../lab/aws/endpoint.ts';
import { listen } from '../../../../lab/aws/http-server.ts';
import type { Listening } from '../../../../lab/aws/http-server.ts';
import type { Machines } from '../../../../lab/nodes/machines.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import { AgentMailbox } from '../../../../lab/aws/services/agent-mailbox.ts';
import { CommandRun } from '../../../../lab/aws/services/command-run.ts';
import type { SsmDocument } from '../../../../lab/aws/services/document.ts';
import type { DynamoDb } from '../../../../lab/aws/services/dynamodb.ts';
import type { Invocation } from '../../../../lab/aws/services/invocation.ts';
import { Rogues } from '../../../../lab/aws/services/rogue.ts';

const AGENT = fileURLToPath(new URL('../../../../lab/agent/main.ts', import.meta.url));
const INSTANCE = 'i-0123456789abcdef0';
const OTHER = 'i-0fedcba9876543210';

describe('an agent that asks over HTTP', () => {
  let clock: Clock;
  let listening: Listening;
  let mailbox: AgentMailbox;
  let agents: ChildProcess[];
  let registered: string[];
  let number: number;
  const defects: unknown[] = [];

  beforeEach(async () => {
    clock = new Clock({ virtual: false, start: Date.now() });
    registered = [];
    agents = [];
    number = 0;
    defects.length = 0;
    mailbox = new AgentMailbox({
      clock,
      registered: (instanceId) => registered.push(instanceId),
      onDefect: (error) => defects.push(error),
    });
    const endpoint = new Endpoint({
      services: [mailbox.messages, mailbox.registration],
      dynamodb: {} as unknown as DynamoDb,
      // The key says whose it is.
      gate: { callerOf: (name) => ({ kind: 'instance', name }), authorize: () => undefined },
      clock,
      random: seededRandom(1),
    });
    listening = await listen((request) => endpoint.serve(request), 0);
  });

  afterEach(async () => {
    for (const agent of agents) agent.kill('SIGKILL');
    await listening.close();
    clock.stop();
    expect(defects).toEqual([]);
  });

  const startAgent = (as = INSTANCE): void => {
    agents.push(
      spawn(process.execPath, [AGENT, listening.url, INSTANCE, as], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
  };

  /** Sends a command as RunCommand does it, and resolves with how it ended. */
  const send = (
    script: string,
    parameters: SsmDocument['parameters'] = {},
    values: Readonly<Record<string, string>> = {},
    executionTimeout = 60,
  ): { run: CommandRun; ended: Promise<Invocation> } => {
    const ended = Promise.withResolvers<Invocation>();
    const { promise } = ended;
    number += 1;
    const now = clock.now();
    const invocation: Invocation = {
      commandId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      ...{ document: 'skep-dev-work', verb: 'work', instanceId: INSTANCE, comment: '', parameters: {} },
      ...{
        requestedAt: now,
        deliverBefore: now + 60_000,
        acceptedAt: undefined,
        startedAt: undefined,
        endedAt: undefined,
      },
      ...{
        status: 'Pending',
        statusDetails: 'Pending',
        responseCode: -1,
        stdout: '',
        stderr: '',
        lag: 0,
        clockAhead: 0,
      },
      cancelTimeout: () => undefined,
    };
    const run = new CommandRun(
      {
        ...{ clock, faults: [], deliveryLatency: 0, machines: {} as Machines },
        rogues: new Rogues(clock, seededRandom(1)),
        offer: (instanceId, job) => {
          mailbox.deliver(instanceId, job);
        },
        restart: () => undefined,
        ended: (one) => {
          ended.resolve(one);
        },
        onDefect: (error) => defects.push(error),
      },
      invocation,
      {
        document: {
          ...{ name: 'skep-dev-work', verb: 'work', script },
          parameters: { executionTimeout: { type: 'String', allowedPattern: '^[0-9]+$' }, ...parameters },
        },
        values: { executionTimeout: String(executionTimeout), ...values },
        executionTimeout,
      },
    );
    run.deliver();
    return { run, ended: promise };
  };

  const ask = async (operation: string, input: object, as = INSTANCE): Promise<{ status: number; text: string }> => {
    const credential = `${as}/20260101/eu-west-1/ec2messages/aws4_request`;
    const response = await fetch(listening.url, {
      method: 'POST',
      headers: {
        'x-amz-target': `EC2WindowsMessageDeliveryService.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`,
      },
      body: JSON.stringify(input),
    });
    return { status: response.status, text: await response.text() };
  };

  const getMessages = (visibility: number, as = INSTANCE): Promise<{ status: number; text: string }> =>
    ask('GetMessages', { Destination: INSTANCE, MessagesRequestId: 'one', VisibilityTimeoutInSeconds: visibility }, as);

  it('makes itself known, runs scripts with their values, and tells their output and their exit codes', async () => {
    startAgent();
    const name = { type: 'String', allowedPattern: '^[a-z ]+$', interpolationType: 'ENV_VAR' } as const;
    const first = send('echo "for $SSM_name"', { name }, { name: 'an agent' });
    const second = send('echo no >&2; exit 41');

    expect(await first.ended).toMatchObject({ status: 'Success', responseCode: 0, stdout: 'for an agent\n' });
    expect(await second.ended).toMatchObject({
      ...{ status: 'Failed', responseCode: 41 },
      stderr: 'no\nfailed to run commands: exit status 41',
    });
    expect(registered).toEqual([INSTANCE]);
  });

  it('refuses a document whose pattern it cannot compile, and says why', async () => {
    startAgent();
    const nested = { type: 'String', allowedPattern: '^((a{0,99}){0,99})$' } as const;

    expect(await send('echo never', { nested }, { nested: 'a' }).ended).toMatchObject({
      ...{ status: 'Failed', responseCode: -1, stdout: '' },
      stderr: expect.stringContaining('parameter nested'),
    });
  });

  it('kills a script at its time-out, and one that is cancelled, with all that is of its process group', async () => {
    startAgent();
    const late = send('echo begun; sleep 60', {}, {}, 1);

    expect(await late.ended).toMatchObject({
      ...{ status: 'TimedOut', statusDetails: 'ExecutionTimedOut', responseCode: 137, stdout: 'begun\n' },
    });
    const cancelled = send('echo begun; sleep 60');
    while (cancelled.run.invocation.status !== 'InProgress') await clock.sleep(20);
    cancelled.run.cancel();
    expect(await cancelled.ended).toMatchObject({ status: 'Cancelled', responseCode: 137 });
  });

  it('is given again what it has not acknowledged, and never what it has', async () => {
    const { run } = send('true');
    const first = await getMessages(1);
    const second = await getMessages(1);

    const messageId = `aws.ssm.${run.invocation.commandId}.${INSTANCE}`;
    for (const { text } of [first, second]) {
      expect(JSON.parse(text)).toMatchObject({
        MessagesRequestId: 'one',
        Messages: [
          { MessageId: messageId, Destination: INSTANCE, Topic: expect.stringMatching(/^aws\.ssm\.sendCommand/) },
        ],
      });
    }
    expect(run.invocation.status).toBe('Pending');
    expect(await ask('AcknowledgeMessage', { MessageId: messageId })).toEqual({ status: 200, text: '{}' });
    expect(run.invocation.status).toBe('InProgress');
    send('true');
    const third = JSON.parse((await getMessages(10)).text) as { Messages: { MessageId: string }[] };
    expect(third.Messages.map((one) => one.MessageId)).not.toContain(messageId);
  });

  it('ends a command that it has no use for', async () => {
    const { run, ended } = send('true');
    await getMessages(10);
    await ask('FailMessage', {
      MessageId: `aws.ssm.${run.invocation.commandId}.${INSTANCE}`,
      FailureType: 'InternalHandlerException',
    });

    expect(await ended).toMatchObject({ status: 'Failed', responseCode: -1, stdout: '' });
  });

  it('is not given the commands of another instance', async () => {
    send('true');

    const { status, text } = await getMessages(10, OTHER);
    expect([status, text]).toEqual([400, expect.stringContaining('AccessDeniedException')]);
  });
});
