// A process that lives as long as the lab wants it to: it reads its stdin, a pipe that the lab holds, and ends when that closes.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

import { MINIMAL_PATH } from './processes.ts';

/** How long a resident may take to end by itself before it is killed, ms. */
const END_MS = 3000;

export class Resident {
  readonly pid: number;
  /** Resolves when the process (and so the pid namespace that it waits for) is gone. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #over = false;
  #said = '';

  private constructor(child: ChildProcessWithoutNullStreams, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      this.#wake();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#said = (this.#said + chunk).slice(-2000);
    });
    child.stdin.on('error', () => undefined);
  }

  /** Starts it. Rejects when the file cannot be run. */
  static async start(file: string, args: readonly string[]): Promise<Resident> {
    // detached: a Ctrl-C in the terminal of the lab must not end machines before the lab has decided to.
    const child = spawn(file, args, {
      env: { PATH: MINIMAL_PATH, LANG: 'C.UTF-8' },
      cwd: '/',
      detached: true,
      stdio: 'pipe',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve).once('error', reject);
    });
    if (child.pid === undefined) throw new Error(`${file} has no process id`);
    return new Resident(child, child.pid);
  }

  /** Waits until it prints this line. Rejects when it ends first, or after the timeout. */
  async says(line: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#lines.shift() !== line) {
      if (this.#lines.length > 0) continue;
      if (this.#over) throw new Error(`ended before it said "${line}": ${this.#said.trim()}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`did not say "${line}" within ${timeoutMs} ms: ${this.#said.trim()}`);
      await this.#somethingNew(left);
    }
  }

  /** Hands on every line that it prints, in place of `says`, and at its end what it said on stderr. */
  listen(line: (text: string) => void, ended: (said: string) => void): void {
    this.#wake = () => {
      this.#lines.splice(0).forEach(line);
    };
    this.#wake();
    void this.ended.then(() => {
      ended(this.#said.trim());
    });
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Closes its stdin and waits for its end; kills it when that takes too long. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await this.ended;
    clearTimeout(timer);
  }

  #somethingNew(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
