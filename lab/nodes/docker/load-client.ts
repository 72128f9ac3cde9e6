// Asks a service for one thing after the other, and tells of each answer in a line of JSON. It runs in the network namespace of a
// container, so that it resolves names and reaches tasks as a container does. Nothing is tried again.
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [service = '', perSecond = '', slowSeconds = ''] = process.argv.slice(2);

/** The resolver that Docker gives every container. */
const DNS = '127.0.0.11';
const QUICK_MS = 2000;
/** What a slow answer may take beyond its own time. */
const SPARE_MS = 5000;
/** After a slow request that failed, ms: one that fails at once must not become a storm. */
const PAUSE_MS = 1000;

class NoAddress extends Error {}

/** Asks the name anew each time: a client that keeps an address is not the service's fault. */
async function addressOf(name: string): Promise<string> {
  const resolver = new Resolver({ timeout: QUICK_MS, tries: 1 });
  resolver.setServers([DNS]);
  // A name that stands for nobody is asked of the world's servers, and those are out of reach: it may take its time to fail.
  const [address] = await resolver.resolve4(name).catch((cause: unknown) => {
    throw new NoAddress(`${name} has no address`, { cause });
  });
  return address ?? '';
}

async function ask(path: string, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const host = await addressOf(service);
  await new Promise<void>((resolve, reject) => {
    const outgoing = request({ host, path, agent: false, signal }, (response) => {
      response
        .on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`HTTP ${response.statusCode ?? 0}`));
        })
        .on('error', reject)
        .resume();
    });
    outgoing.on('error', reject).end();
  });
}

/** Resolves with whether it was answered. */
async function tell(slow: boolean): Promise<boolean> {
  const at = Date.now();
  const failure = await (slow ? ask('/cgi-bin/slow', Number(slowSeconds) * 1000 + SPARE_MS) : ask('/', QUICK_MS)).then(
    () => '',
    reasonOf,
  );
  process.stdout.write(`${JSON.stringify({ at, slow, failure })}\n`);
  return failure === '';
}

const REASONS: Readonly<Record<string, string>> = {
  ABORT_ERR: 'timed out',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'unreachable',
};

function reasonOf(error: unknown): string {
  if (error instanceof NoAddress) return 'no address';
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

/** By the clock, not one pause after the other: on a busy machine those would become fewer and fewer. */
async function quickOnes(): Promise<never> {
  const every = 1000 / Number(perSecond);
  for (let next = Date.now(); ; next += every) {
    await sleep(Math.max(0, next - Date.now()));
    void tell(false);
  }
}

async function slowOnes(): Promise<never> {
  for (;;) {
    if (!(await tell(true))) await sleep(PAUSE_MS);
  }
}

// The pipe to the lab closes when the lab ends, however it ends.
process.stdin.on('end', () => process.exit(0)).resume();

void slowOnes();
await quickOnes();
