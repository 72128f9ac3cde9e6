// One machine: an init in namespaces of its own, a cable to the hub, and ways to run things in it.
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';

import type { MachineSpec } from '../machines.ts';
import type { NodeAgent } from './node-agent.ts';
import { command, mustRun } from './processes.ts';
import type { CommandOptions, CommandResult } from './processes.ts';
import { Resident } from './resident.ts';
import { closeServer, listenOn } from './unix-server.ts';
import type { Handler } from './unix-server.ts';

const INIT = fileURLToPath(new URL('instance.sh', import.meta.url));
const START_MS = 30_000;

/** What the machines of one lab share. */
export interface Site {
  readonly folder: string;
  readonly gateway: string;
  readonly image: string;
  readonly hubPid: number;
  /** What runs on the machines besides, where the lab does not play their agents. */
  readonly agent: NodeAgent | undefined;
}

export interface Placement {
  readonly spec: MachineSpec;
  readonly number: number;
  readonly address: string;
  readonly cgroup: string;
  readonly metadata: Handler;
  /** A folder of the host, copied before dockerd starts. */
  readonly swarmFolder: Promise<string> | undefined;
}

export class Instance {
  readonly address: string;
  readonly cgroup: string;
  readonly #site: Site;
  readonly #port: string;
  readonly #init: Resident;
  readonly #metadata: Server;
  #off = false;

  private constructor(site: Site, placement: Placement, init: Resident, metadata: Server) {
    this.#site = site;
    this.address = placement.address;
    this.cgroup = placement.cgroup;
    this.#port = `v${placement.number}`;
    this.#init = init;
    this.#metadata = metadata;
  }

  /** Boots a machine: resolves when its network is up. Leaves nothing behind when it fails. */
  static async boot(site: Site, placement: Placement): Promise<Instance> {
    const metadata = await listenOn(`${site.folder}/${placement.address}.imds`, placement.metadata);
    try {
      const init = await Resident.start('unshare', initArguments(site, placement, (await placement.swarmFolder) ?? ''));
      const instance = new Instance(site, placement, init, metadata);
      await instance.#plugIn().catch(async (error: unknown) => {
        await instance.powerOff();
        throw error;
      });
      return instance;
    } catch (error) {
      await closeServer(metadata);
      throw new Error(`machine ${placement.spec.instanceId} did not start`, { cause: error });
    }
  }

  get isOff(): boolean {
    return this.#off;
  }

  /** The Docker socket, from outside. Not its usual path: that is a symbolic link, which would lead out of the machine. */
  get dockerSocket(): string {
    return `/proc/${this.#init.pid}/root/run/lab/docker.sock`;
  }

  /** What dockerd keeps, from outside. */
  get dockerFolder(): string {
    return `/proc/${this.#init.pid}/root/var/lib/docker`;
  }

  /** The network namespace of a process inside, by its number there. */
  networkOf(pid: number): string {
    return `/proc/${this.#init.pid}/root/proc/${pid}/ns/net`;
  }

  /** Runs a command inside. exitCode -1 when the machine dies meanwhile. */
  exec(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
    return command('nsenter', this.#enter(args), options);
  }

  mustExec(args: readonly string[], options: CommandOptions): Promise<string> {
    return mustRun('nsenter', this.#enter(args), options);
  }

  /** Pulls its cable out (false), or puts it back (true). */
  async connected(isConnected: boolean): Promise<void> {
    await mustRun('nsenter', [...this.#hub(), 'ip', 'link', 'set', this.#port, isConnected ? 'up' : 'down'], {
      timeoutMs: 5000,
    });
  }

  /** Resolves when no process of it is left. */
  async powerOff(): Promise<void> {
    this.#off = true;
    await Promise.all([this.#init.stop(), closeServer(this.#metadata)]);
  }

  async #plugIn(): Promise<void> {
    await this.#init.says('born', START_MS);
    const peer = ['peer', 'name', 'eth0', 'netns', String(this.#init.pid)];
    await mustRun('nsenter', [...this.#hub(), 'ip', 'link', 'add', this.#port, 'type', 'veth', ...peer], {
      timeoutMs: 10_000,
    });
    await mustRun('nsenter', [...this.#hub(), 'ip', 'link', 'set', this.#port, 'master', 'br0', 'up'], {
      timeoutMs: 10_000,
    });
    this.#init.tell('go');
    await this.#init.says('up', START_MS);
  }

  #hub(): string[] {
    return [`--net=/proc/${this.#site.hubPid}/ns/net`];
  }

  #enter(args: readonly string[]): string[] {
    // Our child is `unshare`, which is in all new namespaces but the pid one: that begins with its child.
    const ns = `/proc/${this.#init.pid}/ns`;
    return [`--net=${ns}/net`, `--uts=${ns}/uts`, `--mount=${ns}/mnt`, `--pid=${ns}/pid_for_children`, ...args];
  }
}

function initArguments(site: Site, placement: Placement, swarmFolder: string): string[] {
  const { dockerAfter } = placement.spec;
  const hidden = dockerAfter === 0 ? '0' : Number.isFinite(dockerAfter) ? '1' : 'never';
  const delay = hidden === '1' ? String(dockerAfter / 1000) : '0';
  const namespaces = ['--net', '--uts', '--mount', '--pid', '--fork', '--kill-child'];
  const scratch = `${site.folder}/scratch`;
  const parameters = [
    scratch,
    placement.address,
    site.gateway,
    hidden,
    delay,
    placement.cgroup,
    site.image,
    swarmFolder,
    placement.spec.hostname ?? '',
    site.agent?.folder ?? '',
    site.agent?.runtime ?? '',
  ];
  return [...namespaces, 'sh', INIT, ...parameters];
}
