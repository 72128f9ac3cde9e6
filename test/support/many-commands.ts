// Many commands in one process, one after the other: a process for each would load the command anew, which takes a second of the processor.
// Not in the process of the tests, where Node's own errors are none to `instanceof`.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { environment } from './skep-command.ts';
import type { Ended, Environment } from './skep-command.ts';

const PROCESS = fileURLToPath(new URL('./many-commands-process.ts', import.meta.url));

export interface Asked {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Of the terminal that it prints on; undefined where it is none. */
  readonly columns?: number | undefined;
}

/** None of the commands has to wait for anything that takes longer: it would be a command that waits for ever without saying so. ms */
const PATIENCE = 120_000;

export class ManyCommands {
  readonly #child: ChildProcess;
  #last: Promise<unknown> = Promise.resolve();

  /** @param compiled cli/run as a package has it; undefined for the sources */
  constructor(compiled?: string) {
    const args = compiled === undefined ? [] : [compiled];
    this.#child = fork(PROCESS, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  }

  /** @throws for a command that does not end */
  skep(args: readonly string[], env: Environment, columns?: number): Promise<Ended> {
    const ended = this.#last.then(() => this.#ask({ args, env: environment(env), columns }));
    this.#last = ended.catch(() => undefined);
    return ended;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(asked: Asked): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const give = (): void => {
        clearTimeout(patience);
        child.off('message', answered);
        child.off('exit', died);
      };
      const answered = (message: unknown): void => {
        give();
        resolve(message as Ended);
      };
      const died = (): void => {
        give();
        reject(new Error(`the process has ended: skep ${asked.args.join(' ')}`));
      };
      const patience = setTimeout(() => {
        give();
        reject(new Error(`it waits for ever: skep ${asked.args.join(' ')}`));
      }, PATIENCE);
      child.once('message', answered);
      child.once('exit', died);
      child.send(asked);
    });
  }
}
