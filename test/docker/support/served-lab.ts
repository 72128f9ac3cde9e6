// A lab that is served by a process of its own, and the real `aws` command against it: what reads our wire formats is not ours.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AwsCommand } from './aws-command.ts';
import type { Answer } from './aws-command.ts';
import { until } from './bench.ts';
import { LabProcess } from './lab-process.ts';

export class ServedLab {
  readonly #home: string;
  readonly #port: number;
  readonly #lab: LabProcess;
  readonly #aws: AwsCommand;

  private constructor(home: string, port: number, options: readonly string[]) {
    this.#home = home;
    this.#port = port;
    this.#lab = new LabProcess('serve', '--port', String(port), ...options);
    this.#aws = new AwsCommand(home);
  }

  /** It is packaged before it is served, which takes a while where the host is busy. */
  static async open(...options: readonly string[]): Promise<ServedLab> {
    const served = new ServedLab(await mkdtemp(join(tmpdir(), 'skep-home-')), await freePort(), options);
    await until(
      () => Promise.resolve(served.#lab.stdout),
      (text) => text.includes('stays up'),
      150_000,
    );
    return served;
  }

  aws(...args: readonly string[]): Promise<Answer> {
    return this.#aws.run([...args, '--endpoint-url', `http://127.0.0.1:${this.#port}`, '--output', 'json']);
  }

  async close(): Promise<void> {
    this.#aws.close();
    this.#lab.signal('SIGINT');
    await this.#lab.end();
    await rm(this.#home, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
