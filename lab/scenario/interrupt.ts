// Steps in which EC2 says something: that it takes spot instances back, which are gone two minutes later, or that it will do something to
// instances in some days.
import { present, runningOn } from './chosen.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

type Interruption = Extract<PlainStep, { readonly interrupt: unknown }>['interrupt'];

type Announced = Extract<PlainStep, { readonly announce: unknown }>['announce'];

/** Health's code of each of EC2's. */
const HEALTH_CODES = {
  'instance-retirement': 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
  'instance-stop': 'AWS_EC2_INSTANCE_STOP_SCHEDULED',
  'instance-reboot': 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED',
  'system-reboot': 'AWS_EC2_SYSTEM_REBOOT_MAINTENANCE_SCHEDULED',
  'system-maintenance': 'AWS_EC2_INSTANCE_NETWORK_MAINTENANCE_SCHEDULED',
} as const;

/** As AWS writes it, with all instances on one page. What comes again is the same event of the backup region. */
const healthEvent = (
  { code, canceled }: Announced,
  instances: readonly string[],
  at: number,
  isBackup: boolean,
): Parameters<ScenarioRun['lab']['bus']['put']>[0] => ({
  source: 'aws.health',
  'detail-type': 'AWS Health Event',
  resources: [],
  detail: {
    eventArn: `arn:aws:health:eu-west-1::event/${HEALTH_CODES[code]}_90353408594353983`,
    service: 'EC2',
    eventTypeCode: HEALTH_CODES[code],
    eventTypeCategory: 'scheduledChange',
    eventScopeCode: 'ACCOUNT_SPECIFIC',
    communicationId: '1234abc01232a4012345678-1',
    startTime: new Date(at).toUTCString(),
    statusCode: canceled ? 'closed' : 'upcoming',
    eventRegion: 'eu-west-1',
    affectedEntities: instances.map((instanceId) => ({
      entityValue: `arn:aws:ec2:eu-west-1:123456789012:instance/${instanceId}`,
      status: 'PENDING',
    })),
    affectedAccount: '123456789012',
    page: '1',
    totalPages: '1',
    backupEvent: String(isBackup),
  },
});

/** What is announced is played by nobody: it is days ahead, and skep is to have let go of the instance by then. */
export function announce({ lab, say }: ScenarioRun, step: Announced): void {
  const { group, count, code, in: ahead, canceled, events } = step;
  const members = oldest(lab, group, count);
  for (const { instanceId } of members) {
    say(`EC2 announces ${code} of ${instanceId}`);
    const description = `${canceled ? '[Canceled] ' : ''}The instance is running on degraded hardware`;
    lab.ec2.announced.set(instanceId, { code, description, notBefore: lab.clock.now() + ahead });
  }
  for (let sent = 0; sent < events; sent += 1) {
    lab.bus.put(
      healthEvent(
        step,
        members.map(({ instanceId }) => instanceId),
        lab.clock.now() + ahead,
        sent > 0,
      ),
    );
  }
}

/** Nothing else changes: its group does nothing about it in the lab, as where its health checks are suspended. */
export function impair(
  { lab, say }: ScenarioRun,
  { group, count, of }: Extract<PlainStep, { readonly impair: unknown }>['impair'],
): void {
  for (const { instanceId } of oldest(lab, group, count)) {
    say(`the ${of} status check of ${instanceId} fails`);
    lab.ec2.impaired.set(instanceId, { of, since: lab.clock.now() });
  }
}

function oldest(lab: ScenarioRun['lab'], group: string, count: number): ReturnType<typeof present> {
  const members = present(lab.autoScaling.group(group).members.values()).slice(0, count);
  if (members.length < count) {
    throw new StepFailed(`group ${group} has ${members.length} instances, not ${count}`);
  }
  return members;
}

/** From the notice, ms. */
const NOTICE = 120_000;

export async function interrupt(run: ScenarioRun, step: Interruption): Promise<void> {
  const { lab, say } = run;
  const chosen = await choose(run, step);
  say(`EC2 takes ${chosen.length} of ${step.group} back, ${step.notice ? 'and says so' : 'without a word'}`);
  for (const instanceId of chosen) {
    if (step.notice) {
      lab.ec2.warn(instanceId, step.action);
    }
    lab.clock.schedule(NOTICE, () => {
      lab.ec2.takeBack(instanceId, step.action);
    });
  }
}

async function choose(run: ScenarioRun, step: Interruption): Promise<string[]> {
  const { group, count, share, running, youngest, leaving } = step;
  if (running !== undefined) {
    return [await runningOn(run, group, running)];
  }
  const all = [...run.lab.autoScaling.group(group).members.values()];
  const members = (leaving ? all.filter((one) => !present([one]).includes(one)) : present(all)).map(
    ({ instanceId }) => instanceId,
  );
  const wanted = share === undefined ? (count ?? 1) : Math.ceil(members.length * share);
  if (members.length < wanted) {
    throw new StepFailed(`group ${group} has ${members.length} such instances, not ${wanted}`);
  }
  return youngest ? members.slice(-wanted) : members.slice(0, wanted);
}
