// What a command of the simulated docker command line is: its words, and what it does on an engine.
import type { Swarm } from './swarm.ts';

/** The engine refuses: its words come on stderr after `Error response from daemon: `, and the exit code is 1. */
export class DockerError extends Error {
  override readonly name: string = 'DockerError';
  /** What the command had printed before. */
  readonly stdout: string;

  constructor(message: string, stdout = '') {
    super(message);
    this.stdout = stdout;
  }
}

/** The command itself complains, in words of its own. */
export class ClientError extends DockerError {
  override readonly name = 'ClientError';
}

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
