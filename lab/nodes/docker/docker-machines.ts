// Docker machines: one real dockerd per instance, in namespaces of its own, running the real documents.
//
// Nothing of it touches the host's network or its Docker. A machine is a tree of processes in a pid namespace whose init reads a
// pipe that this process holds: when the lab ends, even by `kill -9`, every machine ends. What is left then, empty control groups
// and a folder in /run, the next lab sweeps.
import type { Server } from 'node:http';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { NotToBeHad } from '../machines.ts';
import type {
  DocumentOutcome,
  DocumentRun,
  LoadSpec,
  MachineSpec,
  Machines,
  MachineSurroundings,
  NodeView,
  NodeAgents,
  RequestSeen,
  ServiceSpec,
  SwarmView,
} from '../machines.ts';
import { createArguments, IMAGE, NETWORK as WEB, SLOW_SECONDS } from '../service-arguments.ts';
import { buildImage, checkHost, labFolder, labName, removeCgroups, sweep } from './host.ts';
import { Instance } from './instance.ts';
import type { Site } from './instance.ts';
import { nodeAgent } from './node-agent.ts';
import type { AgentChoice } from './node-agent.ts';
import { MINIMAL_PATH } from './processes.ts';
import { Resident } from './resident.ts';
import { get, readNodes, readSwarm } from './swarm-view.ts';
import { closeServer, listenOn } from './unix-server.ts';

const HUB = fileURLToPath(new URL('hub.ts', import.meta.url));
const LOAD_CLIENT = fileURLToPath(new URL('load-client.ts', import.meta.url));
const NETWORK = '10.77.0';
const GATEWAY = `${NETWORK}.1`;
/** Where a machine reaches AWS. */
const AWS = `http://${GATEWAY}:4566`;
const FIRST_HOST = 11;
const LAST_HOST = 254;
/** More than an agent keeps of a command's output, characters: where it cuts it off is the agent's affair. */
const KEPT = 30_000;
const DOCKER_MS = 20_000;
const ENGINE_START_MS = 60_000;
/** What `timeout` exits with. */
const HUNG = 124;
const NETWORK_THERE = `docker network inspect ${WEB} >/dev/null 2>&1`;
/** Attachable: those who ask are containers of nobody's service. */
const CREATE_NETWORK = `${NETWORK_THERE} || docker network create --driver overlay --attachable ${WEB}`;
/** The agent runs a file, in a folder of its own for each command: several run on an instance at a time. */
const START_SCRIPT = 'cd "$(mktemp -d)" && cat >_script.sh && exec /bin/sh "$PWD/_script.sh" </dev/null';

/**
 * All but the init of the machine, and the user data that keeps dockerd up, is killed; the kernel's part stays as it was. Where docker is
 * disabled or masked, it stays down.
 */
const REBOOT = `
  touch /run/lab/engine-down
  keep=" 1 $$ $(cat /run/lab/keep) "
  for round in 1 2; do
    for process in /proc/[0-9]*; do
      pid=\${process#/proc/}
      case $keep in *" $pid "*) ;; *) kill -9 "$pid" 2>/dev/null || : ;; esac
    done
  done
  umount -l /run/docker/netns/* 2>/dev/null || :
  find /run -mindepth 1 -maxdepth 1 ! -name lab ! -name lock ! -name docker.sock -exec rm -rf {} + || :
  find /tmp -mindepth 1 -delete || :
  sleep 2
  if [ ! -e /run/lab/masked-docker.service ] && [ ! -e /run/lab/disabled-docker.service ]; then rm -f /run/lab/engine-down; fi`;

/** What the client tells of a request. */
const requestLine = z.object({ at: z.number(), slow: z.boolean(), failure: z.string() });

export interface DockerMachinesOptions {
  /** PATH of the documents. The default is what the SSM agent gives them; another one tries another docker CLI. */
  readonly path?: string;
  /** The agent that runs on the machines themselves: `own`, or the path of amazon-ssm-agent. Without one the lab plays it. */
  readonly agent?: AgentChoice | undefined;
}

interface Shared extends Site {
  readonly hub: Resident;
  readonly aws: Server;
}

export class DockerMachines implements Machines {
  readonly kind = 'docker';
  readonly #surroundings: MachineSurroundings;
  readonly #path: string;
  readonly #agent: AgentChoice | undefined;
  readonly agents: NodeAgents | undefined;
  readonly #withAgent = new Set<string>();
  readonly #lab = labName();
  readonly #instances = new Map<string, Promise<Instance>>();
  readonly #addresses = new Set<string>();
  readonly #clients = new Set<Resident>();
  #count = 0;
  #nextHost = FIRST_HOST;
  #opened: Promise<Shared> | undefined;
  #closed: Promise<void> | undefined;

  constructor(surroundings: MachineSurroundings, options: DockerMachinesOptions = {}) {
    this.#surroundings = surroundings;
    this.#path = options.path ?? MINIMAL_PATH;
    this.#agent = options.agent;
    this.agents = options.agent === undefined ? undefined : this.#nodeAgents();
  }

  async open(): Promise<void> {
    this.#opened ??= this.#prepare();
    await this.#opened;
  }

  /**
   * `dockerAfter: 0` means an image with Docker in it; more means user data that installs it (until then there is no docker
   * command either, and cloud-init is running); `Infinity` means that nothing ever installs it.
   */
  async launch(spec: MachineSpec): Promise<{ privateIp: string }> {
    if (spec.speaksFrom !== undefined) {
      throw new NotToBeHad('a docker node has one interface, and no NAT before it');
    }
    const shared = await this.#shared();
    if (this.#closed) throw new Error('the lab is closed');
    if (this.#instances.has(spec.instanceId)) throw new Error(`there is a machine ${spec.instanceId} already`);
    const address = this.#freeAddress();
    this.#addresses.add(address);
    this.#count += 1;
    const metadata = (request: Request): Promise<Response> => this.#surroundings.metadata(spec.instanceId, request);
    const number = this.#count;
    const cgroup = `/${this.#lab}-${number}`;
    const origin = spec.swarmFolderOf === undefined ? undefined : this.#instance(spec.swarmFolderOf);
    const swarmFolder = origin?.then(({ dockerFolder }) => `${dockerFolder}/swarm`);
    const booting = Instance.boot(shared, { spec, number, address, cgroup, metadata, swarmFolder });
    this.#instances.set(spec.instanceId, booting);
    try {
      await booting;
      return { privateIp: address };
    } catch (error) {
      this.#forget(spec.instanceId, booting, address);
      throw error;
    }
  }

  async terminate(instanceId: string): Promise<void> {
    const booting = this.#instances.get(instanceId);
    if (!booting) return;
    // One that failed to boot has cleaned up after itself.
    const instance = await booting.catch(() => undefined);
    if (!instance) return;
    await instance.powerOff();
    await removeCgroups((name) => `/${name}` === instance.cgroup);
    this.#forget(instanceId, booting, instance.address);
  }

  stop(instanceId: string): Promise<void> {
    return Promise.reject(new NotToBeHad(`${instanceId} is a docker node: only simulated ones can be stopped`));
  }

  start(instanceId: string): Promise<void> {
    return this.stop(instanceId);
  }

  async run(instanceId: string, run: DocumentRun): Promise<DocumentOutcome> {
    const instance = await this.#instance(instanceId);
    const env: Record<string, string> = { PATH: this.#path, AWS_ENDPOINT_URL_SSM: AWS };
    for (const [name, value] of Object.entries(run.parameters)) env[`SSM_${name}`] = value;
    const result = await instance.exec(['/bin/sh', '-c', START_SCRIPT], {
      env,
      input: run.script,
      timeoutMs: run.timeoutSeconds * 1000,
      keep: KEPT,
      ...(run.cancelled === undefined ? {} : { cancelled: run.cancelled }),
    });
    // Whatever nsenter said about a machine that is gone, it is not the script's exit code.
    return { ...result, exitCode: instance.isOff ? -1 : result.exitCode };
  }

  async reboot(instanceId: string): Promise<void> {
    await this.shell(instanceId, REBOOT);
    if (this.#withAgent.has(instanceId)) await this.agents?.start(instanceId);
  }

  #nodeAgents(): NodeAgents {
    const tell = async (instanceId: string, what: 'start' | 'away' | 'back'): Promise<void> => {
      const { agent } = await this.#shared();
      const instance = await this.#instance(instanceId);
      // Scripts have what the agent has.
      const env = { PATH: this.#path, AWS_ENDPOINT_URL_SSM: AWS };
      await instance.mustExec(['/bin/sh', '-c', agent?.[what] ?? ''], { timeoutMs: DOCKER_MS, env });
    };
    return {
      start: async (instanceId) => {
        this.#withAgent.add(instanceId);
        await tell(instanceId, 'start');
      },
      away: (instanceId) => tell(instanceId, 'away'),
      back: (instanceId) => tell(instanceId, 'back'),
    };
  }

  async createService(managerInstanceId: string, service: ServiceSpec): Promise<void> {
    const instance = await this.#instance(managerInstanceId);
    const options = { timeoutMs: DOCKER_MS, env: { PATH: this.#path } };
    if (service.http === true) await this.shell(managerInstanceId, CREATE_NETWORK);
    await instance.mustExec(['docker', 'service', 'create', ...createArguments(service)], options);
  }

  async load(instanceId: string, { service, perSecond }: LoadSpec, seen: (one: RequestSeen) => void): Promise<void> {
    const instance = await this.#instance(instanceId);
    const name = `load-${service}`;
    // Docker's own resolver answers in the namespaces of containers alone: this one does nothing but have one.
    const args = `--detach --network ${WEB} --name ${name} ${IMAGE} sh -c 'while :; do sleep 3600; done'`;
    await this.shell(instanceId, `docker run ${args}`, ENGINE_START_MS);
    const pid = await this.shell(instanceId, `docker inspect --format '{{.State.Pid}}' ${name}`);
    const network = `--net=${instance.networkOf(Number(pid))}`;
    const words = [process.execPath, LOAD_CLIENT, service, String(perSecond), String(SLOW_SECONDS)];
    const client = await Resident.start('nsenter', [network, ...words]);
    this.#clients.add(client);
    client.listen(
      (line) => {
        const { at, slow, failure } = requestLine.parse(JSON.parse(line));
        seen({ ago: Date.now() - at, slow, failure });
      },
      (said) => {
        // A client that is gone must not look like a service that never failed.
        if (this.#clients.delete(client)) seen({ ago: 0, slow: false, failure: `the client ended: ${said}` });
      },
    );
  }

  async view(managerInstanceId: string): Promise<SwarmView> {
    const instance = await this.#instance(managerInstanceId);
    return readSwarm(instance.dockerSocket, DOCKER_MS);
  }

  async nodes(managerInstanceId: string, seconds: number): Promise<readonly NodeView[]> {
    const instance = await this.#instance(managerInstanceId);
    return readNodes(instance.dockerSocket, seconds * 1000);
  }

  /** What the machine's Docker API answers: a fraction of what a docker command costs, where much is looked at. */
  async ask(instanceId: string, path: string, seconds: number): Promise<unknown> {
    const instance = await this.#instance(instanceId);
    return get(instance.dockerSocket, path, seconds * 1000);
  }

  close(): Promise<void> {
    this.#closed ??= this.#tearDown();
    return this.#closed;
  }

  async docker(instanceId: string, args: readonly string[], seconds = DOCKER_MS / 1000): Promise<DocumentOutcome> {
    const instance = await this.#instance(instanceId);
    const result = await instance.exec(['docker', ...args], { timeoutMs: seconds * 1000, env: { PATH: this.#path } });
    return { ...result, exitCode: instance.isOff ? -1 : result.timedOut ? HUNG : result.exitCode };
  }

  async epoch(instanceId: string): Promise<string> {
    return (await this.shell(instanceId, 'cat /var/lib/skep/epoch 2>/dev/null || :')).trim();
  }

  async killEngine(instanceId: string): Promise<void> {
    // The order matters: the machine looks for the mark after it has written the process id.
    await this.shell(instanceId, 'touch /run/lab/engine-down; kill -9 "$(cat /run/lab/engine.pid)" || :');
  }

  /** Resolves when it answers, as `systemctl start docker` does: up to 20 s later where its swarm has no majority. */
  async startEngine(instanceId: string): Promise<void> {
    const ping = 'curl -sf --max-time 5 -o /dev/null --unix-socket /run/lab/docker.sock http://docker/_ping';
    await this.shell(instanceId, `rm -f /run/lab/engine-down; until ${ping}; do sleep 0.1; done`, ENGINE_START_MS);
  }

  async cut(instanceId: string): Promise<void> {
    await (await this.#instance(instanceId)).connected(false);
  }

  async heal(instanceId: string): Promise<void> {
    await (await this.#instance(instanceId)).connected(true);
  }

  /** Runs a line of shell on a machine, as a person would over ssh. Throws unless it exits with 0. */
  async shell(instanceId: string, line: string, timeoutMs = DOCKER_MS): Promise<string> {
    const instance = await this.#instance(instanceId);
    return instance.mustExec(['/bin/sh', '-c', line], { timeoutMs, env: { PATH: this.#path } });
  }

  async #prepare(): Promise<Shared> {
    await checkHost();
    await sweep();
    const folder = labFolder(this.#lab);
    await mkdir(`${folder}/scratch`, { recursive: true, mode: 0o700 });
    // Before anything is started that would have to be ended where there is none.
    const agent = this.#agent === undefined ? undefined : await nodeAgent(this.#agent, { folder, aws: AWS });
    const [image, aws] = await Promise.all([
      buildImage(folder),
      listenOn(`${folder}/aws`, (request) => this.#surroundings.aws(request)),
    ]);
    // A hardware address of its own: else a bridge takes the lowest of its ports', and every machine's ARP entry is wrong for a
    // while whenever another one is plugged in.
    const link = 'ip link set lo up; ip link add br0 address 02:0a:4d:00:00:01 type bridge; ip link set br0 up';
    const addresses = `ip address add ${GATEWAY}/24 dev br0; ip address add 169.254.169.254/32 dev br0`;
    const script = `set -e; ${link}; ${addresses}; exec "$@"`;
    const hub = await Resident.start('unshare', [
      '--net',
      'sh',
      '-c',
      script,
      'hub',
      process.execPath,
      HUB,
      folder,
      GATEWAY,
    ]);
    await hub.says('ready', DOCKER_MS).catch(async (error: unknown) => {
      await Promise.all([hub.stop(), closeServer(aws)]);
      throw error;
    });
    return { folder, gateway: GATEWAY, image, hubPid: hub.pid, agent, hub, aws };
  }

  async #tearDown(): Promise<void> {
    // What is still booting is waited for: only then is it known what there is to end.
    const shared = await this.#opened?.catch(() => undefined);
    const clients = [...this.#clients];
    this.#clients.clear();
    await Promise.all(clients.map((client) => client.stop()));
    await Promise.all([...this.#instances.keys()].map((instanceId) => this.terminate(instanceId)));
    if (shared) await Promise.all([shared.hub.stop(), closeServer(shared.aws)]);
    if (this.#opened) await rm(labFolder(this.#lab), { recursive: true, force: true });
  }

  async #shared(): Promise<Shared> {
    if (!this.#opened) throw new Error('the machines are not open yet');
    return this.#opened;
  }

  async #instance(instanceId: string): Promise<Instance> {
    const instance = this.#instances.get(instanceId);
    if (!instance) throw new NotToBeHad(`there is no machine ${instanceId}: it is dead, or not up yet`);
    return instance;
  }

  #freeAddress(): string {
    // Addresses are used again only when all have been: a late packet must not find another machine.
    for (let tries = FIRST_HOST; tries <= LAST_HOST; tries += 1) {
      const address = `${NETWORK}.${this.#nextHost}`;
      this.#nextHost = this.#nextHost === LAST_HOST ? FIRST_HOST : this.#nextHost + 1;
      if (!this.#addresses.has(address)) return address;
    }
    throw new Error(`all ${LAST_HOST - FIRST_HOST + 1} addresses are taken`);
  }

  #forget(instanceId: string, booting: Promise<Instance>, address: string): void {
    // A second terminate may come after the same id was launched again: only the machine that it meant goes.
    if (this.#instances.get(instanceId) === booting) this.#instances.delete(instanceId);
    this.#addresses.delete(address);
  }
}
