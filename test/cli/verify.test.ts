// `skep verify` against a lab: everything holds but what a lab cannot settle; made wrong in one point, that line fails and no other.
import { randomUUID } from 'node:crypto';

import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { findings } from '../../src/core/verify/assumptions.ts';
import { lookToVerify } from '../../src/operations/look-to-verify.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: verify
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
`;

let run: ScenarioRun;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'verify'), { nodes: 'simulated' });
  await play(run);
}, 120_000);
afterAll(() => run.close());

const verify = (...args: readonly string[]): Promise<Ended> => startSkep(['verify', ...args], onLab(run.lab.url)).ended;

/** Without the command around it, which takes a second of the processor each time. */
async function verdicts(group?: string): Promise<{ wrong: string[]; open: string[] }> {
  const client = {
    endpoint: run.lab.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  };
  const ports = {
    ...{ stage: 'dev', now: () => run.lab.clock.now(), uuid: () => randomUUID() },
    autoScaling: new AutoScalingClient(client),
    cloudFormation: new CloudFormationClient(client),
    ec2: new EC2Client(client),
    queues: new SQSClient({ ...client, useQueueUrlAsEndpoint: false }),
    ssm: new SSMClient(client),
    states: new SFNClient(client),
    table: DynamoDBDocumentClient.from(new DynamoDBClient(client)),
  };
  const all = findings(await lookToVerify(ports, group), 'dev');
  const of = (verdict: string): string[] => all.filter((one) => one.verdict === verdict).map(({ id }) => id);
  return { wrong: of('wrong'), open: of('not settled') };
}

describe('skep verify', () => {
  it('finds nothing wrong in a lab, which cannot settle what the validation of AWS says', async () => {
    expect(await verdicts()).toEqual({ wrong: [], open: ['definitions'] });
  }, 60_000);

  it('prints a table, what is wrong, and what rests on it', async () => {
    run.lab.runCommand.versions.set('skep-dev-join', { defaultVersion: '1', latestVersion: '2' });
    const { code, stdout, stderr } = await verify();
    run.lab.runCommand.versions.clear();
    expect(code).toBe(2);
    expect(stdout).toContain('default-versions: join: default 1, latest 2\n  what rests on it: ');
    expect(stdout).toMatch(/\d+ hold, 1 wrong, 1 not settled\n$/);
    expect(stderr).toContain('wrong: default-versions\n');
  }, 60_000);

  it('says what it could not look at where there is no such group', async () => {
    const open = ['hooks', 'retention', 'agents', 'no-such-action', 'since-milliseconds'];
    expect((await verdicts('nobodys')).open.toSorted()).toEqual(['definitions', ...open].toSorted());
  }, 60_000);

  it('says that a stage is not there, as JSON too', async () => {
    const { code, stdout } = await verify('--stage', 'nowhere', '--json');
    expect(code).toBe(2);
    const stack = 'there is no stack skep-nowhere in this account and region';
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ id: 'stack', verdict: 'not settled', seen: stack }),
    );
  }, 60_000);

  it.each<readonly [string, () => unknown]>([
    ['table-protected', () => (run.lab.tables.isProtected = false)],
    ['hooks', () => takeStep(run, { hook: { group: 'workers', of: 'launch', change: null } })],
    [
      'dead-letters',
      () => run.lab.bus.deadLetters.push({ at: 0, rule: '', target: '', error: 'planted', event: {}, failed: true }),
    ],
    ['agents', () => takeStep(run, { agent: { group: 'workers', leader: false, online: false } })],
  ])(
    'a lab that is wrong in %s fails that line',
    async (id, plant) => {
      const before = (await verdicts()).wrong;
      await plant();
      expect((await verdicts()).wrong.filter((one) => !before.includes(one))).toEqual([id]);
    },
    60_000,
  );
});
