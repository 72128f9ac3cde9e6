// Makes sequences out of a seed: what a person, a fault and skep might do to a small swarm, in any order.
//
// It knows nothing of either world. A sketch of what each step should come to makes most steps meaningful; a few are wrong on purpose.
import { seededRandom } from '../../../lab/time/random.ts';
import { Sketch } from './sketch.ts';
import { AT_ONCE } from './steps.ts';
import type { Sequence } from './steps.ts';

/** What a real swarm takes to settle, seconds: a sequence ends early where it would take longer than a minute or so. */
const PATIENCE = 55;

interface Choice {
  /** Against the weights of the others; none where it makes no sense. */
  readonly weight: number;
  /** Roughly how long real engines take to settle after it, seconds. */
  readonly takes: number;
  readonly make: () => string;
}

export function sequenceOf(seed: number): Sequence {
  return new Generator(seed).sequence();
}

class Generator {
  readonly #seed: number;
  readonly #random: { next(): number };
  readonly #sketch = new Sketch();
  #hasServices = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
  }

  sequence(): Sequence {
    const managers = this.#pick([1, 1, 2, 3, 3, 3]);
    const workers = this.#pick(managers === 1 ? [2, 3] : [1, 2]);
    const spare = this.#chance(0.3) && managers + workers < 5 ? 1 : 0;
    const machines = managers + workers + spare;
    this.#hasServices = this.#chance(0.5);
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
    let left = this.#between(4, 10);
    for (let time = 0; left > 0 && time < PATIENCE; left -= 1) {
      const { takes, make } = this.#choose();
      time += takes;
      const step = make();
      steps.push(step, ...(this.#chance(0.25) ? this.#atOnce(step) : []));
    }
    return steps;
  }

  // --- Dice

  #chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  #between(least: number, most: number): number {
    return least + Math.floor(this.#random.next() * (most - least + 1));
  }

  #pick<T>(those: readonly T[]): T {
    const picked = those[this.#between(0, those.length - 1)];
    if (picked === undefined) {
      throw new Error('there is nothing to pick from');
    }
    return picked;
  }

  #choose(): Choice {
    const choices = [...this.#membership(), ...this.#nodes(), ...this.#services(), ...this.#faults()].filter(
      ({ weight }) => weight > 0,
    );
    let dice = this.#random.next() * choices.reduce((sum, { weight }) => sum + weight, 0);
    return choices.find(({ weight }) => (dice -= weight) < 0) ?? this.#pick(choices);
  }

  /** Where a command about the swarm is typed: mostly on a manager that works. */
  #somewhere(): number {
    const { managers, engines } = this.#sketch;
    return this.#pick(managers.length > 0 && this.#chance(0.9) ? managers : engines);
  }

  #someNode(preferred: readonly number[] = []): number {
    return this.#pick(preferred.length > 0 && this.#chance(0.8) ? preferred : this.#sketch.known);
  }

  // --- Choices

  #membership(): Choice[] {
    const { engines, members, outsiders, survivors, works } = this.#sketch;
    return [
      { weight: works && outsiders.length > 0 ? 8 : 0, takes: 3, make: () => this.#joinSomebody(outsiders) },
      { weight: works && members.length > 0 ? 1 : 0, takes: 1, make: () => this.#joinSomebody(members) },
      { weight: works ? 5 : 0, takes: 14, make: () => this.#leave(this.#pick(engines), this.#chance(0.4)) },
      { weight: 0.7, takes: 2, make: () => this.#init(this.#pick(engines), '') },
      {
        weight: survivors.length > 0 ? 4 : 0,
        takes: 10,
        make: () => this.#init(this.#pick(survivors), ' --force-new-cluster'),
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
        make: () => update(`--availability ${this.#pick(['active', 'pause', 'drain', 'drain'])}`),
      },
      { weight: 4 * weight, takes: 1, make: () => update(`--label-add tier=${this.#pick(['web', 'db'])}`) },
      { weight: 1.5 * weight, takes: 1, make: () => update('--label-rm tier') },
      { weight: 4 * weight, takes: 2, make: () => this.#remove(this.#someNode(down), this.#chance(0.4)) },
      { weight: 4 * weight, takes: 3, make: () => this.#setRole('promote', this.#someNode(workers)) },
      { weight: 5 * weight, takes: 8, make: () => this.#setRole('demote', this.#someNode(allManagers)) },
      {
        weight: works ? 1 : 3,
        takes: works ? 1 : 20,
        make: () => `on ${this.#pick(this.#sketch.engines)}: docker node ls --format {json}`,
      },
    ];
  }

  #services(): Choice[] {
    const weight = this.#hasServices && this.#sketch.works ? 1 : 0;
    const name = this.#chance(0.9) ? 'web' : 'db';
    const update = (what: string): string =>
      `on ${this.#somewhere()}: docker service update --detach --quiet --no-resolve-image ${what} ${name}`;
    const constraint = this.#pick([
      'node.labels.tier==db',
      'node.labels.tier!=db',
      'node.role==worker',
      'node.role!=manager',
    ]);
    return [
      { weight: 1.5 * weight, takes: 4, make: () => this.#createService(this.#pick(['web', 'db', 'db'])) },
      { weight: 3 * weight, takes: 8, make: () => update(`--image ${this.#pick(['skep/idle:1', 'skep/missing:1'])}`) },
      { weight: 3 * weight, takes: 20, make: () => update(`--env-add MARK=${this.#between(1, 3)}`) },
      {
        weight: 3 * weight,
        takes: 5,
        make: () => update(`--constraint-${this.#pick(['add', 'add', 'rm'])} ${constraint}`),
      },
      { weight: 2 * weight, takes: 3, make: () => update(`--replicas ${this.#between(0, 5)}`) },
      {
        weight: 3 * weight,
        takes: 3,
        make: () => `on ${this.#somewhere()}: docker service scale --detach ${name}=${this.#between(1, 6)}`,
      },
      {
        weight: 3 * weight,
        takes: 10,
        make: () => `on ${this.#somewhere()}: docker service rollback --detach --quiet ${name}`,
      },
      { weight: weight, takes: 2, make: () => `on ${this.#somewhere()}: docker service rm ${name}` },
    ];
  }

  #faults(): Choice[] {
    const sketch = this.#sketch;
    const { engines, killed, cut, touchable, fresh } = sketch;
    const few = engines.length > 1 && killed.length + cut.length < 2 ? 1 : 0;
    const wrong = sketch.works ? 1 : 0;
    return [
      { weight: 3 * few * wrong, takes: 20, make: () => sketch.kill(this.#pick(touchable)) },
      { weight: killed.length > 0 ? 8 : 0, takes: 8, make: () => sketch.start(this.#pick(killed)) },
      { weight: 2 * few * wrong, takes: 12, make: () => sketch.restart(this.#pick(touchable)) },
      { weight: 1.5 * few * wrong, takes: 25, make: () => sketch.die(this.#pick(touchable)) },
      { weight: 2 * few * wrong, takes: 25, make: () => sketch.pull(this.#pick(touchable)) },
      { weight: cut.length > 0 ? 8 : 0, takes: 20, make: () => sketch.heal(this.#pick(cut)) },
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
        return this.#remove(Number(step.slice(3, 4)), this.#chance(0.5));
      }
      if (step.includes('swarm join')) {
        return `on ${this.#somewhere()}: docker node update --label-add tier=db {node-${step.slice(3, 4)}}`;
      }
      // Tasks of an image that is not there fail while the next command is typed, and may have rolled it back by then.
      if (step.includes('docker service') && !step.includes('missing')) {
        return this.#pick(this.#services().filter(({ weight }) => weight > 0)).make();
      }
      // With a manager the leader may have gone: who leads is not certain, nor what the others say meanwhile. And one that is
      // removed while it is demoted is lost, now with an error and now without.
      const isLost = /^(?:kill|die)/.test(step) && this.#sketch.workers.includes(number);
      return isLost ? this.#remove(number, this.#chance(0.5)) : undefined;
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
    const machine = this.#pick(those);
    const { managers, members } = this.#sketch;
    // A worker refuses, and where nobody is the attempt goes on behind the time-out.
    const by = this.#chance(0.9) ? this.#pick(managers) : this.#someNode();
    const founder = this.#sketch.founderOf(by);
    const role = this.#pick(['worker', 'worker', 'manager'] as const);
    const more = this.#pick(['', ' --availability drain', ' --availability pause']);
    const isWrong = this.#chance(0.05);
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
    const mode = this.#pick(['--mode global', '--replicas 1', '--replicas 2', '--replicas 3', '--replicas 6']);
    const order = this.#pick(['', '--update-order start-first ', '--update-failure-action rollback ']);
    const constraint = this.#pick(['', '', '--constraint node.role==worker ', '--constraint node.labels.tier!=db ']);
    const create = `docker service create --detach --quiet --no-resolve-image --name ${name}`;
    const container = 'skep/idle:1 {idle}';
    return `on ${this.#somewhere()}: ${create} ${mode} ${order}${constraint}--update-monitor 1s --restart-delay 1s ${container}`;
  }

  #launch(machine: number): string {
    const { touchable, members } = this.#sketch;
    const origins = touchable.filter((number) => members.includes(number));
    if (origins.length > 0 && this.#chance(0.35)) {
      const origin = this.#pick(origins);
      this.#sketch.launch(machine, origin);
      return `launch ${machine} with folder of ${origin}`;
    }
    this.#sketch.launch(machine);
    return `launch ${machine}`;
  }
}
