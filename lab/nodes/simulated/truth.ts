// What is really so in a simulated swarm, whoever knows of it: for rules that a run is held against.
import type { NodeTruth, SwarmTruth } from '../machines.ts';
import type { SimulatedMachine } from '../../swarm/engine/machine.ts';
import type { Swarm } from '../../swarm/raft/swarm.ts';

/** In these states managers count a task as at work. */
const AT_WORK: ReadonlySet<string> = new Set(['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running']);

export function truthOf(swarm: Swarm, machines: Iterable<SimulatedMachine>): SwarmTruth {
  const runs = running(swarm, machines);
  const atWork = new Map<string, number>();
  for (const { nodeId, state } of swarm.tasks.view()) {
    if (AT_WORK.has(state)) atWork.set(nodeId, (atWork.get(nodeId) ?? 0) + 1);
  }
  const { raft } = swarm;
  return {
    swarmId: swarm.swarmId,
    isLed: raft.leaderId !== undefined,
    nodes: [...swarm.nodes.values()].map((node): NodeTruth => {
      const { nodeId, role, status, availability, labels } = node;
      const host = raft.hostOf(nodeId);
      return {
        ...{ nodeId, role, status, availability, labels },
        isMember: raft.has(nodeId),
        isReachable: host?.online === true && !host.silent,
        machines: runs.get(nodeId) ?? [],
        tasksAtWork: atWork.get(nodeId) ?? 0,
      };
    }),
    services: swarm.tasks.services.all().map(({ current: { spec } }) => ({
      name: spec.name,
      replicas: spec.replicas,
      constraints: spec.task.placement.constraints,
      text: () => JSON.stringify(spec),
    })),
  };
}

/** By node id: the running machines whose folder says that they are it. */
function running(swarm: Swarm, machines: Iterable<SimulatedMachine>): Map<string, string[]> {
  const runs = new Map<string, string[]>();
  for (const { alive, engine, instanceId } of machines) {
    const { folder } = engine;
    if (alive && folder?.swarm === swarm) {
      runs.set(folder.nodeId, [...(runs.get(folder.nodeId) ?? []), instanceId]);
    }
  }
  return runs;
}
