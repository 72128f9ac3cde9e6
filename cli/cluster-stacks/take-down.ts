// Takes a cluster away: workers while managers can drain them, then the swarm and its managers, then the stacks. Each step looks at what
// is left, so that it goes on where it was ended.
import { ssmClient, tableClient } from '../../src/aws/clients.ts';
import { allowErasure, endSwarm } from '../../src/operations/erase.ts';
import { Erasures } from '../../src/store/erasures.ts';
import { goingOrder } from '../../src/core/cluster/plan.ts';
import type { StackFacts } from '../../src/core/cluster/plan.ts';
import { ERASE_WITHIN } from '../../src/core/managers/erasure.ts';
import { Failed } from '../errors.ts';
import { remove } from './bring-up.ts';
import { emptyGroup } from './empty-group.ts';
import { groupsOf, stacksOf } from './present.ts';
import type { Place, Ports } from './present.ts';

/** What would go, for a person. */
export async function whatGoes(ports: Ports, place: Place): Promise<string[]> {
  const stacks = await stacksOf(ports, place);
  const groups = await groupsOf(ports, stacks);
  const swarmId = (await erasuresOf(place).read(place.cluster))?.swarmId;
  const { workers, managers, shared } = goingOrder(place, stacks);
  return [
    ...groups.map(
      ({ name, role, instances }) =>
        `${role ?? 'group'} ${name}: ${instances.map((one) => one.instance).join(', ') || 'empty'}`,
    ),
    ...(swarmId === undefined ? [] : [`swarm ${swarmId}: its services, networks, secrets, configs and local volumes`]),
    ...[...workers, ...managers, ...shared].map(({ name }) => `stack ${name}`),
  ];
}

export async function takeDown(ports: Ports, place: Place): Promise<void> {
  const { workers, managers, shared } = goingOrder(place, await stacksOf(ports, place));
  for (const stack of workers) {
    await emptyGroup(ports, stack);
  }
  await allowEnd(ports, place);
  for (const stack of managers) {
    await emptyGroup(ports, stack, true);
  }
  await recordEnd(ports, place);
  for (const { name } of [...workers, ...managers, ...shared]) {
    await remove(ports, name);
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
async function recordEnd({ now, say }: Ports, place: Place): Promise<void> {
  const { cluster, stage } = place;
  const erasures = erasuresOf(place);
  const swarmId = (await erasures.read(cluster))?.swarmId;
  if (swarmId !== undefined) {
    await endSwarm({ erasures, ssm: ssmClient(), stage }, { cluster, swarmId, last: undefined, now: seconds(now()) });
    say(`${cluster}: its swarm is gone`);
  }
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** Kept by CloudFormation, on purpose: what people would want back. */
export const keptBy = (stacks: readonly StackFacts[]): string[] =>
  stacks.flatMap(({ outputs }) =>
    ['LogGroupName', 'BucketName'].flatMap((output) => (outputs[output] === undefined ? [] : [outputs[output]])),
  );
