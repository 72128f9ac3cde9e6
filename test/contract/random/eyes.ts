// How a world is looked at: by docker commands; or, where each of them would cost a process, by the API that they ask.
import type { DockerMachines } from '../../../lab/nodes/docker/docker-machines.ts';
import type { Machines } from '../../../lab/nodes/machines.ts';
import { kindOf } from './outcome.ts';

/** What a machine answers, or the kind of the error that it answers with. */
type Answer = { readonly value: unknown } | { readonly refusal: string };

export interface Eyes {
  /** `.Swarm` of docker info. */
  info(instanceId: string): Promise<Answer>;
  /** docker node ls. */
  nodes(instanceId: string): Promise<Answer>;
  /** docker service inspect, of all services. */
  services(instanceId: string): Promise<Answer>;
}

/** A call that takes longer hangs: without a leader they do, for 20 s. */
const PATIENCE = 5;

export function byCommands(machines: Machines): Eyes {
  const ask = async (
    instanceId: string,
    args: readonly string[],
    read: (stdout: string) => unknown,
  ): Promise<Answer> => {
    const { exitCode, stdout, stderr } = await machines.docker(instanceId, args, PATIENCE);
    if (exitCode === 0) {
      return { value: read(stdout) };
    }
    return { refusal: exitCode === 124 ? 'hangs' : kindOf(stderr) };
  };
  const parsed = (stdout: string): unknown => JSON.parse(stdout);
  return {
    info: (instanceId) => ask(instanceId, ['info', '--format', '{{json .Swarm}}'], parsed),
    nodes: (instanceId) => ask(instanceId, ['node', 'ls', '--format', '{{json .}}'], (stdout) => stdout),
    services: async (instanceId) => {
      const listed = await ask(instanceId, ['service', 'ls', '-q'], (stdout) => stdout);
      const ids = 'value' in listed ? String(listed.value).split('\n').filter(Boolean) : [];
      return ids.length === 0 ? { value: [] } : ask(instanceId, ['service', 'inspect', ...ids], parsed);
    },
  };
}

export function byApi(machines: DockerMachines): Eyes {
  const ask = async (instanceId: string, path: string): Promise<Answer> => {
    try {
      return { value: await machines.ask(instanceId, path, PATIENCE) };
    } catch (error) {
      return { refusal: kindOf(error instanceof Error ? error.message : String(error)) };
    }
  };
  return {
    info: async (instanceId) => {
      const answer = await ask(instanceId, '/info');
      return 'value' in answer ? { value: (answer.value as { readonly Swarm: unknown }).Swarm } : answer;
    },
    nodes: (instanceId) => ask(instanceId, '/nodes'),
    services: (instanceId) => ask(instanceId, '/services'),
  };
}
