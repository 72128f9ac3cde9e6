// `docker ...` on a simulated machine: which command it is, its exit code, and a time-out around it.
import { NotToBeHad } from '../../nodes/machines.ts';
import type { Clock } from '../../time/clock.ts';
import type { DocumentOutcome } from '../../nodes/machines.ts';
import { ClientError, DockerError } from './error.ts';
import type { DockerCommand, DockerCommands } from './command.ts';
import { nodeCommands } from './node-commands.ts';
import { serviceCommands } from './service-commands.ts';
import { swarmCommands } from './swarm-commands.ts';
import type { Engine } from '../engine/engine.ts';

const HUNG = 124;

const COMMANDS: DockerCommands<Engine> = new Map([...swarmCommands, ...nodeCommands, ...serviceCommands]);

export async function runDocker(
  engine: Engine,
  args: readonly string[],
  { clock, seconds }: { readonly clock: Clock; readonly seconds: number },
): Promise<DocumentOutcome> {
  const [command, rest] = find(args);
  let cancel = (): void => undefined;
  const timeout = new Promise<DocumentOutcome>((resolve) => {
    cancel = clock.schedule(seconds * 1000, () => {
      resolve({ exitCode: HUNG, stdout: '', stderr: '', timedOut: true });
    });
  });
  const outcome = await Promise.race([outcomeOf(command(engine, rest)), timeout]);
  cancel();
  return outcome;
}

function find(args: readonly string[]): [DockerCommand<Engine>, readonly string[]] {
  for (const words of [2, 1]) {
    const command = COMMANDS.get(args.slice(0, words).join(' '));
    if (command !== undefined) {
      return [command, args.slice(words)];
    }
  }
  throw new NotToBeHad(`simulated machines do not know docker ${args.join(' ')}`);
}

async function outcomeOf(running: Promise<string>): Promise<DocumentOutcome> {
  try {
    return { exitCode: 0, stdout: await running, stderr: '', timedOut: false };
  } catch (error) {
    if (!(error instanceof DockerError)) {
      throw error;
    }
    const said = error instanceof ClientError ? '' : 'Error response from daemon: ';
    return { exitCode: 1, stdout: error.stdout, stderr: `${said}${error.message}\n`, timedOut: false };
  }
}
