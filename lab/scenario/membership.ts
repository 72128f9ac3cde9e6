// Steps in which instances come into groups and out of them by hand, are protected from scale-in, or are evened out over zones.
import { choose } from './disturbances.ts';
import type { MembershipStep } from './membership-schema.ts';
import type { ScenarioRun } from './run.ts';
import { StepFailed } from './step-failed.ts';

export async function changeMembers(run: ScenarioRun, step: MembershipStep): Promise<void> {
  const { autoScaling } = run.lab;
  if ('detach' in step) {
    const { group, decrement } = step.detach;
    const instanceId = await choose(run, step.detach);
    run.say(`${instanceId} is detached from ${group}`);
    autoScaling.memberships.detach(instanceId, decrement);
    run.detached.set(instanceId, group);
  } else if ('attach' in step) {
    attach(run, step.attach.group);
  } else if ('protect' in step) {
    await protect(run, step.protect);
  } else if ('rootVolume' in step) {
    if (run.lab.machines.replaceRoot === undefined) {
      throw new StepFailed('only simulated nodes can have their root volume replaced');
    }
    const instanceId = await choose(run, step.rootVolume);
    run.say(`the root volume of ${instanceId} is replaced`);
    autoScaling.replaceRootVolume(instanceId);
  } else if ('warmPool' in step) {
    changeWarmPool(run, step.warmPool);
  } else {
    const { group, to } = step.zones;
    run.say(`${group} is in ${to.join(', ')} from now on`);
    autoScaling.memberships.setZones(autoScaling.group(group), to);
  }
}

function attach({ lab, say, detached }: ScenarioRun, group: string): void {
  for (const [instanceId] of [...detached].filter(([, from]) => from === group)) {
    say(`${instanceId} is attached to ${group}`);
    lab.autoScaling.memberships.attach(lab.autoScaling.group(group), instanceId);
    detached.delete(instanceId);
  }
}

function changeWarmPool({ lab, say }: ScenarioRun, { group, to }: WarmPoolStep['warmPool']): void {
  const { warmPools } = lab.autoScaling;
  const found = lab.autoScaling.group(group);
  say(`${group} has ${to === null ? 'no warm pool' : `a warm pool (${to.state})`} from now on`);
  if (to === null) {
    warmPools.delete(found, false);
  } else {
    warmPools.put(found, to);
  }
}

type WarmPoolStep = Extract<MembershipStep, { warmPool: unknown }>;
type Protect = Extract<MembershipStep, { protect: unknown }>['protect'];

async function protect(run: ScenarioRun, { on, ...choice }: Protect): Promise<void> {
  const { autoScaling } = run.lab;
  const chosen = on ? [await choose(run, choice)] : [...autoScaling.group(choice.group).members.keys()];
  for (const instanceId of chosen) {
    run.say(`${instanceId} is ${on ? '' : 'no longer '}protected from scale-in`);
    autoScaling.memberships.protect(instanceId, on);
  }
}
