// While instances are waited for: tells of those whose agents have never come, which would be waited for until their hooks end.
import { agentsOf } from '../../src/aws/agents.ts';
import { groupsOfCluster } from '../../src/aws/auto-scaling.ts';
import { longWaiting, silentWords, stillWaiting } from '../../src/core/cluster/silent.ts';
import type { Waiting } from '../../src/core/cluster/silent.ts';
import type { Ports } from './present.ts';

/** @returns what is called between two looks; it tells of each instance once */
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
    // Whoever has an agent by now is skep's to tell of.
    long.forEach((instance) => told.add(instance));
    if (silent.length > 0) {
      say(silentWords(silent));
    }
  };
}
