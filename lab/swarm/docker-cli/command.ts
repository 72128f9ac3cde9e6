// What a command of the simulated docker command line is: its words, and what it does on an engine.
import type { Swarm } from '../raft/swarm.ts';

/** What commands about the cluster need of the engine that they run on. */
export interface ClusterApi {
  /**
   * The swarm, where the engine is a manager of it. Hangs where a real one would hang.
   *
   * @throws DockerError where the engine is no manager, or there is no leader
   */
  cluster(access: 'read' | 'write'): Promise<Swarm>;
}

/**
 * @param args what follows the words of the command
 * @returns stdout
 */
export type DockerCommand<E = ClusterApi> = (engine: E, args: readonly string[]) => Promise<string>;

/** By the words of the command: `node ls`. */
export type DockerCommands<E = ClusterApi> = ReadonlyMap<string, DockerCommand<E>>;
