// How a docker command fails: refused by the engine, or by the command itself.

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

/** For what nobody waits for: a dockerd that starts by itself may be ended before it is up, and that is no defect. */
export function unlessItIsDown(error: unknown): void {
  if (!(error instanceof ClientError)) {
    throw error;
  }
}
