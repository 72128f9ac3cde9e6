// Names the instances whose SSM agent has not registered: without that, a person would wait for them until their hooks end.
import { agentsOf } from '../../src/aws/agents.ts';
import { groupsOfCluster } from '../../src/aws/auto-scaling.ts';
import { longWaiting, silentWords, stillWaiting } from '../../src/core/cluster/silent.ts';
import type { Waiting } from '../../src/core/cluster/silent.ts';
import type { Ports } from './present.ts';

/** @returns a function to call between two looks: it names each such instance once */
export function silentWatch({ autoScaling, ssm, now, say }: Ports, cluster: string): () => Promise<void> {
  const told = new Set<string>();
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
