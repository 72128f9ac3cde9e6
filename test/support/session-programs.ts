// Stands for the way through AWS to an instance: Session Manager as far as it is asked, its plugin, and an ssh that forwards a socket of Docker to the
// one that the test has. Each says what it was given; the way through AWS itself is theirs.
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

function program(folder: string, name: string, text: string): void {
  const file = path.join(folder, name);
  writeFileSync(file, `#!${process.execPath}\n${text}`);
  chmodSync(file, 0o755);
}

/**
 * Puts the plugin and ssh into the folder. ssh forwards to the socket that TEST_DOCKER names.
 *
 * @param told the file that has what the plugin was given
 */
export function sessionPrograms(folder: string, told: string): void {
  // Says what it was given, and ends as it is told to.
  program(
    folder,
    'session-manager-plugin',
    `require('node:fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.argv.slice(2)));
process.exit(Number(process.env.PLUGIN_ENDS ?? 0));
`,
  );
  // It runs its ProxyCommand as ssh does, and forwards the local socket.
  program(
    folder,
    'ssh',
    `const { spawn } = require('node:child_process');
const net = require('node:net');
const args = process.argv.slice(2);
const command = args.find((one) => one.startsWith('ProxyCommand=')).slice('ProxyCommand='.length).replaceAll('%%', '%');
const [local, remote] = args[args.indexOf('-L') + 1].split(':');
if (remote !== '/var/run/docker.sock') process.exit(9);
spawn('sh', ['-c', 'exec ' + command], { stdio: 'inherit' }).on('close', (code) => {
  if (code !== 0) process.exit(255);
  net.createServer((socket) => {
    const far = net.connect(process.env.TEST_DOCKER);
    for (const end of [socket, far]) end.on('error', () => { socket.destroy(); far.destroy(); });
    socket.pipe(far).pipe(socket);
  }).listen(local);
});
`,
  );
}

export class SessionManager {
  /** Each call: its name, and its input. */
  readonly asked: unknown[] = [];
  readonly #server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      const input = JSON.parse(body) as { readonly Target: string };
      this.asked.push([incoming.headers['x-amz-target'], input]);
      const away = input.Target !== this.#instance;
      response.writeHead(away ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(
        JSON.stringify(
          away
            ? { __type: 'TargetNotConnected', message: `${input.Target} is not connected.` }
            : { SessionId: 'me-1', TokenValue: 'secret', StreamUrl: 'wss://stream' },
        ),
      );
    });
  });
  readonly #instance: string;

  /** @param instance the only one whose agent answers */
  constructor(instance: string) {
    this.#instance = instance;
  }

  /** @returns where it answers */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
  }
}
