import { SNSClient, PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { Verdicts } from '../../../src/store/verdicts.ts';
import { giveVerdict } from '../../../src/operations/give-verdict.ts';
import type { Tidied, VerdictPorts } from '../../../src/operations/give-verdict.ts';
import { keys } from '../../../src/core/names.ts';
import { SENDING } from '../../../src/core/verdict/notice.ts';
import type { TidySummary } from '../../../src/core/tidy/summary-shape.ts';
import { TABLE, useTable } from '../support/table.ts';
import { mockClient } from '../../support/mock-client.ts';

const NOW = 1_700_000_000;
const sns = mockClient(SNSClient);
const sqs = mockClient(SQSClient);
const ssm = mockClient(SSMClient);
let failures: string[] = [];
let now = NOW;

const seen = (reachable: number): TidySummary => ({
  at: now,
  managers: { members: 3, reachable, wanted: 3 },
  nodes: { total: 3, ready: reachable, down: 3 - reachable },
  inService: 3,
  notReady: { count: 0, instances: [] },
  waiting: [],
});
const ports = (verdicts = new Verdicts(test.client, TABLE)): VerdictPorts => ({
  verdicts,
  queues: sqs as unknown as SQSClient,
  deadLetters: 'url',
  telling: {
    topics: sns as unknown as SNSClient,
    parameters: ssm as unknown as SSMClient,
    topic: 'arn:topic',
    webhook: '/skep/dev/webhook',
    onFailure: (because) => failures.push(because),
    sleep: () => Promise.resolve(),
  },
  stage: 'dev',
  now: () => now,
});
const tidied = (execution: string, reachable: number): Tidied => ({
  cluster: 'demo',
  execution,
  seen: seen(reachable),
  failed: undefined,
  repairsFailed: 0,
});
const ids = (): string[] =>
  sns.commandCalls(PublishCommand).map(({ args: [{ input }] }) => input.MessageAttributes?.['id']?.StringValue ?? '');

const test = await useTable();
beforeEach(async () => {
  for (const mock of [sns, sqs, ssm]) mock.reset();
  failures = [];
  now = NOW;
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  ssm.on(GetParameterCommand).rejects(Object.assign(new Error('none'), { name: 'ParameterNotFound' }));
  sns.on(PublishCommand).resolves({});
  await test.client.send(new DeleteCommand({ TableName: TABLE, Key: keys.verdict('demo') }));
  await giveVerdict(ports(), tidied('before', 3));
});

describe('a verdict that is given', () => {
  it('is kept, and a change is published once, without a webhook where there is none', async () => {
    now += 600;
    await giveVerdict(ports(), tidied('a', 2));
    await giveVerdict(ports(), tidied('b', 2));

    expect(ids()).toHaveLength(1);
    expect((await test.get(keys.verdict('demo')))?.['verdict']).toMatchObject({ level: 'degraded' });
    expect((await new Verdicts(test.client, TABLE).read('demo')).outbox).toEqual({ notices: [], sender: undefined });
    expect(failures).toEqual([]);
  });

  it('by two tidies at once is told by one of them', async () => {
    now += 600;
    await Promise.all(['a', 'b', 'c'].map((execution) => giveVerdict(ports(), tidied(execution, 2))));

    expect(ids()).toHaveLength(1);
  });

  it('is told with the next try under the same id, when the topic did not take it', async () => {
    now += 600;
    sns.on(PublishCommand).rejectsOnce(new Error('throttled')).resolves({});
    await expect(giveVerdict(ports(), tidied('a', 2))).rejects.toThrow('throttled');
    await giveVerdict(ports(), tidied('a', 2));

    expect(ids()).toHaveLength(2);
    expect(new Set(ids()).size).toBe(1);
  });

  it('is told by the next tidy, when the function died between writing and publishing', async () => {
    now += 600;
    sns.on(PublishCommand).callsFake(() => {
      throw new Error('the function dies');
    });
    const dying = new Verdicts(test.client, TABLE);
    const write = dying.write.bind(dying);
    let writes = 0;
    // After its first write nothing of it happens any more.
    dying.write = (...given) => {
      writes += 1;
      return writes === 1 ? write(...given) : Promise.reject(new Error('the function is dead'));
    };
    await expect(giveVerdict(ports(dying), tidied('a', 2))).rejects.toThrow('dead');
    sns.reset();
    sns.on(PublishCommand).resolves({});
    await giveVerdict(ports(), tidied('b', 2));
    expect(ids()).toEqual([]);
    now += SENDING;
    await giveVerdict(ports(), tidied('c', 2));

    expect(ids()).toHaveLength(1);
  });

  it('is not that of an older look', async () => {
    now += 600;
    const late = tidied('late', 2);
    now += 60;
    await giveVerdict(ports(), tidied('a', 3));

    expect(await giveVerdict(ports(), late)).toBeUndefined();
    expect(ids()).toEqual([]);
  });

  it('does not fail where the webhook cannot be read, and says so', async () => {
    now += 600;
    ssm.on(GetParameterCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await giveVerdict(ports(), tidied('a', 2));

    expect(ids()).toHaveLength(1);
    expect(failures).toEqual([expect.stringContaining('/skep/dev/webhook cannot be read')]);
    const { outbox } = await new Verdicts(test.client, TABLE).read('demo');
    expect(outbox.notices.map(({ due }) => due)).toEqual([['webhook']]);
  });
});
