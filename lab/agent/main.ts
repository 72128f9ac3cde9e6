// The lab's own SSM agent: a program that asks for its commands over HTTP, runs their scripts, and tells how they ended.
//
// node lab/agent/main.ts ENDPOINT [INSTANCE_ID ACCESS_KEY_ID]
//
// Without an instance it asks instance metadata whose agent it is, and for the credentials of the role.
//
// It speaks what an SSM agent speaks over ec2messages, so that this is tried without one. Requests have the form of signed ones, and no
// signature: the lab asks whose they are, and checks no more.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { command } from '../nodes/docker/processes.ts';
import { whyRefused } from '../aws/services/agent-patterns.ts';
import { resultOf } from '../aws/services/agent-result.ts';
import type { Result } from '../aws/services/agent-result.ts';
import { renderScript } from '../aws/services/document.ts';
import type { SsmDocument } from '../aws/services/document.ts';

/** As many scripts as an agent runs at a time. */
const WORKERS = 5;
/** A pause after a request that was answered at once, ms: the agent makes one of 2 to 2.5 s. */
const PAUSE = 2000;
/** More than a result shows of a script's output: what makes the result cuts it. */
const KEPT = 30_000;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const METADATA = 'http://169.254.169.254/latest';
/** Longer than a request for messages is held, ms. */
const PATIENCE = 40_000;

const messages = z.object({
  Messages: z.array(z.object({ MessageId: z.string(), Topic: z.string(), Payload: z.string() })),
});
type Message = z.infer<typeof messages>['Messages'][number];

const payload = z.object({
  Parameters: z.record(z.string(), z.string()),
  DocumentName: z.string(),
  DocumentContent: z.object({
    parameters: z.custom<SsmDocument['parameters']>((value) => typeof value === 'object'),
    mainSteps: z.tuple([z.object({ name: z.string(), inputs: z.object({ runCommand: z.array(z.string()) }) })]),
  }),
});
const cancelling = z.object({ CancelMessageId: z.string() });

interface Identity {
  readonly instanceId: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly sessionToken?: string;
}

const role = z.object({ AccessKeyId: z.string(), Token: z.string() });

const [endpoint = '', givenInstance, givenKey = ''] = process.argv.slice(2);
const running = new Map<string, AbortController>();
const waiting: Message[] = [];

async function metadata(path: string, token: string): Promise<string> {
  const headers = { 'x-aws-ec2-metadata-token': token };
  const response = await fetch(`${METADATA}/meta-data/${path}`, { headers, signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) {
    throw new Error(`instance metadata: ${path}: ${response.status}`);
  }
  return response.text();
}

/** By version 2 of instance metadata. */
async function askWhoIAm(): Promise<Identity> {
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' };
  const asked = await fetch(`${METADATA}/api/token`, { method: 'PUT', headers, signal: AbortSignal.timeout(PATIENCE) });
  const token = await asked.text();
  const name = await metadata('iam/security-credentials/', token);
  const credentials = role.parse(JSON.parse(await metadata(`iam/security-credentials/${name}`, token)));
  return {
    instanceId: await metadata('instance-id', token),
    region: await metadata('placement/region', token),
    accessKeyId: credentials.AccessKeyId,
    sessionToken: credentials.Token,
  };
}

/** An agent is of no use before it has been answered. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      complain(error);
      await sleep(PAUSE);
    }
  }
}

/** The network is away at times. What was said twice counts once, so that every call may be made again. */
async function send(headers: Record<string, string>, body: string): Promise<Response> {
  return insist(async () => {
    const response = await fetch(endpoint, { method: 'POST', headers, body, signal: AbortSignal.timeout(PATIENCE) });
    if (response.status >= 500) {
      throw new Error(`${response.status} ${await response.text()}`);
    }
    return response;
  });
}

async function call(service: 'ec2messages' | 'ssm', operation: string, input: object): Promise<unknown> {
  const { accessKeyId, region, sessionToken } = me;
  const prefix = service === 'ssm' ? 'AmazonSSM' : 'EC2WindowsMessageDeliveryService';
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const scope = `${accessKeyId}/${day}/${region}/${service}/aws4_request`;
  const response = await send(
    {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${prefix}.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-target, Signature=none`,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    },
    JSON.stringify(input),
  );
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${operation}: ${response.status} ${text}`);
  }
  return JSON.parse(text);
}

const additionalInfo = (counts: Record<string, number>): object => ({
  agent: { lang: 'en-US', name: 'amazon-ssm-agent', os: '', osver: '1', ver: '3.3.0.0' },
  dateTime: new Date().toISOString(),
  runId: '',
  runtimeStatusCounts: counts,
});

async function reply(messageId: string, told: object): Promise<void> {
  await call('ec2messages', 'SendReply', {
    MessageId: messageId,
    ReplyId: randomUUID(),
    Payload: JSON.stringify(told),
  });
}

async function refuse(messageId: string, why: string): Promise<void> {
  await reply(messageId, {
    ...{ additionalInfo: additionalInfo({}), documentStatus: 'Failed' },
    ...{ documentTraceOutput: why, runtimeStatus: null },
  });
  await call('ec2messages', 'AcknowledgeMessage', { MessageId: messageId });
}

async function work({ MessageId: messageId, Payload: text }: Message): Promise<void> {
  const { Parameters: values, DocumentContent: content, DocumentName: name } = payload.parse(JSON.parse(text));
  const [step] = content.mainSteps;
  const script = step.inputs.runCommand.join('\n');
  const document: SsmDocument = { name, verb: step.name, script, parameters: content.parameters };
  const why = whyRefused(document, values);
  if (why !== undefined) {
    await refuse(messageId, why);
    return;
  }
  await reply(messageId, {
    ...{ additionalInfo: additionalInfo({}), documentStatus: 'InProgress' },
    ...{ documentTraceOutput: '', runtimeStatus: null },
  });
  await call('ec2messages', 'AcknowledgeMessage', { MessageId: messageId });
  const startDateTime = new Date().toISOString();
  const result = await run(messageId, document, values);
  const { status, code, stdout, stderr } = result;
  const told = {
    name: 'aws:runShellScript',
    stepName: step.name,
    startDateTime,
    endDateTime: new Date().toISOString(),
  };
  await reply(messageId, {
    ...{ additionalInfo: additionalInfo({ [status]: 1 }), documentStatus: status, documentTraceOutput: '' },
    runtimeStatus: {
      [step.name]: {
        ...told,
        ...{ status, code, output: stdout, standardOutput: stdout, standardError: stderr },
        ...{ outputS3BucketName: '', outputS3KeyPrefix: '' },
      },
    },
  });
  await call('ec2messages', 'DeleteMessage', { MessageId: messageId });
}

/** A file in a folder of its own, in a process group of its own, which is what a time-out or a cancellation kills. */
async function run(messageId: string, document: SsmDocument, values: Record<string, string>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-'));
  const stop = new AbortController();
  running.set(messageId, stop);
  try {
    const file = join(folder, '_script.sh');
    await writeFile(file, renderScript(document, values), { mode: 0o700 });
    const env: Record<string, string> = { PATH: process.env['PATH'] ?? PATH };
    // Where it has it itself: documents ask AWS, too.
    const aws = process.env['AWS_ENDPOINT_URL_SSM'];
    if (aws !== undefined) env['AWS_ENDPOINT_URL_SSM'] = aws;
    for (const [name, { interpolationType }] of Object.entries(document.parameters)) {
      if (interpolationType === 'ENV_VAR') {
        env[`SSM_${name}`] = values[name] ?? '';
      }
    }
    const timeoutMs = Number(values['executionTimeout'] ?? 3600) * 1000;
    return resultOf(await command('/bin/sh', [file], { env, timeoutMs, keep: KEPT, cancelled: stop.signal }));
  } finally {
    running.delete(messageId);
    await rm(folder, { recursive: true, force: true });
  }
}

async function take(message: Message): Promise<void> {
  const { MessageId: messageId, Topic: topic, Payload: text } = message;
  if (topic.startsWith('aws.ssm.cancelCommand')) {
    await call('ec2messages', 'AcknowledgeMessage', { MessageId: messageId });
    running.get(cancelling.parse(JSON.parse(text)).CancelMessageId)?.abort();
  } else if (topic.startsWith('aws.ssm.sendCommand')) {
    waiting.push(message);
    begin();
  } else {
    await call('ec2messages', 'FailMessage', { MessageId: messageId, FailureType: 'NoHandlerExists' });
  }
}

let busy = 0;
function begin(): void {
  while (busy < WORKERS) {
    const message = waiting.shift();
    if (message === undefined) {
      return;
    }
    busy += 1;
    void work(message)
      .catch(complain)
      .finally(() => {
        busy -= 1;
        begin();
      });
  }
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}

async function poll(): Promise<void> {
  const asked = Date.now();
  const answer = await call('ec2messages', 'GetMessages', {
    ...{ Destination: me.instanceId, MessagesRequestId: randomUUID(), VisibilityTimeoutInSeconds: 10 },
  });
  await Promise.all(messages.parse(answer).Messages.map(take));
  if (Date.now() - asked < 1000) {
    await sleep(PAUSE);
  }
}

const known = { AgentName: 'amazon-ssm-agent', AgentStatus: 'Active', AgentVersion: '3.3.0.0', PlatformType: 'Linux' };
const me: Identity =
  givenInstance === undefined
    ? await insist(askWhoIAm)
    : { instanceId: givenInstance, region: 'eu-west-1', accessKeyId: givenKey };
await insist(() => call('ssm', 'UpdateInstanceInformation', { InstanceId: me.instanceId, ...known }));
await call('ssm', 'ListInstanceAssociations', { InstanceId: me.instanceId });
for (;;) {
  await poll().catch(async (error: unknown) => {
    complain(error);
    await sleep(PAUSE);
  });
}
