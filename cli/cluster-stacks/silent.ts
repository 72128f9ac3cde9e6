// Names the instances whose SSM agent has not registered, and says of launches that AWS refuses why: without that, a person would wait without a word.
import { agentsOf } from '../../src/aws/agents.ts';
import { groupsOfCluster } from '../../src/aws/auto-scaling.ts';
import type { Group } from '../../src/aws/auto-scaling.ts';
import { refusedLaunches } from '../../src/aws/scaling-activities.ts';
import { longWaiting, newRefusals, silentWords, stillWaiting } from '../../src/core/cluster/silent.ts';
import type { RefusedLaunch, Waiting } from '../../src/core/cluster/silent.ts';
import type { Ports } from './present.ts';

/** @returns a function to call between two looks: it names each such instance once */
export function silentWatch({ autoScaling, ssm, now, say }: Ports, cluster: string): () => Promise<void> {
  const told = new Set<string>();
  const tellRefused = refusedWatch({ autoScaling, say });
  let waiting: Waiting = new Map();
  return async () => {
    const groups = await groupsOfCluster(autoScaling, cluster);
    const here = groups.flatMap(({ instances }) => instances.filter(({ lifecycle }) => lifecycle === 'Pending:Wait'));
    const at = now().getTime();
    waiting = stillWaiting(
      waiting,
      here.map(({ instance }) => instance),
      at,
    );
    const long = longWaiting(waiting, at).filter((instance) => !told.has(instance));
    await tellRefused(groups);
    if (long.length === 0) {
      return;
    }
    const agents = await agentsOf(ssm, long);
    const silent = long.filter((instance) => agents.get(instance) === 'never');
    // skep itself reports an instance whose agent has registered by now.
    long.forEach((instance) => told.add(instance));
    if (silent.length > 0) {
      say(silentWords(silent));
    }
  };
}

function refusedWatch({ autoScaling, say }: Pick<Ports, 'autoScaling' | 'say'>) {
  const told = new Set<string>();
  let old: ReadonlySet<string> | undefined;
  return async (groups: readonly Group[]): Promise<void> => {
    // At first of all groups, also of those that lack nothing yet: what they tell was before.
    const asked = groups.filter(({ desired, instances }) => old === undefined || instances.length < desired);
    const found: RefusedLaunch[] = [];
    for (const { name } of asked) {
      found.push(...(await refusedLaunches(autoScaling, name)));
    }
    old ??= new Set(found.map(({ id }) => id));
    for (const line of newRefusals({ told, old }, found)) {
      told.add(line);
      say(line);
    }
  };
}
