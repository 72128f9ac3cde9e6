// Child processes that cannot run away: every one has a timeout, bounded output and a process group of its own.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed. */
  readonly input?: string;
  /** Characters kept of each stream; what comes after is dropped. */
  readonly keep?: number;
  /** Aborted where it is to be ended before its time. */
  readonly cancelled?: AbortSignal;
}

export interface CommandResult {
  /** -1 when a signal ended it: the timeout's, or the end of its machine. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
}

/** systemd's default path, which is what the SSM agent's scripts see. */
export const MINIMAL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** What a killed child may still have to say, ms: a grandchild that outlives it would otherwise hold the pipes open for ever. */
const DRAIN_MS = 250;

/** Runs a command to its end. Rejects only when it cannot be started at all. */
export function command(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const env = { PATH: MINIMAL_PATH, LANG: 'C.UTF-8', HOME: '/root', ...options.env };
  // detached: a session and process group of its own, so that a timeout can end the whole group.
  const child = spawn(file, args, { env, cwd: '/', detached: true, stdio: 'pipe' });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => collect(stream, options.keep ?? 1_000_000));
  return new Promise((resolve, reject) => {
    let timedOut = false;
    let cancelled = false;
    const cancel = (): void => {
      cancelled = true;
      killGroup(child);
    };
    options.cancelled?.addEventListener('abort', cancel);
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, options.timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      setTimeout(() => {
        // Pipes are read between a timer and an immediate: what the child said is not lost where this process was busy meanwhile.
        setImmediate(() => {
          child.stdout.destroy();
          child.stderr.destroy();
        });
      }, DRAIN_MS).unref();
    });
    child.once('close', (code) => {
      options.cancelled?.removeEventListener('abort', cancel);
      const exitCode = timedOut || cancelled ? -1 : (code ?? -1);
      resolve({ exitCode, stdout: stdout?.() ?? '', stderr: stderr?.() ?? '', timedOut, cancelled });
    });
    // A script that ends before it has read its input is no error of ours.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
  });
}

/** Like `command`, for steps that must succeed: any other exit code than 0 is an error that says what was run and what it said. */
export async function mustRun(file: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const result = await command(file, args, options);
  if (result.exitCode === 0) return result.stdout;
  const how = result.timedOut ? `timed out after ${options.timeoutMs} ms` : `exit code ${result.exitCode}`;
  throw new Error(`${[file, ...args].join(' ')}: ${how}: ${(result.stderr || result.stdout).trim().slice(0, 2000)}`);
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself just now.
  }
}

function collect(stream: NodeJS.ReadableStream, keep: number): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < keep) text = (text + chunk).slice(0, keep);
  });
  return () => text;
}
