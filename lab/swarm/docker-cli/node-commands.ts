// The docker command line about nodes: ls, inspect, update, rm, promote, demote.
import { parseArguments } from './arguments.ts';
import { ClientError, DockerError } from './error.ts';
import type { DockerCommand, DockerCommands } from './command.ts';
import type { Engine } from '../engine/engine.ts';
import type { NodeRecord, NodeSpec } from '../raft/node-record.ts';
import type { Swarm } from '../raft/swarm.ts';

const ENGINE_VERSION = '20.10.24+simulated';
const JSON_FORMAT = '{{json .}}';

const ls: DockerCommand<Engine> = async (engine, args) => {
  const isQuiet = args.join(' ') === '-q';
  if (!isQuiet) {
    needJson(args);
  }
  const swarm = await engine.cluster('read');
  if (isQuiet) {
    return [...swarm.nodes.keys()].map((nodeId) => `${nodeId}\n`).join('');
  }
  const lines = [...swarm.nodes.values()].map((node) => {
    const reachability = swarm.raft.reachability(node.nodeId, engine);
    return JSON.stringify({
      Availability: capitalized(node.availability),
      EngineVersion: ENGINE_VERSION,
      Hostname: node.hostname,
      ID: node.nodeId,
      ManagerStatus: capitalized(reachability ?? ''),
      Self: node.nodeId === engine.folder?.nodeId,
      Status: capitalized(node.status),
      TLSStatus: 'Ready',
    });
  });
  return lines.map((line) => `${line}\n`).join('');
};

const inspect: DockerCommand<Engine> = async (engine, args) => {
  const [name = ''] = needJson(args);
  const swarm = await engine.cluster('read');
  const node = find(swarm, name, engine);
  if (node === undefined) {
    throw new ClientError(`Error: No such node: ${name}`, '\n');
  }
  const { nodeId, version, spec, hostname, status, address } = node;
  const reachability = swarm.raft.reachability(nodeId, engine);
  const manager = {
    ...(reachability === 'leader' ? { Leader: true } : {}),
    Reachability: reachability === 'leader' ? 'reachable' : reachability,
    Addr: `${swarm.raft.addressOf(nodeId) ?? address}:2377`,
  };
  const inspected = {
    ID: nodeId,
    Version: { Index: version },
    Spec: { Labels: spec.labels, Role: spec.role, Availability: spec.availability },
    Description: { Hostname: hostname, Engine: { EngineVersion: ENGINE_VERSION } },
    Status: { State: status, Addr: address },
    ...(reachability === undefined ? {} : { ManagerStatus: manager }),
  };
  return `${JSON.stringify(inspected)}\n`;
};

const update: DockerCommand<Engine> = async (engine, args) => {
  const names = ['--availability', '--role', '--label-add', '--label-rm'] as const;
  const { options, operands } = parseArguments(args, { options: names });
  const [name = ''] = operands;
  const [availability] = options.get('--availability') ?? [];
  const [role] = options.get('--role') ?? [];
  await change(engine, name, (spec) => {
    const labels = { ...spec.labels };
    for (const pair of options.get('--label-add') ?? []) {
      const [key = '', ...value] = pair.split('=');
      labels[key] = value.join('=');
    }
    for (const key of options.get('--label-rm') ?? []) {
      if (!(key in labels)) {
        throw new ClientError(`key ${key} doesn't exist in node's labels`);
      }
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a label is taken away by its name
      delete labels[key];
    }
    return { role: roleOf(role, spec), availability: availabilityOf(availability, spec), labels };
  });
  return `${name}\n`;
};

const rm: DockerCommand<Engine> = async (engine, args) => {
  const { flags, operands } = parseArguments(args, { flags: ['--force', '-f'] });
  return forEach(operands, async (name) => {
    const swarm = await engine.cluster('write');
    const node = find(swarm, name, engine) ?? noSuchNode(name);
    swarm.remove(node.nodeId, flags.size > 0);
    return name;
  });
};

const promote: DockerCommand<Engine> = (engine, args) =>
  forEach(parseArguments(args, {}).operands, async (name) => {
    const done = await setRole(engine, name, 'manager');
    return done ? `Node ${name} promoted to a manager in the swarm.` : `Node ${name} is already a manager.`;
  });

const demote: DockerCommand<Engine> = (engine, args) =>
  forEach(parseArguments(args, {}).operands, async (name) => {
    const done = await setRole(engine, name, 'worker');
    return done ? `Manager ${name} demoted in the swarm.` : `Node ${name} is already a worker.`;
  });

/** @returns whether it had another role before */
async function setRole(engine: Engine, name: string, role: NodeSpec['role']): Promise<boolean> {
  let had: string = role;
  await change(engine, name, (spec) => {
    had = spec.role;
    return spec.role === role ? spec : { ...spec, role };
  });
  return had !== role;
}

/** Reads the node, then writes the version that was read. */
async function change(engine: Engine, name: string, next: (spec: NodeSpec) => NodeSpec): Promise<void> {
  const { nodeId, version, spec } = find(await engine.cluster('read'), name, engine) ?? noSuchNode(name);
  const wanted = next(spec);
  if (wanted !== spec) {
    (await engine.cluster('write')).update(nodeId, version, wanted);
  }
}

/** Several operands are done one after the other; the first that fails ends it. */
async function forEach(operands: readonly string[], act: (name: string) => Promise<string>): Promise<string> {
  let stdout = '';
  for (const name of operands) {
    try {
      stdout += `${await act(name)}\n`;
    } catch (error) {
      if (error instanceof ClientError) throw new ClientError(error.message, stdout);
      if (error instanceof DockerError) throw new DockerError(error.message, stdout);
      throw error;
    }
  }
  return stdout;
}

/** By id, by hostname, by what an id begins with. */
function find(swarm: Swarm, name: string, engine: Engine): NodeRecord | undefined {
  const own = name === 'self' ? engine.folder?.nodeId : name;
  const exact = swarm.nodes.get(own ?? '');
  if (exact !== undefined) {
    return exact;
  }
  const all = [...swarm.nodes.values()];
  const named = all.filter(({ hostname }) => hostname === name);
  const found = named.length > 0 ? named : all.filter(({ nodeId }) => nodeId.startsWith(name));
  if (found.length > 1) {
    throw new DockerError(
      `rpc error: code = InvalidArgument desc = node ${name} is ambiguous (${found.length} matches found)`,
    );
  }
  return found[0];
}

function noSuchNode(name: string): never {
  throw new ClientError(`Error: No such node: ${name}`);
}

function needJson(args: readonly string[]): readonly string[] {
  const { options, operands } = parseArguments(args, { options: ['--format'] });
  if (options.get('--format')?.join() !== JSON_FORMAT) {
    throw new Error(`simulated docker node knows the format ${JSON_FORMAT} only`);
  }
  return operands;
}

function availabilityOf(wanted: string | undefined, { availability }: NodeSpec): NodeSpec['availability'] {
  if (wanted === undefined || wanted === 'active' || wanted === 'pause' || wanted === 'drain') {
    return wanted ?? availability;
  }
  throw new DockerError(`invalid Availability: "${wanted}"`);
}

function roleOf(wanted: string | undefined, { role }: NodeSpec): NodeSpec['role'] {
  if (wanted === undefined || wanted === 'worker' || wanted === 'manager') {
    return wanted ?? role;
  }
  throw new DockerError(`invalid Role: "${wanted}"`);
}

const capitalized = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

export const nodeCommands: DockerCommands<Engine> = new Map([
  ['node ls', ls],
  ['node inspect', inspect],
  ['node update', update],
  ['node rm', rm],
  ['node promote', promote],
  ['node demote', demote],
]);
