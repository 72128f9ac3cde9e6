// The real `aws` command of Debian's package, for tests that need it often.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SCRIPT = fileURLToPath(new URL('aws-command.py', import.meta.url));

export class AwsCommand {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #asked = new Map<number, { resolve: (answer: Answer) => void; reject: (reason: Error) => void }>();
  #said = '';
  #last = 0;

  /** With nobody's configuration, and without retries, which would hide an error. */
  constructor(home: string) {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_MAX_ATTEMPTS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    this.#process = spawn('/usr/bin/python3', [SCRIPT], { env });
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#process.on('error', (error) => {
      this.#fail(error);
    });
    this.#process.on('close', () => {
      this.#fail(new Error(`the aws command is not to be had: ${this.#said.trim()}`));
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const { id, ...answer } = JSON.parse(line) as Answer & { readonly id: number };
      this.#asked.get(id)?.resolve(answer);
      this.#asked.delete(id);
    });
  }

  run(args: readonly string[]): Promise<Answer> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ id, args })}\n`);
    });
  }

  close(): void {
    this.#process.stdin.end();
  }

  #fail(reason: Error): void {
    for (const { reject } of this.#asked.values()) {
      reject(reason);
    }
    this.#asked.clear();
  }
}
