// What an engine says when it refuses, word for word.
const NOT_MANAGER = 'This node is not a swarm manager.';

export const NOT_IN_SWARM = `${NOT_MANAGER} Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.`;
export const NOT_A_MANAGER =
  `${NOT_MANAGER} Worker nodes can't be used to view or modify cluster state. ` +
  'Please run this command on a manager node or promote the current node to a manager.';
export const NO_MEMBER = 'This node is not part of a swarm';
export const ENGINE_DOWN =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
export const ALREADY =
  'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.';
export const JOIN_TIMEOUT =
  'Timeout was reached before node joined. The attempt to join the swarm will continue in the background. ' +
  'Use the "docker info" command to see the current swarm status of your node.';
export const STEPPING_DOWN =
  'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial unix ' +
  '/run/docker/swarm/control.sock: connect: no such file or directory"';
export const LOST_IN_PROMOTION =
  "manager stopped: can't initialize raft node: rpc error: code = Unavailable desc = connection error: " +
  'desc = "transport: Error while dialing: connect: connection refused"';
