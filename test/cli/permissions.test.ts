// What a person needs for each verb: the page's table names each action that a verb asks AWS for, as the lab's IAM sees it.
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { VERB_NAMES } from '../../cli/verbs.ts';
import { accessDenied } from '../../lab/aws/iam/refusal.ts';
import { play } from '../../lab/scenario/play.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { ManyCommands } from '../support/many-commands.ts';
import { whileTimePasses } from '../support/passing-time.ts';
import { STACK, onLab } from '../support/skep-command.ts';
import type { Ended } from '../support/skep-command.ts';

const SCENARIO = `
name: permissions
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 2 }
  pooled: { role: worker, desired: 1, warmPool: { prepared: 1, reuse: true } }
steps:
  - settle: 5m
  - service: { name: web, replicas: 2, order: start-first }
  - advance: 30s
  - tidy: {}
  - advance: 30s
  - fault: { event: { detail-type: ['EC2 Instance-terminate Lifecycle Action'] }, effect: drop, times: 1 }
  - scale: { group: pooled, to: 0 }
  - advance: 10s
`;

/** What is typed of each; several lines where one way through a verb leaves calls out. In this order: the last ones take away. */
const TYPED: readonly (readonly [verb: string, ...lines: string[]])[] = [
  ['create', 'create other', 'create other'],
  ['status', 'status', 'status demo'],
  ['nodes', 'nodes demo'],
  ['services', 'services demo'],
  ['why', 'why WORKER'],
  ['logs', 'logs WORKER'],
  ['events', 'events demo'],
  ['executions', 'executions demo'],
  ['doctor', 'doctor demo'],
  ['plan', 'plan demo'],
  ['tidy', 'tidy demo', 'tidy demo --repair-hooks'],
  ['drain', 'drain WORKER demo --yes'],
  ['activate', 'activate WORKER demo --yes'],
  ['redrive', 'redrive --yes --discard'],
  ['rebalance', 'rebalance demo'],
  ['rollback', 'rollback web demo'],
  ['hold', 'hold demo --because tests --again 0'],
  ['unhold', 'unhold demo'],
  ['rotate-tokens', 'rotate-tokens demo'],
  ['recover', 'recover demo --yes'],
  ['verify', 'verify --launch --group workers --yes'],
  ['adopt', 'adopt blue --group workers=worker --group managers=manager --check'],
  ['delete', 'delete other --yes'],
  ['remove', 'remove WORKER --yes'],
  ['refresh', 'refresh workers --dry-run', 'refresh workers --yes', 'refresh workers --cancel --yes'],
  ['erase', 'erase demo --yes'],
  ['remove-stack', 'remove-stack --check'],
];

/** What cannot be typed here: each of them has its own page, or needs what a lab has not. */
const ELSEWHERE = ['release', 'shell', 'connect', 'deploy', 'page', 'cluster'];
/** They change nothing, so that each can be typed once for each of its actions. */
const READS = ['status', 'nodes', 'services', 'why', 'logs', 'events', 'executions', 'doctor', 'plan'] as const;
/** They reach no AWS. */
const HERE = ['completion', 'user-data', 'lab'];

const [, section = ''] = readFileSync('docs/commands.md', 'utf8').split('## What a person needs');
const ROWS = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) +\| (.+?) *\|$/gm)].map(
  ([, verbs = '', needs = '']) => ({ verbs, needs }),
);
/** What the head of the table says of all. */
const ALWAYS = ['dynamodb:Query', 'dynamodb:GetItem'];

/** Patterns as IAM has them: `autoscaling:Describe*`. */
function rowOf(verb: string): RegExp[] {
  const rows = ROWS.filter(({ verbs }) => verbs.includes(`\`${verb}\``));
  const actions = rows.flatMap(({ needs }) =>
    [...needs.matchAll(/`([a-z0-9]+:[A-Za-z*]+)`/g)].map(([, one = '']) => one),
  );
  return [...ALWAYS, ...actions].map((one) => new RegExp(`^${one.replaceAll('*', '.*')}$`));
}

let run: ScenarioRun;
let commands: ManyCommands;
const asked = new Set<string>();
/** What a person may not, for the while of a test. */
const denied = new Set<string>();
const SOMEBODY = 'arn:aws:iam::123456789012:user/somebody';
const NOT_ALLOWED = { allowed: false, kind: 'identity', explicit: false } as const;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'permissions'), { nodes: 'simulated' });
  await play(run);
  commands = new ManyCommands();
  const letter = { at: 0, rule: 'skep-dev-launch', target: '', error: 'no' };
  run.lab.bus.deadLetters.push({ ...letter, event: {}, failed: false });
  const { iam } = run.lab;
  const authorize = iam.authorize.bind(iam);
  iam.authorize = (caller, service, operation, input) => {
    if (caller.kind === 'person') {
      for (const action of actionsOf(service, operation, input)) {
        asked.add(action);
        if (denied.has(action)) {
          throw accessDenied(service, { who: SOMEBODY, action, resource: undefined, decision: NOT_ALLOWED });
        }
      }
    }
    authorize(caller, service, operation, input);
  };
}, 240_000);
afterAll(async () => {
  commands.close();
  await run.close();
});

/** By then a refresh may have replaced all others. */
const youngest = (): string => [...(run.lab.autoScaling.groups.get('workers')?.members.keys() ?? [])].at(-1) ?? '';

const PARTS: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** Of a transaction IAM asks for each of its parts. */
function actionsOf(service: string, operation: string, input: Readonly<Record<string, unknown>>): string[] {
  if (!operation.startsWith('Transact')) {
    return [`${service}:${operation}`];
  }
  const parts = (input['TransactItems'] as readonly object[]).flatMap((item) => Object.keys(item));
  return parts.map((part) => `dynamodb:${PARTS[part] ?? part}`);
}

it('an instance of a warm pool that is a node still is shown by skep nodes as what it is', async () => {
  asked.clear();
  const { code, stdout } = await whileTimePasses(run, commands.skep(['nodes', 'demo'], onLab(run.lab.url)));
  expect(stdout).toMatch(/^i-[0-9a-f]{17} +pooled +eu-west-1[abc] +Warmed:Pending:Wait +running +worker /m);
  expect(stdout).toContain('Warmed:Pending:Wait, and its node is still in the swarm: the next tidy has it leave');
  expect([code, asked.has('autoscaling:DescribeAutoScalingInstances')]).toEqual([2, true]);
}, 120_000);

describe('what a person needs', () => {
  it.each(TYPED.map(([verb, ...lines]): [string, readonly string[]] => [verb, lines]))(
    'for %s',
    async (verb, lines) => {
      asked.clear();
      for (const line of lines) {
        const args = line.replace('WORKER', youngest()).split(' ');
        const { stdout, stderr } = await whileTimePasses(run, commands.skep(args, onLab(run.lab.url)));
        expect(stdout + stderr).not.toMatch(STACK);
      }
      const listed = rowOf(verb);
      // Of a row that lists more, some is for what was not typed here.
      expect({ verb, notListed: [...asked].filter((action) => !listed.some((one) => one.test(action))) }).toEqual({
        verb,
        notListed: [],
      });
      expect(asked.size).toBeGreaterThan(0);
    },
    120_000,
  );

  it.each(READS)(
    'and where one is missing, %s names the action, and prints no stack',
    async (verb) => {
      const [, line = verb] = TYPED.find(([name]) => name === verb) ?? [];
      const typed = (): Promise<Ended> =>
        whileTimePasses(run, commands.skep(line.replace('WORKER', youngest()).split(' '), onLab(run.lab.url)));
      asked.clear();
      await typed();
      const actions = [...asked];
      expect(actions.length).toBeGreaterThan(0);
      try {
        for (const action of actions) {
          denied.clear();
          denied.add(action);
          const { code, stdout, stderr } = await typed();
          expect([action, stdout + stderr]).toEqual([
            action,
            expect.stringContaining(`AWS denies ${action} to ${SOMEBODY}`),
          ]);
          expect([action, (stdout + stderr).match(STACK)]).toEqual([action, null]);
          // A status that had to leave out what it could not ask ends as the rest of it says.
          expect([action, code === 0 && verb !== 'status']).toEqual([action, false]);
        }
      } finally {
        denied.clear();
      }
    },
    120_000,
  );

  it.each([
    [
      [
        'iam:GetInstanceProfile',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeInstanceAttribute',
      ],
      ['the user data of its', 'what the role of skep-managers may', 'routes and endpoints', 'the security groups'],
    ],
    [
      ['cloudformation:DescribeStacks', 'ec2:DescribeVpcEndpoints'],
      ['what the role of skep-managers may', 'routes and endpoints'],
    ],
    [['iam:GetRole'], ['what the role of skep-managers may']],
    [['iam:SimulatePrincipalPolicy'], ['what the role of skep-managers may']],
  ])(
    'and an adoption without %p goes on, and says what nobody has looked at',
    async (actions, told) => {
      const [, line = ''] = TYPED.find(([verb]) => verb === 'adopt') ?? [];
      try {
        actions.forEach((action) => denied.add(action));
        const { stdout, stderr } = await whileTimePasses(run, commands.skep(line.split(' '), onLab(run.lab.url)));
        for (const what of told) {
          expect(stdout).toMatch(new RegExp(`warning: NotLookedAt \\S+: ${what}.*: AWS denies `));
        }
        for (const action of actions) {
          expect(stdout).toContain(`AWS denies ${action} to ${SOMEBODY}`);
        }
        expect(stderr).not.toMatch(STACK);
      } finally {
        denied.clear();
      }
    },
    120_000,
  );

  it('is listed for each verb that reaches AWS', () => {
    const verbs = VERB_NAMES.filter((name) => !HERE.includes(name));
    expect(verbs.filter((name) => rowOf(name).length === ALWAYS.length)).toEqual([]);
    expect([...TYPED.map(([verb]) => verb), ...ELSEWHERE].toSorted()).toEqual(verbs.toSorted());
  });
});
