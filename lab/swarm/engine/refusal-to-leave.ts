// Why an engine refuses to let a manager leave, in its own words.
import { reaches } from './network.ts';
import type { Host } from './network.ts';
import type { Swarm } from '../raft/swarm.ts';

export function refusalToLeave({ raft }: Swarm, engine: Host): string {
  const intro = 'You are attempting to leave the swarm on a node that is participating as a manager. ';
  if (raft.size === 1) {
    return `${intro}Removing the last manager erases all current state of the swarm. Use \`--force\` to ignore this message.`;
  }
  const reachable = raft.nodeIds.filter((nodeId) => {
    const host = raft.hostOf(nodeId);
    return host !== undefined && reaches(engine, host);
  }).length;
  // Without a leader it cannot count, and says no number.
  const losesQuorum = raft.canRead(engine) && reachable - 1 <= raft.size / 2;
  const count = `Removing this node leaves ${reachable - 1} managers out of ${raft.size}. Without a Raft quorum your swarm will be inaccessible. `;
  return (
    `${intro}${losesQuorum ? count : ''}The only way to restore a swarm that has lost consensus is to reinitialize it ` +
    'with `--force-new-cluster`. Use `--force` to suppress this message.'
  );
}
