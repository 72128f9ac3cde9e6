// What there is of a cluster now: its stacks, whether it is declared, and its groups.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { autoScalingClient, ssmClient, tableClient } from '../../src/aws/clients.ts';
import { describeGroups } from '../../src/aws/auto-scaling.ts';
import type { Group } from '../../src/aws/auto-scaling.ts';
import { listStacks } from '../../src/aws/stacks.ts';
import type { StackFacts } from '../../src/core/cluster/plan.ts';
import { partOf } from '../../src/core/cluster/stacks.ts';
import type { TemplateName } from '../../src/core/cluster/stacks.ts';
import { Declarations } from '../../src/store/declarations.ts';
import { Table } from '../../src/store/table.ts';
import { explained } from '../aws-problems.ts';
import { say } from '../output.ts';
import { ROOT } from '../root.ts';

export interface Place {
  readonly cluster: string;
  readonly stage: string;
}

export interface Ports {
  readonly stacks: CloudFormationClient;
  readonly autoScaling: AutoScalingClient;
  readonly ssm: SSMClient;
  readonly table: Table;
  readonly declarations: Declarations;
  /** Between two looks. */
  readonly pause: () => Promise<void>;
  readonly now: () => Date;
  readonly say: (line: string) => void;
}

export function portsOf({ stage }: Place, every: number): Ports {
  return {
    stacks: new CloudFormationClient({}),
    autoScaling: autoScalingClient(),
    ssm: ssmClient(),
    table: new Table(tableClient(), `skep-${stage}`),
    declarations: new Declarations(tableClient(), `skep-${stage}`),
    pause: () => sleep(every * 1000),
    now: () => new Date(),
    say,
  };
}

export interface Present {
  readonly stacks: readonly StackFacts[];
  readonly isDeclared: boolean;
}

export async function presentOf(ports: Ports, place: Place): Promise<Present> {
  const { cluster, stage } = place;
  // First, since its answer says whether the service is there at all.
  const state = await explained(ports.table.readState(cluster), stage);
  return { stacks: await stacksOf(ports, place), isDeclared: state !== undefined };
}

export async function stacksOf({ stacks }: Pick<Ports, 'stacks'>, { cluster, stage }: Place): Promise<StackFacts[]> {
  const all = await explained(listStacks(stacks), stage);
  return all.filter(({ name }) => partOf(stage, cluster, name) !== undefined);
}

export const templateText = (name: TemplateName): string => readFileSync(new URL(`cluster/${name}.yaml`, ROOT), 'utf8');

/** Those that the stacks have made. */
export function groupsOf({ autoScaling }: Ports, stacks: readonly StackFacts[]): Promise<Group[]> {
  const names = stacks.flatMap(({ outputs }) => outputs['GroupName'] ?? []);
  return names.length === 0 ? Promise.resolve([]) : describeGroups(autoScaling, names);
}
