// The documents' exit codes: one code = one named error. Scripts, state machines and docs share this table. Which of them are not tried
// again, and of which documents, stands in final-errors.ts.

export interface ExitCode {
  readonly code: number;
  /** The error's name: what a script prints, what the state machines match. */
  readonly error: string;
  readonly meaning: string;
  /** What a person does about it. */
  readonly remedy: string;
}

/** 1, 2, 124-127 are the shell's own, 194 makes the SSM agent reboot the machine: none of them may be used. */
export const EXIT_CODES: readonly ExitCode[] = [
  row(10, 'Expired', 'the command arrived after its notAfter', 'nothing: a newer command took its place'),
  row(11, 'Busy', 'another skep command held the lock of the node', 'see what runs long on the instance'),
  row(20, 'DockerMissing', 'there is no docker on the instance', 'install Docker in the image or in user data'),
  row(21, 'DockerDown', 'dockerd did not answer in time', 'look at the docker service of the instance'),
  row(22, 'CloudInitFailed', 'cloud-init failed and there is no docker', 'look at /var/log/cloud-init-output.log'),
  row(23, 'MetadataUnavailable', 'instance metadata (IMDSv2) did not answer', 'enable instance metadata version 2'),
  row(24, 'ToolMissing', 'a tool that the documents need is missing', 'install what the message names'),
  row(25, 'WrongInstance', 'the command ran on another instance than meant', 'report it: this must not happen'),
  row(30, 'JoinTokenUnreadable', 'the join token could not be read', 'attach the node policy of the stack to the role'),
  row(31, 'ForeignToken', 'the join token belongs to another swarm', 'look who writes the parameter; run a tidy'),
  row(32, 'JoinFailed', 'no manager took the node in', 'open 2377/tcp, 7946/tcp+udp and 4789/udp between nodes'),
  row(
    33,
    'ForeignSwarm',
    'the instance is in another swarm',
    'keep the instance out of the group, or end it when that swarm is not needed',
  ),
  row(34, 'NotActive', 'the engine did not become an active node', 'look at `docker info` on the instance'),
  row(35, 'LeavingNode', 'the node is on its way out', 'nothing: the scale-in took it over'),
  row(36, 'AddressPoolOverlap', 'the address pool overlaps the network of the instance', 'create with another pool'),
  row(37, 'InitFailed', 'docker refused to found the swarm', 'look at the message and at the docker log'),
  row(38, 'JoinTokenUnpublished', 'the join tokens could not be stored', 'attach the manager policy of the stack'),
  row(
    39,
    'FoundedOtherwise',
    'the swarm has other options than the cluster',
    'nothing is changed: take the swarm in (`skep adopt`), or end the instance, and its group launches another',
  ),
  row(40, 'NotManager', 'the node is not a manager', 'nothing: another manager is asked'),
  row(41, 'NoLeader', 'the swarm has no leader', 'bring back a majority of the managers'),
  row(42, 'NotReady', 'the managers do not see the node as Ready yet', 'open 2377/tcp from the node to the managers'),
  row(
    43,
    'UnknownNode',
    'the managers do not know the node',
    'nothing: a worker joins once more, any other launch is undone',
  ),
  row(44, 'TasksRunning', 'tasks of the node are not in a terminal state', 'wait, or shorten the stop grace period'),
  row(45, 'StillManager', 'the node is a manager and must be demoted first', 'demote it from another manager'),
  row(46, 'UpdateConflict', 'others kept changing the node at the same time', 'nothing: it is tried again'),
  row(47, 'SelfDemotion', 'a manager was to demote itself', 'nothing: another manager is asked'),
  row(
    48,
    'QuorumWouldBreak',
    'without it too few managers would be reachable',
    'bring back the managers that are down',
  ),
  row(49, 'DemotionPending', 'the demotion was accepted, and is not done yet', 'bring back a majority of the managers'),
  row(50, 'DockerFailed', 'a docker command failed', 'look at the message and at the docker log'),
  row(51, 'OtherEpoch', 'the manager or the command missed a recovery', 'nothing: another manager is asked'),
  row(
    52,
    'FormerManager',
    'the engine is a manager that missed a recovery, or was fenced',
    'end the instance: its group launches another',
  ),
  row(53, 'QuorumNotLost', 'the engine to recover from reports a leader', 'nothing: there is nothing to recover'),
  row(54, 'NotFenced', 'the engine still runs after it was stopped', 'end the instance: `skep recover --terminate`'),
  row(
    55,
    'NotLast',
    'the swarm has other nodes than the one that it was to end with',
    'scale in the other groups of the cluster, and end what is in none',
  ),
  row(
    56,
    'Autolocked',
    'the swarm locks its managers (autolock), and skep has no key to let one back in after a restart',
    '`docker swarm update --autolock=false` on a manager; end an instance that is locked already',
  ),
  row(
    57,
    'CurlTooOld',
    'the curl of the instance does not sign all that AWS wants signed',
    'install curl 7.86 or later',
  ),
  row(
    58,
    'OtherAddress',
    'the managers see the node at an address that EC2 does not have for the instance',
    'nothing: EC2 is asked whose the address is; behind a NAT the node is confirmed all the same, and one that is to go is left to the tidy',
  ),
];

function row(code: number, error: string, meaning: string, remedy: string): ExitCode {
  return { code, error, meaning, remedy };
}

/** The row of an exit code, or undefined for a code that no document of ours ends with. */
export function exitCode(code: number): ExitCode | undefined {
  return EXIT_CODES.find((row) => row.code === code);
}
