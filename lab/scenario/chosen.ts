// Which instances a step may be about.
import type { Member } from '../aws/services/group.ts';
import type { ScenarioRun } from './run.ts';
import { StepFailed } from './step-failed.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

export const present = (members: Iterable<Member>): Member[] =>
  [...members].filter(({ lifecycle }) => !lifecycle.startsWith('Terminat'));

export async function runningOn(run: ScenarioRun, group: string, service: string): Promise<string> {
  const { nodes = [], tasks = [] } = (await run.view(run.scenario.stage)) ?? {};
  const { members } = run.lab.autoScaling.group(group);
  const found = tasks
    .filter((task) => task.service === service && task.state === 'running' && task.desiredState === 'running')
    .flatMap(({ nodeId }) => nodes.find((node) => node.nodeId === nodeId)?.labels[INSTANCE_LABEL] ?? [])
    .find((instanceId) => members.has(instanceId));
  if (found === undefined) {
    throw new StepFailed(`no instance of group ${group} runs a task of ${service}`);
  }
  return found;
}
