// Simulated machines: in memory, on the lab's clock, anywhere that Node runs.
import { z } from 'zod';

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
import { DocumentExit, runDocument } from './documents.ts';
import type { World } from './documents.ts';
import type { SimulatedMachine } from './machine.ts';
import { Swarm } from './swarm.ts';

const BOOT_TIME = 2000;
const DEAD: DocumentOutcome = { exitCode: -1, stdout: '', stderr: '', timedOut: false };

export class SimulatedMachines implements Machines {
  readonly kind = 'simulated';
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #clock: Clock;
  readonly #surroundings: MachineSurroundings;
  readonly #world: World;
  #addresses = 10;

  constructor(clock: Clock, random: Random, surroundings: MachineSurroundings) {
    this.#clock = clock;
    this.#surroundings = surroundings;
    this.#world = {
      clock,
      getParameter: (machine, name) => this.#getParameter(machine, name),
      putParameter: (machine, name, value, keyId) => this.#putParameter(machine, name, value, keyId),
      found: () => new Swarm(clock, random),
      swarmAt: (address) => this.#swarmAt(address),
    };
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  launch({ instanceId, zone, dockerAfter }: MachineSpec): Promise<{ privateIp: string }> {
    this.#addresses += 1;
    const privateIp = `10.77.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    const dockerUpAt = this.#clock.now() + BOOT_TIME + dockerAfter;
    const machine: SimulatedMachine = {
      instanceId,
      zone,
      privateIp,
      dockerUpAt,
      alive: true,
      membership: undefined,
      leaving: false,
      lock: Promise.resolve(),
    };
    this.#machines.set(instanceId, machine);
    return Promise.resolve({ privateIp });
  }

  terminate(instanceId: string): Promise<void> {
    const machine = this.#machines.get(instanceId);
    if (machine !== undefined && machine.alive) {
      machine.alive = false;
      machine.membership?.swarm.lose(machine.membership.node.nodeId);
    }
    return Promise.resolve();
  }

  async run(instanceId: string, run: DocumentRun): Promise<DocumentOutcome> {
    const machine = this.#machine(instanceId);
    // One document at a time: the scripts take one flock.
    const turn = machine.lock.then(() => this.#runAlone(machine, run));
    machine.lock = turn;
    return turn;
  }

  async #runAlone(machine: SimulatedMachine, run: DocumentRun): Promise<DocumentOutcome> {
    try {
      const output = await runDocument(this.#world, machine, run);
      return machine.alive ? { exitCode: 0, stdout: `${JSON.stringify(output)}\n`, stderr: '', timedOut: false } : DEAD;
    } catch (error) {
      if (!(error instanceof DocumentExit)) {
        throw error;
      }
      const stdout = `${JSON.stringify({ error: error.name, message: error.message })}\n`;
      return machine.alive ? { exitCode: error.code, stdout, stderr: '', timedOut: false } : DEAD;
    }
  }

  createService(managerInstanceId: string, service: ServiceSpec): Promise<void> {
    this.#swarmOf(managerInstanceId).createService(service);
    return Promise.resolve();
  }

  view(managerInstanceId: string): Promise<SwarmView> {
    return Promise.resolve(this.#swarmOf(managerInstanceId).view());
  }

  close(): Promise<void> {
    this.#machines.clear();
    return Promise.resolve();
  }

  #machine(instanceId: string): SimulatedMachine {
    const machine = this.#machines.get(instanceId);
    if (machine === undefined) {
      throw new Error(`there is no machine ${instanceId}`);
    }
    return machine;
  }

  #swarmOf(instanceId: string): Swarm {
    const { membership } = this.#machine(instanceId);
    if (membership === undefined) {
      throw new Error(`${instanceId} is not in a swarm`);
    }
    return membership.swarm;
  }

  #swarmAt(address: string): Swarm | undefined {
    const ip = address.replace(/:\d+$/, '');
    const machine = [...this.#machines.values()].find(({ alive, privateIp }) => alive && privateIp === ip);
    return machine?.membership?.node.role === 'manager' ? machine.membership.swarm : undefined;
  }

  async #getParameter(machine: SimulatedMachine, name: string): Promise<string | undefined> {
    const answer = await this.#aws(machine, 'GetParameter', { Name: name, WithDecryption: true });
    return answer.ok
      ? z.object({ Parameter: z.object({ Value: z.string() }) }).parse(await answer.json()).Parameter.Value
      : undefined;
  }

  async #putParameter(machine: SimulatedMachine, name: string, value: string, keyId: string): Promise<boolean> {
    const input = { Name: name, Value: value, Type: 'SecureString', KeyId: keyId, Overwrite: true };
    return (await this.#aws(machine, 'PutParameter', input)).ok;
  }

  /** As the scripts do it: credentials from instance metadata, then a signed call. */
  async #aws({ instanceId }: SimulatedMachine, operation: string, input: unknown): Promise<Response> {
    const surroundings = this.#surroundings;
    const imds = 'http://169.254.169.254/latest';
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    const session = await surroundings.metadata(
      instanceId,
      new Request(`${imds}/api/token`, { method: 'PUT', headers: ttl }),
    );
    const headers = { 'x-aws-ec2-metadata-token': await session.text() };
    const roles = `${imds}/meta-data/iam/security-credentials/`;
    const role = await (await surroundings.metadata(instanceId, new Request(roles, { headers }))).text();
    const credentials = await surroundings.metadata(instanceId, new Request(`${roles}${role}`, { headers }));
    const { AccessKeyId } = z.object({ AccessKeyId: z.string() }).parse(await credentials.json());
    return surroundings.aws(
      new Request('http://ssm.lab/', {
        method: 'POST',
        headers: {
          'x-amz-target': `AmazonSSM.${operation}`,
          authorization: `AWS4-HMAC-SHA256 Credential=${AccessKeyId}/20260101/lab/ssm/aws4_request, SignedHeaders=host, Signature=0`,
        },
        body: JSON.stringify(input),
      }),
    );
  }
}
