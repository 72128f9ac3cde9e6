// A manager's Docker socket on this machine: ssh forwards the socket, and a session of Session Manager carries ssh. Both take the person's own
// credentials and keys. Session Manager alone forwards TCP ports only, and Docker's socket is none: to make it one would let everybody on the
// manager be root.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Failed } from './errors.ts';

export interface Tunnel {
  /** `unix:///...`, as docker takes it. */
  readonly host: string;
  /** Resolves when ssh has ended, whoever ended it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

interface TunnelOptions {
  readonly instance: string;
  /** Who logs in there; undefined for what ssh's own configuration says. */
  readonly user: string | undefined;
  /** What ssh starts to reach the instance. */
  readonly proxy: readonly string[];
}

const PATIENCE = 60_000;
const LOOK_EVERY = 100;

/** Without a terminal of its own, and failing rather than waiting where the socket cannot be forwarded. */
export function sshArguments({ instance, user, proxy }: TunnelOptions, socket: string): string[] {
  return [
    ...['-N', '-T'],
    ...['-o', 'ExitOnForwardFailure=yes', '-o', 'ServerAliveInterval=15'],
    ...['-o', `ProxyCommand=${proxy.map(quoted).join(' ')}`],
    ...['-L', `${socket}:/var/run/docker.sock`],
    user === undefined ? instance : `${user}@${instance}`,
  ];
}

/** For the shell that ssh starts its ProxyCommand with; and a per cent sign is ssh's own. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`).replaceAll('%', '%%')}'`;

/** @throws {Failed} where ssh ends before the socket is there */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  // Nobody else of this machine may reach the socket: whoever does is root on the manager.
  const folder = mkdtempSync(path.join(tmpdir(), 'skep-docker-'));
  const socket = path.join(folder, 'docker.sock');
  const child = spawn('ssh', sshArguments(options, socket), { stdio: ['inherit', 'ignore', 'inherit'] });
  let over: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      over = error.message;
      resolve();
    });
    child.once('close', (code) => {
      over ??= `it ended with ${code ?? 'a signal'}`;
      resolve();
    });
  });
  const drop = (): void => {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  // However the process ends: neither ssh nor the way to a manager outlives it.
  process.once('exit', drop);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    drop();
    process.off('exit', drop);
  };
  for (let waited = 0; !existsSync(socket); waited += LOOK_EVERY) {
    if (isOver() || waited >= PATIENCE) {
      await close();
      throw new Failed(
        `ssh did not forward the Docker socket of ${options.instance}: ${over ?? 'it took longer than a minute'}. ` +
          'Does the instance run sshd, is your key there, and may that user use Docker?',
      );
    }
    await sleep(LOOK_EVERY);
  }
  return { host: `unix://${socket}`, ended, close };

  function isOver(): boolean {
    return over !== undefined;
  }
}
