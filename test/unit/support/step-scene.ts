// An execution that has claimed an instance, over a real table, with AWS's other services mocked. A file of tests calls `useStepScene` first.
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import { SFNClient, SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { ListCommandsCommand, SSMClient, SendCommandCommand } from '@aws-sdk/client-ssm';
import type { SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';

import { Erasures } from '../../../src/store/erasures.ts';
import { Holds } from '../../../src/store/holds.ts';
import { MembershipLock } from '../../../src/store/membership-lock.ts';
import { RecoveryStore } from '../../../src/store/recovery-store.ts';
import { storeAndDeliver } from '../../../src/steps/deliver.ts';
import { runStep } from '../../../src/steps/run-step.ts';
import { stepRequest } from '../../../src/steps/step.ts';
import type { StepPorts } from '../../../src/steps/ports.ts';
import type { StepRequest } from '../../../src/steps/step.ts';
import { decideClaim } from '../../../src/core/lifecycle/claim.ts';
import type { LeaderRecord, Manager, Plan } from '../../../src/core/model.ts';
import { DEFAULT_CONFIG } from '../../../src/core/steps/verbs.ts';
import { withManager } from '../../../src/core/managers/leader-record.ts';
import type { Action } from '../../../src/core/lifecycle/event.ts';
import { keys, ownerKey } from '../../../src/core/names.ts';
import type { Outcome } from '../../../src/core/steps/rendezvous.ts';
import {
  CA_DIGEST,
  COMPLETION,
  EXECUTION,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  SWARM_ID,
  TOKEN_KEY,
  actionOf,
} from './examples.ts';
import { TABLE, openTable } from './table.ts';
import type { TestTable } from './table.ts';
import { mockClient } from '../../support/mock-client.ts';

const mocked = () => ({
  ssm: mockClient(SSMClient),
  sfn: mockClient(SFNClient),
  autoScaling: mockClient(AutoScalingClient),
});
export let { ssm, sfn, autoScaling } = mocked();

/** What SSM has taken, as it lists it. */
const known: { readonly CommandId: string; readonly Comment: string | undefined }[] = [];

/** SSM takes a command. For a fake of SendCommand that does more than that. */
export function accept({ Comment }: SendCommandCommandInput): { Command: { CommandId: string } } {
  const CommandId = `command-${known.length + 1}`;
  known.push({ CommandId, Comment });
  return { Command: { CommandId } };
}

export let db: TestTable;
export let ports: StepPorts;
/** What EC2 says of the instance, and of addresses. */
const ec2: { addresses: readonly string[]; owners: Readonly<Record<string, readonly string[]>> } = {
  addresses: ['10.0.0.7'],
  owners: {},
};
export const time = { now: NOW };
/** Of what a person was told. */
export const raised: string[] = [];
/** Sets the hooks of the file that calls it: files share this module, and each has a table of its own. */
export function useStepScene(): void {
  ({ ssm, sfn, autoScaling } = mocked());
  beforeAll(async () => {
    db = await openTable();
    const region = { region: 'eu-west-1' };
    ports = {
      table: db.table,
      waiters: db.waiters,
      recovery: new RecoveryStore(db.client, TABLE),
      lock: new MembershipLock(db.client, TABLE),
      states: new SFNClient(region),
      ssm: new SSMClient(region),
      sending: new SSMClient(region),
      autoScaling: new AutoScalingClient(region),
      ec2: {
        of: () => Promise.resolve(ec2.addresses),
        instancesAt: (address) => Promise.resolve(ec2.owners[address] ?? []),
      },
      holds: new Holds(db.client, TABLE),
      erasures: new Erasures(db.client, TABLE),
      raise: (metric) => raised.push(metric),
      stage: 'dev',
      tokenKey: TOKEN_KEY,
      now: () => time.now,
      pause: () => Promise.resolve(),
    };
  });
  afterAll(() => db.close());
  beforeEach(() => {
    ssm.reset();
    sfn.reset();
    autoScaling.reset();
    time.now = NOW;
    ec2.addresses = ['10.0.0.7'];
    ec2.owners = {};
    known.length = 0;
    raised.length = 0;
    ssm.on(SendCommandCommand).callsFake(accept);
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
    // An execution that is asked for is there.
    autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [{} as never] });
    ssm.on(ListCommandsCommand).callsFake(() => ({ Commands: [...known] }));
  });
}

/** As if it had been confirmed. */
export const record = async (cluster: string, manager: Manager): Promise<void> => {
  await db.table.changeLeader(cluster, NOW, (before) => withManager(before, manager));
};
export const recorded = async (cluster: string): Promise<LeaderRecord | undefined> =>
  (await db.table.readLeader(cluster)).record;

let places = 0;

interface Scene {
  readonly plan: Plan;
  readonly step: (changes?: Partial<StepRequest>) => Promise<void>;
  readonly item: () => Promise<Record<string, unknown> | undefined>;
  readonly ended: (result: Outcome, number?: number, step?: string) => Promise<boolean>;
}

/** A cluster and an instance that this execution has claimed. */
export async function scene(
  options: {
    readonly founded?: boolean;
    readonly kind?: Action['kind'];
    readonly role?: Action['role'];
    readonly timeout?: number;
  } = {},
): Promise<Scene> {
  const { founded = true, kind = 'launch', role = 'worker', timeout = 1800 } = options;
  places += 1;
  const cluster = `c${places}`;
  const instance = `i-${String(places).padStart(17, '0')}`;
  await db.declarations.declare(cluster, DEFAULT_CONFIG);
  const claim = async (
    action = actionOf({ cluster, instance, kind, role, timeout }),
    owner = EXECUTION,
  ): Promise<Plan> => {
    const seen = await db.table.readFacts(action);
    const group = { cluster, role: action.role, abandons: 0, readAt: NOW };
    const claimed = decideClaim({
      action,
      completion: COMPLETION,
      facts: { ...seen, group },
      owner: ownerKey(owner),
      now: time.now,
    });
    const { take } = claimed;
    if (take !== undefined) {
      await db.table.writeClaim({
        action,
        take,
        owner: { key: ownerKey(owner), arn: owner },
        seen,
        group,
        now: time.now,
      });
    }
    return claimed.plan;
  };
  if (founded) {
    await claim(actionOf({ cluster, instance: MANAGER_INSTANCE, role: 'manager' }), 'founder');
    const swarm = { swarmId: SWARM_ID, caDigest: CA_DIGEST };
    await db.table.recordFounding({ cluster, swarm, leader: LEADER.leader, owner: ownerKey('founder'), now: NOW });
  }
  const plan = await claim();
  const key = { cluster, instance, belongsTo: 'node' as const, owner: ownerKey(EXECUTION) };
  return {
    plan,
    step: (changes) =>
      runStep(
        ports,
        stepRequest.parse({
          v: 1,
          verb: 'join',
          step: 'Join',
          taskToken: 'token-0',
          attempt: 0,
          execution: EXECUTION,
          plan,
          ...changes,
        }),
      ),
    item: () => db.get(keys.node(cluster, instance)),
    ended: (result, number = 1, step = 'Join') =>
      storeAndDeliver(ports, {
        key: { ...key, step, try: number },
        verb: 'join',
        ...sentBy(),
        outcome: result,
        now: time.now,
      }),
  };
}

export const awsError = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
export const sends = () => ssm.commandCalls(SendCommandCommand).map(({ args }) => args[0].input);
/** Where the last command went. */
const sentTo = (): string => sends().at(-1)?.InstanceIds?.[0] ?? '';
/** The last command: where it went, and which one it is. */
export const sentBy = () => ({ target: sentTo(), commandId: known.at(-1)?.CommandId ?? '' });
export const searches = () => ssm.commandCalls(ListCommandsCommand).map(({ args }) => args[0].input);
export const woken = () => [
  ...sfn.commandCalls(SendTaskSuccessCommand).map(({ args }) => `${args[0].input.taskToken ?? ''} ok`),
  ...sfn
    .commandCalls(SendTaskFailureCommand)
    .map(({ args }) => `${args[0].input.taskToken ?? ''} ${args[0].input.error ?? ''}`),
];
export const joined = {
  ok: true,
  output: { nodeId: NODE_ID, address: '10.0.1.12', zone: 'eu-west-1a' },
} satisfies Outcome;
export const busy: Outcome = { ok: false, error: 'Busy', cause: 'c', retryable: true };
