// Steps of a scenario about rolling upgrades: a version of a launch template, and the code of `skep refresh` and `skep remove`.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { cancelRefresh, removeInstance, rollBackRefresh } from '../../src/aws/instance-refresh.ts';
import { whyNotRemove } from '../../src/core/upgrade/remove.ts';
import { beginRefresh, ownGroup, ownInstance, planRefresh, removalFacts } from '../../src/operations/upgrade.ts';
import type { UpgradePorts } from '../../src/operations/upgrade.ts';
import { Holds } from '../../src/store/holds.ts';
import { Table } from '../../src/store/table.ts';
import { PERSON } from '../aws/iam/access-keys.ts';
import { member } from './disturbances.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;
export type UpgradeStep = Part<'image'> | Part<'roll'> | Part<'remove'>;

/** Nothing of this takes longer, in the lab's time. */
const PATIENCE = 60_000;

export async function upgrade(run: ScenarioRun, step: UpgradeStep): Promise<void> {
  if ('image' in step) {
    makeVersion(run, step.image);
  } else if ('roll' in step) {
    await inTime(run, roll(run, step.roll));
  } else {
    await inTime(run, remove(run, step.remove));
  }
}

function makeVersion({ lab, say }: ScenarioRun, { group: name, ...change }: Part<'image'>['image']): void {
  const group = lab.autoScaling.group(name);
  group.versions?.push({ ...group.machine, ...change });
  say(`the launch template of ${name} has a version ${group.versions?.length ?? 0}`);
}

async function roll(
  run: ScenarioRun,
  { group: name, share, version, refused, end }: Part<'roll'>['roll'],
): Promise<void> {
  const ports = portsOf(run);
  if (end !== undefined) {
    run.say(`the refresh of ${name} is ended: ${end}`);
    await (end === 'cancel' ? cancelRefresh : rollBackRefresh)(ports.autoScaling, name);
    return;
  }
  const group = await ownGroup(ports, name);
  const asked = { share, templateVersion: version === undefined ? undefined : String(version) };
  const plan = typeof group === 'string' ? undefined : await planRefresh(ports, group, asked);
  check(typeof group === 'string' ? group : plan?.refused, refused);
  if (plan !== undefined && refused === undefined) {
    run.say(`${name} is refreshed by skep`);
    await beginRefresh(ports, plan);
  }
}

async function remove(run: ScenarioRun, { group, replace, refused }: Part<'remove'>['remove']): Promise<void> {
  const ports = portsOf(run);
  const { instanceId } = member(run, group);
  const own = await ownInstance(ports, instanceId);
  check(typeof own === 'string' ? own : whyNotRemove(await removalFacts(ports, instanceId, own), !replace), refused);
  if (refused === undefined) {
    run.say(`${instanceId} of ${group} is removed by skep`);
    await removeInstance(ports.autoScaling, instanceId, !replace);
  }
}

function check(because: string | undefined, refused: string | undefined): void {
  if (refused === undefined ? because !== undefined : because?.includes(refused) !== true) {
    throw new StepFailed(because === undefined ? 'it is not refused' : `it is refused: ${because}`);
  }
}

function portsOf({ lab }: ScenarioRun): UpgradePorts {
  const settings = { endpoint: lab.url, region: lab.stack.region, credentials: PERSON };
  const table = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
  return {
    autoScaling: new AutoScalingClient(settings),
    ec2: new EC2Client(settings),
    table: new Table(table, lab.stack.table.name),
    holds: new Holds(table, lab.stack.table.name),
    stage: lab.stack.stage,
  };
}

/** The lab's answers take time of its clock. */
async function inTime(run: ScenarioRun, doing: Promise<void>): Promise<void> {
  let over = false;
  const running = doing.finally(() => {
    over = true;
  });
  running.catch(() => undefined);
  await run.lab.clock.until(() => over, PATIENCE);
  await running;
}
