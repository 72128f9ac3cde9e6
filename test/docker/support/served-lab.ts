// A lab that is served by a process of its own, and the real `aws` command against it: what reads our wire formats is not ours.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from './bench.ts';
import { LabProcess } from './lab-process.ts';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class ServedLab {
  readonly #home: string;
  readonly #port: number;
  readonly #lab: LabProcess;

  private constructor(home: string, port: number, options: readonly string[]) {
    this.#home = home;
    this.#port = port;
    this.#lab = new LabProcess('serve', '--port', String(port), ...options);
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

  /** With nobody's configuration, and without retries, which would hide an error. */
  aws(...args: readonly string[]): Promise<Answer> {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: this.#home,
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_MAX_ATTEMPTS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const full = [...args, '--endpoint-url', `http://127.0.0.1:${this.#port}`, '--output', 'json'];
    return new Promise((resolve) => {
      execFile('/usr/bin/aws', full, { env, timeout: 300_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
    });
  }

  async close(): Promise<void> {
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
