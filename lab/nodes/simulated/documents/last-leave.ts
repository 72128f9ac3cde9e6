// How the last manager leaves and ends its swarm by that, on a simulated machine. As documents/verbs/leave.sh has it.
import { messageOf } from '../../../swarm/engine/engine.ts';
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import type { Script } from './script.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';

/** Its own tasks are told to stop, though nobody is left to take them over. */
export async function beginLast(script: Script, { nodeId, ...info }: SwarmInfo): Promise<void> {
  await script.lock('exclusive', 10_000);
  await seeOnlyThis(script, { nodeId, ...info });
  const swarm = await script.cluster('write', 20);
  const node = swarm.nodes.get(nodeId);
  if (node !== undefined) {
    swarm.update(nodeId, node.version, { ...node.spec, availability: 'drain' });
  }
}

export async function endSwarm(script: Script, info: SwarmInfo): Promise<void> {
  await seeOnlyThis(script, info);
  await script.engine.leave(true).catch((error: unknown) => script.fail('DockerFailed', messageOf(error)));
  script.machine.remember({ recovering: 0 });
  script.checkEnd();
}

/** Whatever is not Down may come back and look for its managers. */
async function seeOnlyThis(script: Script, { nodeId, error, swarmId }: SwarmInfo): Promise<Swarm> {
  if (error !== '' || swarmId === '') {
    script.fail('NoLeader', `whether node ${nodeId} is the last one of its swarm nobody can tell: ${error}`);
  }
  const swarm = await script.cluster('read', 20);
  const others = swarm.view(script.engine).nodes.filter((one) => one.nodeId !== nodeId && one.status !== 'down');
  if (others.length > 0) {
    script.fail('NotLast', `the swarm of node ${nodeId} has ${others.length} other nodes`);
  }
  return swarm;
}
