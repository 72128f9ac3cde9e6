// Instances that die when an execution about them enters a state.
import type { Execution } from '../aws/states/execution.ts';
import type { HistoryEvent } from '../aws/states/history.ts';
import type { Lab } from '../lab.ts';
import { instanceOf } from './result.ts';

export interface KillAt {
  readonly machineArn: string;
  readonly state: string;
  readonly group: string;
}

export function killWhereAsked(
  lab: Lab,
  killAt: KillAt[],
  execution: Execution,
  { type, state }: Pick<HistoryEvent, 'type' | 'state'>,
): void {
  const instanceId = instanceOf(execution);
  if (killAt.length === 0 || instanceId === null || !type.endsWith('StateEntered')) {
    return;
  }
  const group = lab.autoScaling.groupOf(instanceId)?.name;
  const { arn } = execution.stateMachine;
  const asked = killAt.findIndex((one) => one.machineArn === arn && one.state === state && one.group === group);
  if (asked !== -1) {
    killAt.splice(asked, 1);
    lab.ec2.kill(instanceId);
  }
}
