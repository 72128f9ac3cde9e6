// The docker command line about an engine's own membership: info, swarm init, join, leave, join-token.
import { parseArguments } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import { ClientError } from './error.ts';
import type { DockerCommand, DockerCommands } from './command.ts';
import type { Engine, SwarmInfo } from '../engine/engine.ts';
import type { NodeSpec } from '../raft/node-record.ts';

const NOTHING: SwarmInfo = {
  nodeId: '',
  nodeAddress: '',
  state: 'inactive',
  controlAvailable: false,
  error: '',
  swarmId: '',
  nodes: 0,
  managers: 0,
};

const info: DockerCommand<Engine> = async (engine, args) => {
  const { options } = parseArguments(args, { options: ['--format'] });
  if (options.get('--format')?.join() !== '{{json .Swarm}}') {
    throw new Error('simulated docker info knows the format {{json .Swarm}} only');
  }
  try {
    return infoLine(await engine.info());
  } catch (error) {
    if (error instanceof ClientError) {
      throw new ClientError(error.message, infoLine(NOTHING).replace('inactive', ''));
    }
    throw error;
  }
};

function infoLine({ nodeId, nodeAddress, state, controlAvailable, error, ...cluster }: SwarmInfo): string {
  const { swarmId, nodes, managers } = cluster;
  const counts = nodes === 0 ? {} : { Nodes: nodes, Managers: managers };
  const own = {
    // In trouble it does not tell, though it knows.
    NodeID: state === 'error' ? '' : nodeId,
    NodeAddr: nodeAddress,
    LocalNodeState: state,
    ControlAvailable: controlAvailable,
    Error: error,
  };
  return `${JSON.stringify({ ...own, ...counts, ...(controlAvailable ? { Cluster: { ID: swarmId } } : {}) })}\n`;
}

const init: DockerCommand<Engine> = async (engine, args) => {
  const { flags, options } = parseArguments(args, {
    flags: ['--force-new-cluster', '--autolock'],
    options: ['--advertise-addr', '--availability'],
  });
  const address = one(options, '--advertise-addr') ?? engine.address;
  if (flags.has('--force-new-cluster')) {
    await engine.forceNewCluster();
  } else {
    await engine.init({ address, availability: availabilityOf(options) });
    (await engine.cluster('write')).autolock = flags.has('--autolock');
  }
  const { nodeId } = await engine.info();
  return `Swarm initialized: current node (${nodeId}) is now a manager.\n`;
};

const join: DockerCommand<Engine> = async (engine, args) => {
  const { options, operands } = parseArguments(args, { options: ['--token', '--availability', '--advertise-addr'] });
  const [remote = ''] = operands;
  const role = await engine.join({
    token: one(options, '--token') ?? '',
    remotes: [/:\d+$/.test(remote) ? remote : `${remote}:2377`],
    address: one(options, '--advertise-addr') ?? engine.address,
    availability: availabilityOf(options),
  });
  return `This node joined a swarm as a ${role}.\n`;
};

const leave: DockerCommand<Engine> = async (engine, args) => {
  const { flags } = parseArguments(args, { flags: ['--force', '-f'] });
  await engine.leave(flags.size > 0);
  return 'Node left the swarm.\n';
};

const update: DockerCommand<Engine> = async (engine, args) => {
  const { options } = parseArguments(args, { options: ['--autolock'] });
  (await engine.cluster('write')).autolock = one(options, '--autolock') === 'true';
  return 'Swarm updated.\n';
};

const joinToken: DockerCommand<Engine> = async (engine, args) => {
  const { flags, operands } = parseArguments(args, { flags: ['-q', '--quiet', '--rotate'] });
  const [role] = operands;
  const quiet = flags.has('-q') || flags.has('--quiet');
  if (!quiet || (role !== 'worker' && role !== 'manager')) {
    throw new Error('simulated docker swarm join-token knows -q worker and -q manager only');
  }
  if (flags.has('--rotate')) {
    (await engine.cluster('write')).rotate(role);
  }
  return `${(await engine.cluster('read')).joinTokens[role]}\n`;
};

const one = (options: Arguments['options'], name: string): string | undefined => options.get(name)?.at(-1);

const availabilityOf = (options: Arguments['options']): NodeSpec['availability'] =>
  (one(options, '--availability') ?? 'active') as NodeSpec['availability'];

export const swarmCommands: DockerCommands<Engine> = new Map([
  ['info', info],
  ['swarm init', init],
  ['swarm join', join],
  ['swarm leave', leave],
  ['swarm update', update],
  ['swarm join-token', joinToken],
]);
