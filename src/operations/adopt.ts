// Takes in a swarm that exists, with its groups. Each step may be taken twice, so an adoption that was stopped goes on when it is run again.
import type { SFNClient } from '@aws-sdk/client-sfn';

import { putHook, retainAbandoned, tagGroup } from '../aws/group-setup.ts';
import { tagInstances } from '../aws/instance-setup.ts';
import { runDocument } from '../aws/run-document.ts';
import { labelOf, publishOf, published } from '../core/adopt/commands.ts';
import { ADOPTING, planAdoption, stepText } from '../core/adopt/plan.ts';
import type { Adopted, Adoption, AdoptStep } from '../core/adopt/plan.ts';
import { FlowError } from '../core/errors.ts';
import type { Command, ClusterConfig } from '../core/steps/verbs.ts';
import type { Adoptions } from '../store/adoptions.ts';
import type { Declarations } from '../store/declarations.ts';
import type { Holds } from '../store/holds.ts';
import { unholdCluster } from './hold.ts';
import { lookToAdopt } from './look-to-adopt.ts';
import type { AdoptWish, LookPorts } from './look-to-adopt.ts';

export interface AdoptPorts extends LookPorts {
  readonly adoptions: Adoptions;
  readonly declarations: Declarations;
  readonly holds: Holds;
  readonly states: SFNClient;
  /** Prints each step before it is taken. */
  readonly say: (text: string) => void;
}

/** A step failed. What was done before it stays, and the cluster is held. Run the adoption again, and it goes on. */
export class AdoptionStopped extends Error {
  override readonly name = 'AdoptionStopped';
}

/** Changes nothing. */
export const planOfAdoption = async (ports: LookPorts, wish: AdoptWish): Promise<Adoption> =>
  planAdoption(await lookToAdopt(ports, wish));

/** @throws {AdoptionStopped} where a node does not do what it was asked */
export async function carryOutAdoption(ports: AdoptPorts, cluster: string, steps: readonly AdoptStep[]): Promise<void> {
  for (const step of steps) {
    ports.say(stepText(step));
    await take(ports, cluster, step);
  }
}

async function take(ports: AdoptPorts, cluster: string, step: AdoptStep): Promise<void> {
  switch (step.kind) {
    case 'hold':
      return hold(ports, cluster, step.config);
    case 'record':
      return record(ports, cluster, step.adopted);
    case 'note':
      return note(ports, cluster, step);
    case 'unhold':
      await unholdCluster(ports, cluster, ports.now());
      return undefined;
    case 'label':
      await outputOf(ports, labelOf({ ...ports, cluster, now: ports.now() }, step.member, step.swarm, step.managers));
      return undefined;
    default:
      return setUp(ports, cluster, step);
  }
}

type SetUp = Extract<AdoptStep, { kind: 'tag-group' | 'tag-instances' | 'retain' | 'hook' }>;

async function setUp({ autoScaling, ec2 }: AdoptPorts, cluster: string, step: SetUp): Promise<void> {
  switch (step.kind) {
    case 'tag-group':
      return tagGroup(autoScaling, step.group, { cluster, role: step.role });
    case 'tag-instances':
      return tagInstances(ec2, step.instances, { cluster, role: step.role });
    case 'retain':
      return retainAbandoned(autoScaling, step.group);
    case 'hook':
      return putHook(autoScaling, step.wish);
  }
}

/** A cluster that was declared before keeps its other settings. */
async function hold({ declarations, holds, now }: AdoptPorts, cluster: string, config: ClusterConfig): Promise<void> {
  await declarations.declare(cluster, config);
  await holds.place(cluster, ADOPTING, now());
}

/** The leader proves on the way that it is a manager of this very swarm, at the address of its instance. */
async function record(ports: AdoptPorts, cluster: string, adopted: Adopted): Promise<void> {
  const now = ports.now();
  const output = await outputOf(ports, publishOf({ ...ports, cluster, now }, adopted));
  const { swarmId, caDigest, worker, manager } = published.parse(output);
  if (swarmId !== adopted.swarmId) {
    throw new AdoptionStopped(
      `${adopted.leader.instance} is in swarm ${swarmId} by now, and was in ${adopted.swarmId}`,
    );
  }
  await ports.adoptions.record({
    cluster,
    adopted,
    caDigest,
    // Here the key has its alias, which the key of another stack would have too: the first rotation notes which one it is.
    tokens: { worker, manager },
    now: ports.now(),
  });
}

async function note(
  { tidyStore }: AdoptPorts,
  cluster: string,
  { members }: Extract<AdoptStep, { kind: 'note' }>,
): Promise<void> {
  const items = members.map(({ instance, group, role, nodeId, owner }) => ({
    ...{ instance, group, role, nodeId },
    ...(owner === undefined ? {} : { owner }),
  }));
  const written = await tidyStore.record(cluster, items);
  if (written < items.length) {
    throw new FlowError(
      'NotAsExpected',
      `of ${items.length} nodes ${written} were recorded: something is at work on the others`,
    );
  }
}

/** @throws {AdoptionStopped} where the document does not end well */
async function outputOf(ports: AdoptPorts, command: Command): Promise<Readonly<Record<string, unknown>>> {
  const outcome = await runDocument(ports, command);
  if (!outcome.ok) {
    throw new AdoptionStopped(`${command.verb} on ${command.target}: ${outcome.error}: ${outcome.cause}`);
  }
  return outcome.output;
}
