// `skep verify` against a lab: everything holds; made wrong in one point, that line fails and no other.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ScenarioRun } from '../../lab/scenario/run.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { AwsError } from '../../lab/aws/services/service.ts';
import { ASSUMPTION_IDS, findings } from '../../src/core/verify/assumptions.ts';
import { lookToVerify } from '../../src/operations/look-to-verify.ts';
import type { VerifyPorts } from '../../src/operations/look-to-verify.ts';
import { onLab, startSkep } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';
import { answerOtherwise, changed, refusing, verifyPorts } from '../support/verify-lab.ts';
import { playSmallCluster } from '../support/small-cluster.ts';

let run: ScenarioRun;
let ports: VerifyPorts;
beforeAll(async () => {
  run = await playSmallCluster('verify');
  ports = verifyPorts(run.lab);
}, 120_000);
afterAll(() => run.close());

const verify = (...args: readonly string[]): Promise<Ended> => startSkep(['verify', ...args], onLab(run.lab.url)).ended;

/** Without the command around it, which takes a second of the processor each time. */
async function verdicts(group?: string): Promise<{ wrong: string[]; open: string[] }> {
  const all = findings(await lookToVerify(ports, group), 'dev');
  const of = (verdict: string): string[] => all.filter((one) => one.verdict === verdict).map(({ id }) => id);
  return { wrong: of('wrong'), open: of('not settled') };
}

/** Which of the planted differences that stay were found so far. */
const found: string[] = [];

/** Planted below by what the lab itself has for it. */
const KNOBS = ['default-versions', 'table-protected', 'hooks', 'retention', 'dead-letters', 'agents'];

type Members = Record<string, unknown>;
const listIn = (answer: Members, key: string): Members[] => answer[key] as Members[];

/** What AWS would have to answer for an assumption to be wrong: in which line it must be found, and which call answers so. */
const OTHER_ANSWERS: readonly (readonly [id: string, call: string, other: Parameters<typeof answerOtherwise>[2]])[] = [
  [
    'stack',
    'cloudformation.DescribeStacks',
    changed((answer) => ({
      ...answer,
      Stacks: listIn(answer, 'Stacks').map((one) => ({ ...one, StackStatus: 'UPDATE_ROLLBACK_COMPLETE' })),
    })),
  ],
  [
    'parts',
    'cloudformation.ListStackResources',
    changed((answer) => ({
      ...answer,
      StackResourceSummaries: listIn(answer, 'StackResourceSummaries').map((one) => ({
        ...one,
        ResourceStatus: 'DELETE_FAILED',
      })),
    })),
  ],
  ['node-policies', 'cloudformation.ListExports', changed((answer) => ({ ...answer, Exports: [] }))],
  [
    'table-keys',
    'dynamodb.DescribeTable',
    changed((answer) => ({
      Table: { ...(answer['Table'] as Members), KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] },
    })),
  ],
  [
    'documents',
    'ssm.DescribeDocument',
    ({ Name }) => (Name === 'skep-dev-rotate' ? gone('InvalidDocument') : undefined),
  ],
  ['machines', 'states.DescribeStateMachine', changed((answer) => ({ ...answer, type: 'EXPRESS' }))],
  [
    'partition',
    'states.DescribeStateMachine',
    // Of the smallest one: what is not the text that was deployed, the lab validates anew.
    changed((answer) =>
      answer['name'] === 'skep-dev-rotate-tokens'
        ? { ...answer, definition: String(answer['definition']).replaceAll('arn:aws:states', 'arn:aws-cn:states') }
        : answer,
    ),
  ],
  [
    'definitions',
    'states.ValidateStateMachineDefinition',
    changed((answer) => ({ ...answer, diagnostics: [{ severity: 'ERROR', code: 'SCHEMA', message: 'planted' }] })),
  ],
  ['unknown-command', 'ssm.GetCommandInvocation', refusing('InvalidCommandId')],
  ['unknown-node', 'ssm.SendCommand', refusing('ValidationException')],
  ['unknown-token', 'states.SendTaskSuccess', () => Promise.resolve({})],
  ['unknown-execution', 'states.DescribeExecution', refusing('InvalidArn')],
  ['unknown-instance', 'ec2.DescribeInstances', () => Promise.resolve({ Reservations: [] })],
  ['unknown-parameter', 'ssm.GetParameter', refusing('AccessDeniedException')],
  ['unmet-condition', 'dynamodb.UpdateItem', () => Promise.resolve({})],
  [
    'join-tokens',
    'ssm.GetParameter',
    ({ WithDecryption }) =>
      WithDecryption === true ? Promise.resolve({ Parameter: { Value: 'SWMTKN-1-planted' } }) : undefined,
  ],
  ['since-milliseconds', 'ssm.ListCommands', refusing('InvalidFilterValue')],
  ['no-such-action', 'autoscaling.CompleteLifecycleAction', refusing('ValidationError', 'Rate exceeded')],
];

function gone(name: string): Promise<never> {
  return Promise.reject(new AwsError(name, 'it is planted'));
}

describe('skep verify', () => {
  it('finds in a lab that everything holds', async () => {
    expect(await verdicts()).toEqual({ wrong: [], open: [] });
  }, 60_000);

  it('prints a table, what is wrong, and what rests on it', async () => {
    run.lab.runCommand.versions.set('skep-dev-join', { defaultVersion: '1', latestVersion: '2' });
    const { code, stdout, stderr } = await verify();
    run.lab.runCommand.versions.clear();
    expect(code).toBe(2);
    expect(stdout).toContain('default-versions: join: default 1, latest 2\n  what rests on it: ');
    expect(stdout).toMatch(/\d+ hold, 1 wrong, 0 not settled\n$/);
    expect(stderr).toContain('wrong: default-versions\n');
  }, 60_000);

  it('says what it could not look at where there is no such group', async () => {
    const open = ['hooks', 'retention', 'agents', 'no-such-action', 'since-milliseconds'];
    expect((await verdicts('nobodys')).open.toSorted()).toEqual(open.toSorted());
  }, 60_000);

  it('says that a stage is not there, as JSON too', async () => {
    const { code, stdout } = await verify('--stage', 'nowhere', '--json');
    expect(code).toBe(2);
    const stack = 'there is no stack skep-nowhere in this account and region';
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ id: 'stack', verdict: 'not settled', seen: stack }),
    );
  }, 60_000);

  it.each(OTHER_ANSWERS)(
    'a lab that answers otherwise fails %s',
    async (id, call, other) => {
      const end = answerOtherwise(run.lab, call, other);
      expect(await verdicts().finally(end)).toEqual({ wrong: [id], open: [] });
    },
    60_000,
  );

  it.each<readonly [string, () => unknown]>([
    ['table-protected', () => (run.lab.tables.isProtected = false)],
    ['hooks', () => takeStep(run, { hook: { group: 'workers', of: 'launch', change: null } })],
    ['retention', () => (run.lab.autoScaling.group('managers').retain = false)],
    [
      'dead-letters',
      () => run.lab.bus.deadLetters.push({ at: 0, rule: '', target: '', error: 'planted', event: {}, failed: true }),
    ],
    ['agents', () => takeStep(run, { agent: { group: 'workers', leader: false, online: false } })],
  ])(
    'a lab that is wrong in %s fails that line',
    async (id, plant) => {
      await plant();
      const { wrong } = await verdicts();
      // What was planted before is there still.
      expect(wrong.filter((one) => !found.includes(one))).toEqual([id]);
      found.push(id);
    },
    60_000,
  );

  it('has a planted difference in the lab for each assumption', () => {
    const planted = new Set([...OTHER_ANSWERS.map(([id]) => id), ...KNOBS]);

    expect(ASSUMPTION_IDS.filter((id) => !planted.has(id))).toEqual([]);
    expect(planted.size).toBeGreaterThanOrEqual(20);
  });
});
