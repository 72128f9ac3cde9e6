// Simulated machines: in memory, on the lab's clock, anywhere that Node runs.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type {
  DocumentOutcome,
  DocumentRun,
  LoadSpec,
  MachineSpec,
  MachineSurroundings,
  Machines,
  NodeLeaving,
  NodeView,
  RequestSeen,
  ServiceSpec,
  SwarmTruth,
  SwarmView,
} from '../machines.ts';
import { NotToBeHad } from '../machines.ts';
import { DockerError } from '../../swarm/docker-cli/error.ts';
import { runDocker } from '../../swarm/docker-cli/command-line.ts';
import { runDocument } from './documents/documents.ts';
import type { Engine, EngineWorld } from '../../swarm/engine/engine.ts';
import { SimulatedMachine } from '../../swarm/engine/machine.ts';
import { Network } from '../../swarm/engine/network.ts';
import { ask } from '../../swarm/services/requests.ts';
import type { Container } from '../../swarm/services/requests.ts';
import { DocumentExit, Script, ScriptEnded } from './documents/script.ts';
import type { World } from './documents/script.ts';
import { Surroundings } from './surroundings.ts';
import { Swarm } from '../../swarm/raft/swarm.ts';
import { truthOf } from './truth.ts';

const DEAD: DocumentOutcome = { exitCode: -1, stdout: '', stderr: '', timedOut: false };

/** Of all machines that are behind one. */
const NAT = '10.99.0.1';

export class SimulatedMachines implements Machines {
  readonly kind = 'simulated';
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #clock: Clock;
  readonly #world: World;
  readonly #network = new Network<Engine>();
  readonly #engines: EngineWorld;
  readonly #loads: (() => void)[] = [];
  readonly #told: ((leaving: NodeLeaving) => void)[] = [];
  #addresses = 10;

  constructor(clock: Clock, random: Random, surroundings: MachineSurroundings) {
    this.#clock = clock;
    this.#world = {
      clock,
      surroundings: new Surroundings(clock, random, surroundings),
    };
    this.#engines = { clock, random, network: this.#network, newSwarm: (origin) => this.#newSwarm(origin, random) };
  }

  #newSwarm(origin: Swarm | undefined, random: Random): Swarm {
    const swarm = new Swarm(this.#clock, random, origin);
    swarm.onLeaving = (what, nodeId) => {
      if (this.#told.length > 0) {
        const leaving: NodeLeaving = { what, nodeId, swarm: truthOf(swarm, this.#machines.values()) };
        for (const told of this.#told) told(leaving);
      }
    };
    return swarm;
  }

  truth(): SwarmTruth[] {
    const swarms = new Set<Swarm>();
    for (const { alive, engine } of this.#machines.values()) {
      if (alive && engine.folder !== undefined) swarms.add(engine.folder.swarm);
    }
    return [...swarms].map((swarm) => truthOf(swarm, this.#machines.values()));
  }

  watchNodes(told: (leaving: NodeLeaving) => void): void {
    this.#told.push(told);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  launch(spec: MachineSpec): Promise<{ readonly privateIp: string; readonly secondIp?: string }> {
    if (this.#machines.get(spec.instanceId)?.alive === true) {
      return Promise.reject(new Error(`there is a machine ${spec.instanceId} already`));
    }
    this.#addresses += 1;
    const privateIp = `10.77.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    const { swarmFolderOf } = spec;
    const folder = swarmFolderOf === undefined ? undefined : this.#machines.get(swarmFolderOf)?.engine.folder;
    const secondIp = privateIp.replace('10.77.', '10.78.');
    const seenAt = { 'second-interface': secondIp, nat: NAT, none: privateIp }[spec.speaksFrom ?? 'none'];
    const machine = new SimulatedMachine(spec, { privateIp, seenAt }, this.#engines, folder);
    this.#machines.set(spec.instanceId, machine);
    this.#network.plug(machine.engine);
    return Promise.resolve(spec.speaksFrom === 'second-interface' ? { privateIp, secondIp } : { privateIp });
  }

  terminate(instanceId: string): Promise<void> {
    this.#machines.get(instanceId)?.die();
    return Promise.resolve();
  }

  /** Its power is off, and nothing else has changed. */
  stop(instanceId: string): Promise<void> {
    return this.terminate(instanceId);
  }

  start(instanceId: string): Promise<void> {
    this.#machines.get(instanceId)?.boot();
    return Promise.resolve();
  }

  async run(instanceId: string, run: DocumentRun): Promise<DocumentOutcome> {
    const machine = this.#machine(instanceId);
    const script = new Script(this.#world, machine, run);
    let cancel = (): void => undefined;
    const timeout = new Promise<DocumentOutcome>((resolve) => {
      cancel = this.#clock.schedule(run.timeoutSeconds * 1000, () => {
        resolve({ ...DEAD, timedOut: true });
      });
    });
    const cancelled = new Promise<DocumentOutcome>((resolve) => {
      run.cancelled?.addEventListener('abort', () => {
        resolve({ ...DEAD, cancelled: true });
      });
    });
    const working = outcomeOf(script, run.verb);
    const ended = Promise.race([machine.died, machine.rebooted]).then(() => DEAD);
    const outcome = await Promise.race([working, ended, timeout, cancelled]);
    cancel();
    script.end();
    return machine.alive ? outcome : DEAD;
  }

  reboot(instanceId: string): Promise<void> {
    return Promise.resolve().then(() => {
      this.#machine(instanceId).reboot();
    });
  }

  replaceRoot(instanceId: string): Promise<void> {
    return Promise.resolve().then(() => {
      const machine = this.#machine(instanceId);
      this.#network.unplug(machine.engine);
      machine.replaceRoot();
      this.#network.plug(machine.engine);
    });
  }

  createService(managerInstanceId: string, service: ServiceSpec): Promise<void> {
    return Promise.resolve().then(() => {
      this.#swarmOf(managerInstanceId).tasks.createService(service);
    });
  }

  load(instanceId: string, load: LoadSpec, seen: (request: RequestSeen) => void): Promise<void> {
    return Promise.resolve().then(() => {
      const { engine } = this.#machine(instanceId);
      const swarm = engine.folder?.swarm;
      if (swarm === undefined) {
        throw new Error(`${instanceId} is in no swarm`);
      }
      const named = (service: string): Container[] => swarm.tasks.named(service);
      this.#loads.push(ask({ clock: this.#clock, named, isOnline: () => !engine.silent, seen }, load));
    });
  }

  leaveGhost(managerInstanceId: string, service: string): Promise<void> {
    return Promise.resolve().then(() => {
      this.#swarmOf(managerInstanceId).tasks.leaveGhost(service);
    });
  }

  view(managerInstanceId: string): Promise<SwarmView> {
    return Promise.resolve().then(() => this.#swarmOf(managerInstanceId).view(this.#machine(managerInstanceId).engine));
  }

  nodes(managerInstanceId: string): Promise<readonly NodeView[]> {
    return Promise.resolve().then(() => {
      const swarm = this.#swarmOf(managerInstanceId);
      const { engine } = this.#machine(managerInstanceId);
      return [...swarm.nodes.values()].map((node) => swarm.nodeView(node, engine));
    });
  }

  async docker(instanceId: string, args: readonly string[], seconds = 20): Promise<DocumentOutcome> {
    const machine = this.#machine(instanceId);
    const outcome = await Promise.race([
      runDocker(machine.engine, args, { clock: this.#clock, seconds }),
      machine.died,
    ]);
    return outcome ?? DEAD;
  }

  epoch(instanceId: string): Promise<string> {
    return Promise.resolve().then(() => String(this.#machine(instanceId).memory.epoch));
  }

  killEngine(instanceId: string): Promise<void> {
    this.#machine(instanceId).engine.kill();
    return Promise.resolve();
  }

  startEngine(instanceId: string): Promise<void> {
    return this.#machine(instanceId).engine.start();
  }

  cut(instanceId: string): Promise<void> {
    this.#machine(instanceId).connect(false);
    return Promise.resolve();
  }

  heal(instanceId: string): Promise<void> {
    this.#machine(instanceId).connect(true);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#loads.forEach((end) => {
      end();
    });
    this.#machines.clear();
    return Promise.resolve();
  }

  #machine(instanceId: string): SimulatedMachine {
    const machine = this.#machines.get(instanceId);
    if (machine?.alive !== true) {
      throw new NotToBeHad(`there is no machine ${instanceId}: it is dead, or not up yet`);
    }
    return machine;
  }

  #swarmOf(instanceId: string): Swarm {
    const swarm = this.#machine(instanceId).engine.clusterNow();
    if (swarm === undefined) {
      throw new Error(`${instanceId} does not answer for a swarm`);
    }
    return swarm;
  }
}

async function outcomeOf(script: Script, verb: string): Promise<DocumentOutcome> {
  try {
    const output = await runDocument(verb, script);
    return { exitCode: 0, stdout: `${JSON.stringify(output)}\n`, stderr: '', timedOut: false };
  } catch (error) {
    if (error instanceof ScriptEnded) {
      return DEAD;
    }
    // An engine may die under any question that a document asks it.
    const exit = error instanceof DockerError ? new DocumentExit('DockerFailed', error.message) : error;
    if (!(exit instanceof DocumentExit)) {
      throw error;
    }
    const stdout = `${JSON.stringify({ error: exit.name, message: exit.message })}\n`;
    return { exitCode: exit.code, stdout, stderr: '', timedOut: false };
  }
}
