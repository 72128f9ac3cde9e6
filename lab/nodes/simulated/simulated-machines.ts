// Simulated machines: in memory, on the lab's clock, anywhere that Node runs.
import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import type {
  DocumentOutcome,
  DocumentRun,
  MachineSpec,
  MachineSurroundings,
  Machines,
  ServiceSpec,
  SwarmView,
} from '../machines.ts';
import { runDocument } from './documents.ts';
import { SimulatedMachine } from './machine.ts';
import { DocumentExit, Script, ScriptEnded } from './script.ts';
import type { World } from './script.ts';
import { Surroundings } from './surroundings.ts';
import { Swarm } from './swarm.ts';

const DEAD: DocumentOutcome = { exitCode: -1, stdout: '', stderr: '', timedOut: false };

export class SimulatedMachines implements Machines {
  readonly kind = 'simulated';
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #clock: Clock;
  readonly #world: World;
  #addresses = 10;

  constructor(clock: Clock, random: Random, surroundings: MachineSurroundings) {
    this.#clock = clock;
    this.#world = {
      clock,
      surroundings: new Surroundings(clock, random, surroundings),
      found: () => new Swarm(clock, random),
      swarmAt: (address) => this.#swarmAt(address),
    };
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  launch(spec: MachineSpec): Promise<{ privateIp: string }> {
    if (this.#machines.get(spec.instanceId)?.alive === true) {
      return Promise.reject(new Error(`there is a machine ${spec.instanceId} already`));
    }
    this.#addresses += 1;
    const privateIp = `10.77.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    this.#machines.set(spec.instanceId, new SimulatedMachine(spec, privateIp, this.#clock));
    return Promise.resolve({ privateIp });
  }

  terminate(instanceId: string): Promise<void> {
    this.#machines.get(instanceId)?.die();
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
    const working = outcomeOf(script, run.verb);
    const outcome = await Promise.race([working, machine.died.then(() => DEAD), timeout]);
    cancel();
    script.end();
    return machine.alive ? outcome : DEAD;
  }

  createService(managerInstanceId: string, service: ServiceSpec): Promise<void> {
    this.#swarmOf(managerInstanceId).tasks.createService(service);
    return Promise.resolve();
  }

  view(managerInstanceId: string): Promise<SwarmView> {
    return Promise.resolve().then(() => this.#swarmOf(managerInstanceId).view());
  }

  close(): Promise<void> {
    this.#machines.clear();
    return Promise.resolve();
  }

  #machine(instanceId: string): SimulatedMachine {
    const machine = this.#machines.get(instanceId);
    if (machine?.alive !== true) {
      throw new Error(`there is no machine ${instanceId}`);
    }
    return machine;
  }

  #swarmOf(instanceId: string): Swarm {
    const { membership } = this.#machine(instanceId);
    if (membership?.node.role !== 'manager') {
      throw new Error(`${instanceId} is not a manager of a swarm`);
    }
    return membership.swarm;
  }

  #swarmAt(address: string): Swarm | undefined {
    const ip = address.replace(/:\d+$/, '');
    const machine = [...this.#machines.values()].find(({ alive, privateIp }) => alive && privateIp === ip);
    return machine?.membership?.node.role === 'manager' ? machine.membership.swarm : undefined;
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
    if (!(error instanceof DocumentExit)) {
      throw error;
    }
    const stdout = `${JSON.stringify({ error: error.name, message: error.message })}\n`;
    return { exitCode: error.code, stdout, stderr: '', timedOut: false };
  }
}
