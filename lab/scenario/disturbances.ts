// Steps of a scenario in which something happens to an instance: it dies, is terminated, is called unhealthy, loses its engine, its cable
// or its SSM agent; or in which all of that is over.
import { parsePattern } from '../aws/events/pattern.ts';
import type { Member } from '../aws/services/group.ts';
import { present, runningOn } from './chosen.ts';
import { announce, impair, interrupt } from './interrupt.ts';
import { knownState, machineArn } from './machine.ts';
import { setPower, setStandby } from './power.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;
interface Choice {
  readonly group: string;
  readonly leader: boolean;
  readonly running?: string;
  readonly youngest?: boolean;
  readonly retained?: boolean;
}

const KINDS = [
  'kill',
  'terminate',
  'announce',
  'impair',
  'interrupt',
  'engine',
  'cable',
  'power',
  'standby',
  'agent',
  'calm',
] as const;
export type Disturbance = { [Kind in (typeof KINDS)[number]]: Part<Kind> }[(typeof KINDS)[number]];

export const isDisturbance = (step: PlainStep): step is Disturbance => KINDS.some((kind) => kind in step);

export async function disturb(run: ScenarioRun, step: Disturbance): Promise<void> {
  const { lab } = run;
  if ('kill' in step && step.kill.when !== undefined) {
    killLater(run, step.kill.group, step.kill.when);
  } else if ('kill' in step) {
    kill(run, await choose(run, step.kill), step.kill.silently);
  } else if ('terminate' in step) {
    const instanceId = await choose(run, step.terminate);
    run.say(`${instanceId} of ${step.terminate.group} is terminated`);
    lab.autoScaling.terminateInstance(instanceId, step.terminate.decrement);
  } else if ('announce' in step || 'impair' in step || 'interrupt' in step) {
    await warnOf(run, step);
  } else if ('engine' in step) {
    await setEngine(run, step.engine);
  } else if ('cable' in step) {
    await setCable(run, step.cable);
  } else {
    await takeAway(run, step);
  }
}

/** AWS says something, or lets it be seen. */
async function warnOf(run: ScenarioRun, step: Part<'announce'> | Part<'impair'> | Part<'interrupt'>): Promise<void> {
  if ('announce' in step) {
    announce(run, step.announce);
  } else if ('impair' in step) {
    impair(run, step.impair);
  } else {
    await interrupt(run, step.interrupt);
  }
}

async function takeAway(
  run: ScenarioRun,
  step: Part<'power'> | Part<'standby'> | Part<'agent'> | Part<'calm'>,
): Promise<void> {
  if ('calm' in step) {
    await calm(run);
  } else if ('power' in step) {
    setPower(run, step.power.group, step.power.on ? undefined : await choose(run, step.power));
  } else if ('standby' in step) {
    setStandby(run, step.standby.group, step.standby.on ? await choose(run, step.standby) : undefined);
  } else {
    await setAgents(run, step.agent);
  }
}

export function replace(run: ScenarioRun, step: Part<'unhealthy'> | Part<'refresh'>): void {
  const { lab, say } = run;
  if ('refresh' in step) {
    const { group, range = {}, awaitsTermination } = step.refresh;
    say(`${group} is refreshed`);
    lab.autoScaling.startRefresh(group, range, awaitsTermination);
    return;
  }
  const { group, count, engineDown } = step.unhealthy;
  const candidates = present(lab.autoScaling.group(group).members.values());
  const chosen = candidates.filter((one) => !engineDown || run.enginesDown.has(one.instanceId)).slice(0, count);
  if (chosen.length < count) {
    throw new StepFailed(`group ${group} has ${chosen.length} such instances, not ${count}`);
  }
  say(`${count} of ${group} ${count === 1 ? 'is' : 'are'} called unhealthy`);
  for (const { instanceId } of chosen) {
    lab.autoScaling.setHealth(instanceId, false, { respectGracePeriod: false });
  }
}

/** The oldest of a group, or the youngest. */
export function member(run: ScenarioRun, group: string, youngest = false): Member {
  const members = present(run.lab.autoScaling.group(group).members.values());
  const found = youngest ? members.at(-1) : members[0];
  if (found === undefined) {
    throw new StepFailed(`group ${group} has no instance`);
  }
  return found;
}

export async function choose(run: ScenarioRun, choice: Choice): Promise<string> {
  const { group, leader, running, youngest, retained = false } = choice;
  const { members } = run.lab.autoScaling.group(group);
  if (running !== undefined) {
    return runningOn(run, group, running);
  }
  if (leader) {
    const found = await run.lab.managerInstance(run.scenario.cluster);
    if (found === undefined || !members.has(found)) {
      throw new StepFailed(`no instance of group ${group} leads the swarm`);
    }
    return found;
  }
  const kept = [...members.values()].find(({ lifecycle }) => lifecycle === 'Terminating:Retained');
  if (retained && kept === undefined) {
    throw new StepFailed(`group ${group} has no instance that is retained`);
  }
  return retained && kept !== undefined ? kept.instanceId : member(run, group, youngest).instanceId;
}

/** The machine is gone at once; silently: and the event of its terminate hook is lost as well. */
function kill(run: ScenarioRun, instanceId: string, silently: boolean): void {
  run.say(`${instanceId} is killed${silently ? ' without a word' : ''}`);
  if (silently) {
    const detail = { EC2InstanceId: [instanceId], LifecycleTransition: ['autoscaling:EC2_INSTANCE_TERMINATING'] };
    run.lab.bus.faults.push({ pattern: parsePattern({ detail }), effect: { kind: 'drop' }, times: 1 });
  }
  run.lab.ec2.kill(instanceId);
}

function killLater(run: ScenarioRun, group: string, { machine, state }: { machine: string; state: string }): void {
  const asked = { machineArn: machineArn(run, machine), state: knownState(run, machine, state), group };
  run.arm(run.killAt, asked, () => !run.killAt.includes(asked));
}

/** A machine that is dead already loses nothing more: said, and passed over. */
function isOff({ lab, say }: ScenarioRun, instanceId: string, what: string): boolean {
  const off = !lab.ec2.isRunning(instanceId);
  if (off) say(`${instanceId} does not run, and ${what} is dead with it: nothing is done`);
  return off;
}

/** One engine is killed; all that are down in the group are started again. */
async function setEngine(run: ScenarioRun, { runs, ...choice }: Part<'engine'>['engine']): Promise<void> {
  const { machines, clock } = run.lab;
  if (!runs) {
    const instanceId = await choose(run, choice);
    if (isOff(run, instanceId, 'its dockerd')) return;
    run.say(`dockerd of ${instanceId} is killed`);
    run.enginesDown.add(instanceId);
    await clock.busy(machines.killEngine(instanceId));
    return;
  }
  for (const instanceId of run.enginesDown) {
    if (run.lab.ec2.isRunning(instanceId)) {
      run.say(`dockerd of ${instanceId} is started`);
      let up = false;
      const starting = machines.startEngine(instanceId).then(() => {
        up = true;
      });
      await clock.until(() => up, 60_000);
      await starting;
    }
  }
  run.enginesDown.clear();
}

/** One cable is pulled; all that were pulled are put back. */
async function setCable(run: ScenarioRun, { connected, ...choice }: Part<'cable'>['cable']): Promise<void> {
  const { machines, clock } = run.lab;
  if (!connected) {
    const instanceId = await choose(run, choice);
    if (isOff(run, instanceId, 'its cable')) return;
    run.say(`the cable of ${instanceId} is pulled`);
    run.cablesOut.add(instanceId);
    await clock.busy(machines.cut(instanceId));
    return;
  }
  for (const instanceId of run.cablesOut) {
    if (run.lab.ec2.isRunning(instanceId)) {
      run.say(`the cable of ${instanceId} is put back`);
      await clock.busy(machines.heal(instanceId));
    }
  }
  run.cablesOut.clear();
}

async function setAgents(run: ScenarioRun, { online, ...choice }: Part<'agent'>['agent']): Promise<void> {
  const { autoScaling, runCommand } = run.lab;
  const chosen = choice.leader ? [await choose(run, choice)] : autoScaling.group(choice.group).members.keys();
  for (const instanceId of chosen) {
    await runCommand.setOnline(instanceId, online);
  }
}

/** Nothing goes wrong any more: what was armed comes about no more, what was taken away comes back, and nobody holds the cluster. */
async function calm(run: ScenarioRun): Promise<void> {
  const { lab } = run;
  run.say('from now on nothing goes wrong any more');
  run.disarm();
  for (const list of [lab.endpoint.faults, lab.bus.faults, lab.stopAt, run.killAt]) {
    list.splice(0);
  }
  lab.console.webhook.isUp = true;
  for (const [group, { members }] of lab.autoScaling.groups) {
    await setEngine(run, { group, leader: false, runs: true });
    await setCable(run, { group, leader: false, connected: true });
    setPower(run, group, undefined);
    setStandby(run, group, undefined);
    for (const instanceId of members.keys()) {
      await lab.runCommand.setOnline(instanceId, true);
    }
  }
}
