// What the labs of one process have on this host: what they could leave behind.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Found {
  /** Arguments of processes that are in a machine, or hold one. */
  readonly processes: readonly string[];
  readonly cgroups: readonly string[];
  readonly folders: readonly string[];
}

export const NOTHING: Found = { processes: [], cgroups: [], folders: [] };

/** Follows the labs of one process id. Other labs may run on this host meanwhile. */
export class Traces {
  readonly #prefix: string;
  /** Namespaces that machines were seen in: a process in one of them is ours, whatever its name. */
  readonly #namespaces = new Set<string>();

  constructor(pid: number) {
    this.#prefix = `skep-lab-${pid}-`;
  }

  look(): Found {
    const all = processes();
    const named = all.filter(({ pid, line }) => (line + read(`/proc/${pid}/cgroup`)).includes(this.#prefix));
    const host = new Set(namespaces('self'));
    for (const { pid } of named) {
      for (const namespace of namespaces(pid)) if (!host.has(namespace)) this.#namespaces.add(namespace);
    }
    const ours = all.filter(({ pid }) => namespaces(pid).some((namespace) => this.#namespaces.has(namespace)));
    // The kernel gives the number of a namespace that is gone to the next one, which may be another lab's.
    if (ours.length === 0) this.#namespaces.clear();
    return {
      processes: [...new Set([...named, ...ours])].map(({ line }) => line),
      cgroups: ['/sys/fs/cgroup', ...names('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)].flatMap(
        (folder) => this.#ours(folder),
      ),
      folders: [...this.#ours('/run'), ...this.#ours('/tmp')],
    };
  }

  #ours(folder: string): string[] {
    return names(folder)
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => `${folder}/${name}`);
  }
}

/** The host's own network and mounts, which no lab may change. */
export function host(): string {
  const network = [['-brief', 'link'], ['address'], ['route']].map((args) =>
    execFileSync('ip', args, { encoding: 'utf8' }),
  );
  return [...network, readFileSync('/proc/self/mountinfo', 'utf8')]
    .join('\n')
    .replaceAll(/(valid|preferred)_lft \S+/g, '');
}

function processes(): { pid: string; line: string }[] {
  return names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, line: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }));
}

function namespaces(pid: string): string[] {
  return ['mnt', 'net', 'pid', 'uts'].flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Watches all arguments of all processes of this host (those in machines are visible from here) until it is stopped. */
export class ArgumentWatch {
  readonly seen = new Set<string>();
  readonly #timer = setInterval(() => {
    this.#look();
  }, 5);

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const { line } of processes()) this.seen.add(line);
  }
}
