// One of the two worlds in which a sequence is played: it does a step there, and looks at what has become of it.
import { z } from 'zod';

import type { DocumentOutcome } from '../../../lab/nodes/machines.ts';
import { instance } from '../scene.ts';
import type { World } from '../scene.ts';
import type { Eyes } from './eyes.ts';
import { look } from './look.ts';
import { describeOutcome } from './outcome.ts';
import type { State } from './state.ts';
import { readStep } from '../../../lab/simulate/machines/steps.ts';
import type { Step } from '../../../lab/simulate/machines/steps.ts';

/** An engine gives up on other managers after 20 s, and then says so: what takes longer hangs. */
const PATIENCE = 30;
const ENGINE_STARTS_WITHIN = 60_000;
/** A node id that no swarm has. */
const NOBODY = 'z'.repeat(25);

/** What a step has a word for: its lines are split at blanks. */
const PHRASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['{json}', ['{{json .}}']],
  // As PID 1 a shell handles a signal only between commands, hence `wait`.
  ['{idle}', ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"]],
]);

export class Side {
  readonly world: World;
  readonly #eyes: Eyes;
  readonly #addresses = new Map<number, string>();
  readonly #tokens = new Map<string, string>();
  /** Node ids -> `machine` for the first one of a machine, `machine.2` for its second, and so on. */
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<number, string[]>();
  readonly #alive = new Set<number>();

  constructor(world: World, eyes: Eyes) {
    this.world = world;
    this.#eyes = eyes;
  }

  async open(machines: number): Promise<void> {
    const { world } = this;
    await world.during(world.machines.open());
    const numbers = Array.from({ length: machines }, (_, index) => index + 1);
    await Promise.all(numbers.map((machine) => this.#launch(machine, undefined)));
    await Promise.all(numbers.map((machine) => this.#untilDockerAnswers(machine)));
  }

  /** Does it, and tells what came of it. */
  async step(line: string): Promise<string> {
    const step = readStep(line);
    switch (step.verb) {
      case 'docker':
        return this.#docker(step.machine, step.args);
      case 'launch':
        await this.#launch(step.machine, step.folderOf);
        await this.#untilDockerAnswers(step.machine);
        return 'done';
      default:
        await this.world.during(this.#fault(step.verb, step.machine));
        return 'done';
    }
  }

  async look(): Promise<State> {
    const machines = [...this.#alive].toSorted((a, b) => a - b);
    const nameOf = (nodeId: string): string => this.#names.get(nodeId) ?? '?';
    const meet = (machine: number, nodeId: string): void => {
      this.#meet(machine, nodeId);
    };
    return this.world.during(look(this.world.machines, this.#eyes, machines, { meet, nameOf }));
  }

  close(): Promise<void> {
    return this.world.machines.close();
  }

  async #launch(machine: number, folderOf: number | undefined): Promise<void> {
    const launching = this.world.machines.launch({
      instanceId: instance(machine),
      zone: 'eu-west-1a',
      dockerAfter: 0,
      ...(folderOf === undefined ? {} : { swarmFolderOf: instance(folderOf) }),
    });
    this.#alive.add(machine);
    const { privateIp } = await this.world.during(launching);
    this.#addresses.set(machine, privateIp);
  }

  async #untilDockerAnswers(machine: number): Promise<void> {
    for (const deadline = this.world.now() + ENGINE_STARTS_WITHIN; this.world.now() < deadline;) {
      if ((await this.#run(machine, ['info', '--format', '{{json .Swarm}}'])).exitCode === 0) {
        return;
      }
      await this.world.pass(300);
    }
    throw new Error(`docker does not answer on machine ${machine}`);
  }

  async #docker(machine: number, args: readonly string[]): Promise<string> {
    const outcome = await this.#run(
      machine,
      args.flatMap((arg) => PHRASES.get(arg) ?? [this.#fillIn(arg)]),
    );
    if ((args[1] === 'init' || args[1] === 'join') && outcome.exitCode === 0) {
      // What comes at once may be about it.
      await this.#noteNode(machine);
    }
    if (args[1] === 'init' && outcome.exitCode === 0) {
      await this.#noteTokens(machine);
    }
    return describeOutcome(outcome);
  }

  #fillIn(arg: string): string {
    return arg.replaceAll(/\{([a-z-]+)-(\d+)\}/g, (_, what: string, number: string) => {
      const machine = Number(number);
      switch (what) {
        case 'node':
          return this.#ids.get(machine)?.at(-1) ?? NOBODY;
        case 'ip':
          return this.#addresses.get(machine) ?? '10.77.0.254';
        default:
          return this.#tokens.get(`${what}-${number}`) ?? 'SWMTKN-1-nobody-has-told';
      }
    });
  }

  async #noteNode(machine: number): Promise<void> {
    const info = await this.world.during(this.#eyes.info(instance(machine)));
    const node = z.object({ NodeID: z.string() }).safeParse('value' in info ? info.value : undefined);
    this.#meet(machine, node.data?.NodeID ?? '');
  }

  async #noteTokens(machine: number): Promise<void> {
    for (const role of ['worker', 'manager']) {
      const { stdout } = await this.#run(machine, ['swarm', 'join-token', '-q', role]);
      this.#tokens.set(`${role}-token-${machine}`, stdout.trim());
    }
  }

  async #fault(verb: Exclude<Step['verb'], 'docker' | 'launch'>, machine: number): Promise<void> {
    const { machines } = this.world;
    const instanceId = instance(machine);
    switch (verb) {
      case 'kill':
        return machines.killEngine(instanceId);
      case 'start':
        return machines.startEngine(instanceId);
      case 'restart':
        await machines.killEngine(instanceId);
        return machines.startEngine(instanceId);
      case 'cut':
        return machines.cut(instanceId);
      case 'heal':
        return machines.heal(instanceId);
      default:
        this.#alive.delete(machine);
        return machines.terminate(instanceId);
    }
  }

  #run(machine: number, args: readonly string[]): Promise<DocumentOutcome> {
    return this.world.during(this.world.machines.docker(instance(machine), args, PATIENCE));
  }

  #meet(machine: number, nodeId: string): void {
    if (nodeId === '' || this.#names.has(nodeId)) {
      return;
    }
    const ids = [...(this.#ids.get(machine) ?? []), nodeId];
    this.#ids.set(machine, ids);
    this.#names.set(nodeId, ids.length === 1 ? String(machine) : `${machine}.${ids.length}`);
  }
}
