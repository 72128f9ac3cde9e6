// Steps of a scenario in which an operator is at the swarm: a service is created, somebody asks it, or something is typed.
import { joinTokenName } from '../../src/core/names.ts';
import { swarmByHand } from './by-hand.ts';
import { member } from './disturbances.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { serviceNames } from './service-schema.ts';
import { StepFailed } from './step-failed.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;

/** Docker has answered by then, or the machine has given up on it. */
const PATIENCE_OF_A_PERSON = 60_000;

export async function createService(run: ScenarioRun, service: Part<'service'>['service']): Promise<void> {
  const manager =
    (await run.lab.managerInstance(run.scenario.cluster)) ??
    (await swarmByHand(run.lab, Object.keys(run.scenario.groups)))?.manager;
  if (manager === undefined) {
    throw new StepFailed(`there is no manager to create service ${service.name} on`);
  }
  const { copies, ...spec } = service;
  run.say(
    `${copies === undefined ? 'service' : `${copies} services`} ${service.name}: ${service.mode === 'global' ? 'global' : `${service.replicas} replica(s)`}`,
  );
  for (const name of serviceNames(service)) {
    await run.lab.machines.createService(manager, { ...spec, name });
  }
}

export async function putLoad(run: ScenarioRun, { service, group, perSecond }: Part<'load'>['load']): Promise<void> {
  const { instanceId } = member(run, group);
  run.say(
    `${instanceId} of ${group} asks ${service} ${perSecond} times per second, and for something slow all the time`,
  );
  const { machines, clock } = run.lab;
  await clock.busy(machines.load(instanceId, { service, perSecond }, run.requests.of(service)));
}

export async function leaveGhost({ lab, scenario, say }: ScenarioRun, service: string): Promise<void> {
  const manager = await lab.managerInstance(scenario.cluster);
  if (manager === undefined || lab.machines.leaveGhost === undefined) {
    throw new StepFailed(`no task of ${service} can be left on a node that is gone: that takes simulated nodes`);
  }
  say(`a task of ${service} is left on record as at work, on a node that is gone`);
  await lab.machines.leaveGhost(manager, service);
}

/** As a person types it on the oldest instance of the group. */
export async function operate(run: ScenarioRun, { group, run: line }: Part<'docker'>['docker']): Promise<void> {
  const { lab } = run;
  const { instanceId } = member(run, group);
  run.say(`docker ${line}, on ${instanceId} of ${group}`);
  const words = await Promise.all(line.split(' ').map((word) => fillWord(run, word)));
  let over = false;
  const running = lab.machines.docker(instanceId, words).finally(() => {
    over = true;
  });
  // What it fails with is seen below, after time has passed.
  running.catch(() => undefined);
  await lab.clock.until(() => over, PATIENCE_OF_A_PERSON);
  const { exitCode, stderr } = await running;
  if (exitCode !== 0) {
    throw new StepFailed(`docker ${line}: exit code ${exitCode}: ${stderr.trim()}`);
  }
}

/**
 * `$group` stands for the node of the oldest instance of that group, `$group!` for that of one that leaves, `@group` for the address,
 * `$join-token` for a worker's.
 */
async function fillWord(run: ScenarioRun, word: string): Promise<string> {
  if (word === '$join-token') {
    const { scenario, lab } = run;
    return lab.parameterStore.valueOf(joinTokenName(scenario.stage, scenario.cluster, 'worker')) ?? '';
  }
  if (word.startsWith('@')) {
    const { instanceId } = member(run, word.slice(1).replace(/:.*$/, ''));
    return `${run.lab.ec2.instances.get(instanceId)?.privateIp ?? ''}${word.replace(/^[^:]*/, '')}`;
  }
  return word.startsWith('$') ? nodeOf(run, word.slice(1)) : word;
}

async function nodeOf(run: ScenarioRun, word: string): Promise<string> {
  const group = word.replace(/!$/, '');
  const instanceId = group === word ? member(run, group).instanceId : leaving(run, group);
  const nodes = (await run.view(run.scenario.stage))?.nodes ?? [];
  const node = nodes.find(({ labels }) => labels[INSTANCE_LABEL] === instanceId);
  if (node === undefined) {
    throw new StepFailed(`${instanceId} of ${group} is no node`);
  }
  return node.nodeId;
}

/** Of those of the group whose terminate hook waits, the one that has been there for longest. */
function leaving({ lab }: ScenarioRun, group: string): string {
  const members = [...lab.autoScaling.group(group).members.values()];
  const found = members.find(({ lifecycle }) => lifecycle === 'Terminating:Wait');
  if (found === undefined) {
    throw new StepFailed(`no instance of group ${group} is leaving`);
  }
  return found.instanceId;
}
