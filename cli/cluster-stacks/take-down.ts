// Takes a cluster away: workers while managers can drain them, then the swarm and its managers, then the stacks. Each step looks at what
// is left, so that it goes on where it was ended.
import { tableClient } from '../../src/aws/clients.ts';
import { endSwarm } from '../../src/coordination/end-swarm.ts';
import { allowErasure } from '../../src/operations/erase.ts';
import { Erasures } from '../../src/store/erasures.ts';
import { carryOut, lastEvent, listStacks, makeChangeSet, readStack } from '../../src/aws/stacks.ts';
import { withoutKeeping } from '../../src/core/cluster/data.ts';
import { goingOrder, kindOf, neighboursOf } from '../../src/core/cluster/plan.ts';
import type { StackFacts } from '../../src/core/cluster/plan.ts';
import { partOf } from '../../src/core/cluster/stacks.ts';
import { ERASE_WITHIN } from '../../src/core/managers/erasure.ts';
import { Failed } from '../errors.ts';
import { remove } from './bring-up.ts';
import { emptyGroup } from './empty-group.ts';
import { follow } from './follow.ts';
import { lossLines } from './losses.ts';
import { groupsOf, stacksOf, templateText } from './present.ts';
import type { Place, Ports } from './present.ts';

/** What would go, for a person. */
export async function whatGoes(ports: Ports, place: Place): Promise<string[]> {
  const stacks = await stacksOf(ports, place);
  const groups = await groupsOf(ports, stacks);
  const swarmId = (await erasuresOf(place).read(place.cluster))?.swarmId;
  const { workers, managers, shared } = goingOrder(place, stacks);
  const instances = groups.flatMap((group) => group.instances.map(({ instance }) => instance));
  return [
    ...groups.map(
      ({ name, role, instances }) =>
        `${role ?? 'group'} ${name}: ${instances.map((one) => one.instance).join(', ') || 'empty'}`,
    ),
    ...(swarmId === undefined ? [] : [`swarm ${swarmId}: its services, networks, secrets and configs`]),
    ...(await lossLines(ports, place, instances)),
    ...[...workers, ...managers, ...shared].map(({ name }) => `stack ${name}`),
  ];
}

/** Asked before any node goes: CloudFormation would say it at the very end. @throws {Failed} */
export async function refuseSharedNetwork({ stacks }: Ports, place: Place): Promise<void> {
  const others = neighboursOf(place, await listStacks(stacks));
  if (others.length > 0) {
    throw new Failed(`the network of ${place.cluster} has others in it: ${others.join(', ')}\ntake those down first`);
  }
}

/** @param withData what the stack of the cluster keeps otherwise goes with it */
export async function takeDown(ports: Ports, place: Place, withData: boolean): Promise<void> {
  const { workers, managers, shared } = goingOrder(place, await stacksOf(ports, place));
  for (const stack of workers) {
    await emptyGroup(ports, stack);
  }
  await allowEnd(ports, place);
  for (const stack of managers) {
    await emptyGroup(ports, stack, true);
  }
  await recordEnd(ports, place);
  for (const { name } of [...workers, ...managers]) {
    await remove(ports, name);
  }
  for (const stack of shared) {
    if (partOf(place.stage, place.cluster, stack.name)?.template === 'cluster') {
      await decideOnData(ports, stack, withData);
    }
    await removeShared(ports, stack, withData);
  }
}

/** Also where it says that they stay: a `down --with-data` may have been ended before the stack was deleted. */
async function decideOnData(ports: Ports, { name, parameters }: StackFacts, withData: boolean): Promise<void> {
  const stack = await updated(ports, name);
  if (stack === undefined || kindOf(stack.status) !== 'settled') {
    return;
  }
  const standard = templateText('cluster');
  const template = withData ? withoutKeeping(standard) : standard;
  const set = { stack: name, name: `skep-${ports.now().getTime()}`, isNew: false, template, parameters };
  const change = await makeChangeSet(ports.stacks, set, ports.pause);
  if (change !== undefined) {
    ports.say(`${name}: its data ${withData ? 'go' : 'stay'}`);
    const last = await lastEvent(ports.stacks, name);
    await carryOut(ports.stacks, change);
    await follow(ports, name, last);
  }
}

/** What that earlier one has begun goes on, and nothing else can be done with the stack meanwhile. */
async function updated(ports: Ports, name: string): Promise<StackFacts | undefined> {
  for (;;) {
    const stack = await readStack(ports.stacks, name);
    if (stack === undefined || !/^UPDATE.*IN_PROGRESS$/.test(stack.status)) {
      return stack;
    }
    await ports.pause();
  }
}

async function removeShared(ports: Ports, { name, outputs }: StackFacts, withData: boolean): Promise<void> {
  try {
    await remove(ports, name);
  } catch (error) {
    const bucket = outputs['BucketName'];
    if (withData && bucket !== undefined && error instanceof Failed && /not empty/.test(error.message)) {
      throw new Failed(
        `${error.message}\nempty it, and run the same command again: aws s3 rm --recursive s3://${bucket}`,
      );
    }
    throw error;
  }
}

const erasuresOf = ({ stage }: Place): Erasures => new Erasures(tableClient(), `skep-${stage}`);

/** Without it the last manager would be kept: its swarm goes with it. */
async function allowEnd({ autoScaling, now, say }: Ports, place: Place): Promise<void> {
  const { cluster, stage } = place;
  const ports = { erasures: erasuresOf(place), autoScaling, stage };
  const given = await allowErasure(ports, cluster, ERASE_WITHIN.most, seconds(now()));
  if (given.kind === 'workers') {
    throw new Failed(
      `${cluster} has workers in groups that no stack here has: ${given.workers.join(', ')}\nscale those groups to 0 first`,
    );
  }
  if (given.kind === 'given') {
    say(`${cluster}: its swarm may go with its last manager`);
  }
}

/** If the last manager died, or was kept and then terminated, the end of the swarm is not on record yet. */
async function recordEnd({ ssm, now, say }: Ports, place: Place): Promise<void> {
  const { cluster, stage } = place;
  const erasures = erasuresOf(place);
  const swarmId = (await erasures.read(cluster))?.swarmId;
  if (swarmId !== undefined) {
    await endSwarm({ erasures, ssm, stage }, { cluster, swarmId, last: undefined, now: seconds(now()) });
    say(`${cluster}: its swarm is gone`);
  }
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** What people would want back: CloudFormation keeps it, unless they say otherwise. */
export const dataOf = (stacks: readonly StackFacts[]): string[] =>
  stacks.flatMap(({ outputs }) =>
    ['LogGroupName', 'BucketName'].flatMap((output) => (outputs[output] === undefined ? [] : [outputs[output]])),
  );
