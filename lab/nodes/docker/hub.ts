// The hub: a process in a network namespace of its own, which holds the bridge that all instances are plugged into.
//
// It plays two addresses of AWS: instance metadata (169.254.169.254:80) and the endpoint (10.77.0.1:4566). It forwards bytes, not
// requests, to the lab's unix sockets: those cross network namespaces, so the root namespace needs no link, route or port. The lab
// tells instances apart by the socket that the metadata request comes in on: this side picks it by the peer's address.
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';

const [folder = '', gateway = ''] = process.argv.slice(2);

/** Resolves when it listens. An instance that the lab does not know (any more) gets a closed connection. */
function listen(host: string, port: number, socketName: (peer: string) => string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const lab = connect({ path: join(folder, socketName(client.remoteAddress ?? 'unknown')), allowHalfOpen: true });
    // Either side failing destroys both; there is nobody to tell.
    pipeline(client, lab, () => undefined);
    pipeline(lab, client, () => undefined);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

// The pipe to the lab closes when the lab ends, however it ends.
process.stdin.on('end', () => process.exit(0)).resume();

await listen('169.254.169.254', 80, (peer) => `${peer}.imds`);
await listen(gateway, 4566, () => 'aws');
process.stdout.write('ready\n');
