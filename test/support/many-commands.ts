// Many commands in one process, one after the other: a process for each would load the command anew, which takes a second of the processor.
// It is the command as people install it; `skep lab`, which is in clones only, has a process of its own, from the sources. Not in the process of the tests, where Node's own errors are none to `instanceof`.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { compiledCommand } from './compiled-command.ts';
import { environment } from './skep-command.ts';
import type { Ended, Environment } from './skep-command.ts';

const SOURCES = '../../cli/run.ts';
const PROCESS = fileURLToPath(new URL('./many-commands-process.ts', import.meta.url));

export interface CommandLine {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Of the terminal that it prints on; undefined where it is none. */
  readonly columns?: number | undefined;
}

/** None of the commands has to wait for anything that takes longer: it would be a command that waits for ever without saying so. ms */
const PATIENCE = 120_000;

export class ManyCommands {
  readonly #compiled: string | undefined;
  /** By what they run. */
  readonly #children = new Map<string, ChildProcess>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param compiled cli/run of a package that a test has made; undefined for that which all tests share */
  constructor(compiled?: string) {
    this.#compiled = compiled;
  }

  /** @throws for a command that does not end */
  skep(args: readonly string[], env: Environment, columns?: number): Promise<Ended> {
    const ended = this.#last.then(() => this.#ask({ args, env: environment(env), columns }));
    this.#last = ended.catch(() => undefined);
    return ended;
  }

  close(): void {
    for (const child of this.#children.values()) {
      child.kill('SIGKILL');
    }
  }

  #childFor([verb]: readonly string[]): ChildProcess {
    const compiled = (): string => path.join(path.dirname(compiledCommand()), '../dist/run.js');
    const runs = this.#compiled ?? (verb === 'lab' ? SOURCES : compiled());
    const child =
      this.#children.get(runs) ??
      fork(PROCESS, [runs], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.#children.set(runs, child);
    return child;
  }

  #ask(line: CommandLine): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = this.#childFor(line.args);
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
        reject(new Error(`the process has ended: skep ${line.args.join(' ')}`));
      };
      const patience = setTimeout(() => {
        give();
        reject(new Error(`it waits for ever: skep ${line.args.join(' ')}`));
      }, PATIENCE);
      child.once('message', answered);
      child.once('exit', died);
      child.send(line);
    });
  }
}
