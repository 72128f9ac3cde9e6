// Makes sequences out of a seed: what a person, a fault and skep might do to a small swarm, in any order.
//
// It knows nothing of either world. A sketch of what each step should come to makes most steps meaningful; a few are wrong on purpose.
import { Dice } from '../dice.ts';
import { serviceChanges } from '../typed.ts';
import type { Typed as Choice } from '../typed.ts';
import { Sketch } from './sketch.ts';
import { AT_ONCE } from './steps.ts';
import type { Sequence } from './steps.ts';

/** What a real swarm takes to settle, seconds: a sequence ends early where it would take longer than a minute or so. */
const PATIENCE = 55;

export function sequenceOf(seed: number): Sequence {
  return new Generator(seed).sequence();
}

class Generator {
  readonly #seed: number;
  readonly #dice: Dice;
  readonly #sketch = new Sketch();
  #hasServices = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#dice = new Dice(seed);
  }

  sequence(): Sequence {
    const managers = this.#dice.pick([1, 1, 2, 3, 3, 3]);
    const workers = this.#dice.pick(managers === 1 ? [2, 3] : [1, 2]);
    const spare = this.#dice.chance(0.3) && managers + workers < 5 ? 1 : 0;
    const machines = managers + workers + spare;
    this.#hasServices = this.#dice.chance(0.5);
    const steps = [...this.#begin(machines, managers, managers + workers), ...this.#goOn()];
    return { seed: this.#seed, machines, steps };
  }

  #begin(machines: number, managers: number, nodes: number): string[] {
    for (let machine = 1; machine <= machines; machine += 1) {
      this.#sketch.launch(machine);
    }
    this.#sketch.joined(1, 'manager');
    const steps = ['on 1: docker swarm init --advertise-addr {ip-1}'];
    for (let machine = 2; machine <= nodes; machine += 1) {
      steps.push(this.#join(machine, 1, machine <= managers ? 'manager' : 'worker'));
    }
    return this.#hasServices ? [...steps, this.#createService('web')] : steps;
  }

  #goOn(): string[] {
    const steps: string[] = [];
    let left = this.#dice.between(4, 10);
    for (let time = 0; left > 0 && time < PATIENCE; left -= 1) {
      const { takes, make } = this.#choose();
      time += takes;
      const step = make();
      steps.push(step, ...(this.#dice.chance(0.25) ? this.#atOnce(step) : []));
    }
    return steps;
  }

  #choose(): Choice {
    return this.#dice.choose([...this.#membership(), ...this.#nodes(), ...this.#services(), ...this.#faults()]);
  }

  /** Where a command about the swarm is typed: mostly on a manager that works. */
  #somewhere(): number {
    const { managers, engines } = this.#sketch;
    return this.#dice.pick(managers.length > 0 && this.#dice.chance(0.9) ? managers : engines);
  }

  #someNode(preferred: readonly number[] = []): number {
    return this.#dice.pick(preferred.length > 0 && this.#dice.chance(0.8) ? preferred : this.#sketch.known);
  }

  // --- Choices

  #membership(): Choice[] {
    const { engines, members, outsiders, survivors, works } = this.#sketch;
    return [
      { weight: works && outsiders.length > 0 ? 8 : 0, takes: 3, make: () => this.#joinSomebody(outsiders) },
      { weight: works && members.length > 0 ? 1 : 0, takes: 1, make: () => this.#joinSomebody(members) },
      { weight: works ? 5 : 0, takes: 14, make: () => this.#leave(this.#dice.pick(engines), this.#dice.chance(0.4)) },
      { weight: 0.7, takes: 2, make: () => this.#init(this.#dice.pick(engines), '') },
      {
        weight: survivors.length > 0 ? 4 : 0,
        takes: 10,
        make: () => this.#init(this.#dice.pick(survivors), ' --force-new-cluster'),
      },
    ];
  }

  #nodes(): Choice[] {
    const { works, workers, down, allManagers } = this.#sketch;
    const weight = works ? 1 : 0;
    const update = (what: string): string =>
      `on ${this.#somewhere()}: docker node update ${what} {node-${this.#someNode()}}`;
    return [
      {
        weight: 6 * weight,
        takes: 3,
        make: () => update(`--availability ${this.#dice.pick(['active', 'pause', 'drain', 'drain'])}`),
      },
      { weight: 4 * weight, takes: 1, make: () => update(`--label-add tier=${this.#dice.pick(['web', 'db'])}`) },
      { weight: 1.5 * weight, takes: 1, make: () => update('--label-rm tier') },
      { weight: 4 * weight, takes: 2, make: () => this.#remove(this.#someNode(down), this.#dice.chance(0.4)) },
      { weight: 4 * weight, takes: 3, make: () => this.#setRole('promote', this.#someNode(workers)) },
      { weight: 5 * weight, takes: 8, make: () => this.#setRole('demote', this.#someNode(allManagers)) },
      {
        weight: works ? 1 : 3,
        takes: works ? 1 : 20,
        make: () => `on ${this.#dice.pick(this.#sketch.engines)}: docker node ls --format {json}`,
      },
    ];
  }

  #services(): Choice[] {
    const weight = this.#hasServices && this.#sketch.works ? 1 : 0;
    const name = this.#dice.chance(0.9) ? 'web' : 'db';
    const somewhere = (): string => `on ${this.#somewhere()}: docker`;
    return [
      { weight: 1.5 * weight, takes: 4, make: () => this.#createService(this.#dice.pick(['web', 'db', 'db'])) },
      ...serviceChanges(this.#dice, somewhere, name).map((one) => ({ ...one, weight: one.weight * weight })),
      { weight: weight, takes: 2, make: () => `${somewhere()} service rm ${name}` },
    ];
  }

  #faults(): Choice[] {
    const sketch = this.#sketch;
    const { engines, killed, cut, touchable, fresh } = sketch;
    const few = engines.length > 1 && killed.length + cut.length < 2 ? 1 : 0;
    const wrong = sketch.works ? 1 : 0;
    return [
      { weight: 3 * few * wrong, takes: 20, make: () => sketch.kill(this.#dice.pick(touchable)) },
      { weight: killed.length > 0 ? 8 : 0, takes: 8, make: () => sketch.start(this.#dice.pick(killed)) },
      { weight: 2 * few * wrong, takes: 12, make: () => sketch.restart(this.#dice.pick(touchable)) },
      { weight: 1.5 * few * wrong, takes: 25, make: () => sketch.die(this.#dice.pick(touchable)) },
      { weight: 2 * few * wrong, takes: 25, make: () => sketch.pull(this.#dice.pick(touchable)) },
      { weight: cut.length > 0 ? 8 : 0, takes: 20, make: () => sketch.heal(this.#dice.pick(cut)) },
      { weight: fresh <= 5 ? 2 : 0, takes: 3, make: () => this.#launch(fresh) },
    ];
  }

  /** What can be done about it before it has come to anything, where it is certain what that comes to. */
  #atOnce(step: string): string[] {
    const [, machine = ''] = /(?:\{node-|kill |die |cut )(\d)/.exec(step) ?? [];
    const number = Number(machine);
    const next = (): string | undefined => {
      if (/--availability \S+ \{node/.test(step)) {
        return `on ${this.#somewhere()}: docker node update --availability active {node-${machine}}`;
      }
      // Not of a manager that leaves by force: the others may have to elect first.
      if (step.endsWith('swarm leave')) {
        return this.#remove(Number(step.slice(3, 4)), this.#dice.chance(0.5));
      }
      if (step.includes('swarm join')) {
        return `on ${this.#somewhere()}: docker node update --label-add tier=db {node-${step.slice(3, 4)}}`;
      }
      // Tasks of an image that is not there fail while the next command is typed, and may have rolled it back by then.
      if (step.includes('docker service') && !step.includes('missing')) {
        return this.#dice.pick(this.#services().filter(({ weight }) => weight > 0)).make();
      }
      // With a manager the leader may have gone: who leads is not certain, nor what the others say meanwhile. And one that is
      // removed while it is demoted is lost, now with an error and now without.
      const isLost = /^(?:kill|die)/.test(step) && this.#sketch.workers.includes(number);
      return isLost ? this.#remove(number, this.#dice.chance(0.5)) : undefined;
    };
    const made = this.#sketch.works ? next() : undefined;
    return made === undefined ? [] : [`${AT_ONCE}${made}`];
  }

  // --- Steps that are more than a line

  #join(machine: number, founder: number, role: 'worker' | 'manager', more = ''): string {
    this.#sketch.joined(machine, role);
    const token = `--token {${role}-token-${founder}}`;
    return `on ${machine}: docker swarm join ${token}${more} --advertise-addr {ip-${machine}} {ip-${founder}}:2377`;
  }

  #joinSomebody(those: readonly number[]): string {
    const machine = this.#dice.pick(those);
    const { managers, members } = this.#sketch;
    // A worker refuses, and where nobody is the attempt goes on behind the time-out.
    const by = this.#dice.chance(0.9) ? this.#dice.pick(managers) : this.#someNode();
    const founder = this.#sketch.founderOf(by);
    const role = this.#dice.pick(['worker', 'worker', 'manager'] as const);
    const more = this.#dice.pick(['', ' --availability drain', ' --availability pause']);
    const isWrong = this.#dice.chance(0.05);
    if (!isWrong && managers.includes(by) && !members.includes(machine)) {
      this.#sketch.joined(machine, role, founder);
    }
    const token = `--token {${role}-token-${isWrong ? 9 : founder}}`;
    return `on ${machine}: docker swarm join ${token}${more} --advertise-addr {ip-${machine}} {ip-${by}}:2377`;
  }

  #leave(machine: number, force: boolean): string {
    if (force || !this.#sketch.allManagers.includes(machine)) {
      this.#sketch.left(machine);
    }
    return `on ${machine}: docker swarm leave${force ? ' --force' : ''}`;
  }

  #init(machine: number, how: string): string {
    const { members, works } = this.#sketch;
    if (!members.includes(machine)) {
      this.#sketch.joined(machine, 'manager', machine);
    } else if (how !== '' && !works) {
      this.#sketch.recovered(machine);
    }
    return `on ${machine}: docker swarm init${how} --advertise-addr {ip-${machine}}`;
  }

  #remove(machine: number, force: boolean): string {
    const { workers, down } = this.#sketch;
    if (workers.includes(machine) && (force || down.includes(machine))) {
      this.#sketch.left(machine);
    }
    return `on ${this.#somewhere()}: docker node rm${force ? ' --force' : ''} {node-${machine}}`;
  }

  #setRole(how: 'promote' | 'demote', machine: number): string {
    const by = this.#somewhere();
    this.#sketch.setRole(machine, how === 'promote' ? 'manager' : 'worker');
    return `on ${by}: docker node ${how} {node-${machine}}`;
  }

  #createService(name: string): string {
    const mode = this.#dice.pick(['--mode global', '--replicas 1', '--replicas 2', '--replicas 3', '--replicas 6']);
    const order = this.#dice.pick(['', '--update-order start-first ', '--update-failure-action rollback ']);
    const constraint = this.#dice.pick([
      '',
      '',
      '--constraint node.role==worker ',
      '--constraint node.labels.tier!=db ',
    ]);
    const create = `docker service create --detach --quiet --no-resolve-image --name ${name}`;
    const container = 'skep/idle:1 {idle}';
    return `on ${this.#somewhere()}: ${create} ${mode} ${order}${constraint}--update-monitor 1s --restart-delay 1s ${container}`;
  }

  #launch(machine: number): string {
    const { touchable, members } = this.#sketch;
    const origins = touchable.filter((number) => members.includes(number));
    if (origins.length > 0 && this.#dice.chance(0.35)) {
      const origin = this.#dice.pick(origins);
      this.#sketch.launch(machine, origin);
      return `launch ${machine} with folder of ${origin}`;
    }
    this.#sketch.launch(machine);
    return `launch ${machine}`;
  }
}
