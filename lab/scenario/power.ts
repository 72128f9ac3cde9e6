// Steps in which somebody stops an instance by hand, starts it again, or puts it into standby first, as AWS's guide has it.
import type { ScenarioRun } from './run.ts';
import { StepFailed } from './step-failed.ts';

/** @param off the one that is stopped; without it all of the group that were stopped are started */
export function setPower({ lab, say }: ScenarioRun, group: string, off: string | undefined): void {
  if (lab.machines.kind !== 'simulated') {
    throw new StepFailed('only simulated nodes can be stopped and started');
  }
  if (off !== undefined) {
    if (!lab.ec2.isRunning(off)) {
      say(`${off} does not run: nothing is done`);
      return;
    }
    say(`${off} is stopped by hand`);
    lab.ec2.stop(off);
    return;
  }
  for (const id of lab.autoScaling.group(group).members.keys()) {
    if (lab.ec2.instances.get(id)?.state === 'stopped') {
      say(`${id} is started again`);
      lab.ec2.start(id);
    }
  }
}

/** @param on the one that goes into standby; without it all that are in it go back to service */
export function setStandby({ lab, say }: ScenarioRun, group: string, on: string | undefined): void {
  const members = [...lab.autoScaling.group(group).members.values()];
  const chosen = members.filter(({ instanceId, lifecycle }) =>
    on === undefined ? lifecycle === 'Standby' : instanceId === on,
  );
  for (const { instanceId } of chosen) {
    say(`${instanceId} ${on === undefined ? 'goes back to service' : 'is put into standby'}`);
    lab.autoScaling.setStandby(instanceId, on !== undefined);
  }
}
