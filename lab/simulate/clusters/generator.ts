// Makes a cluster and its bad day out of a seed: groups, work, trouble, and at the end quiet, in which everything has to come to rest.
import { Dice } from '../dice.ts';
import { Sketch } from './sketch.ts';
import type { SketchedGroup } from './sketch.ts';
import { founding, themes } from './themes.ts';
import { trouble } from './trouble.ts';
import { themedService, work } from './work.ts';
import type { Kind } from './work.ts';
import type { World } from './world.ts';
import { REST } from './written.ts';
import type { Written, WrittenStep } from './written.ts';

/** Of each kind: whether a seed has any of it. What is always mixed with everything else hides what only shows alone. */
const KEPT = 0.6;
/** Of these seeds only safety counts: managers are taken away without counting. */
const CATASTROPHES = 0.05;
/** Of the others: days that are about few things, one after the other, in a small cluster. They cost less, and bring together what must meet. */
const THEMED = 0.7;

export function scenarioOf(seed: number, world: World): Written {
  return new Generator(seed, world).written();
}

class Generator {
  readonly #seed: number;
  readonly #world: World;
  readonly #dice: Dice;
  readonly #leftOut = new Set<string>();
  readonly #asked = new Set<string>();

  constructor(seed: number, world: World) {
    this.#seed = seed;
    this.#world = world;
    this.#dice = new Dice(seed);
  }

  written(): Written {
    const dice = this.#dice;
    const isCatastrophe = dice.chance(CATASTROPHES);
    const isThemed = !isCatastrophe && dice.chance(THEMED);
    const sketched = isThemed ? this.#fewGroups() : this.#groups();
    const sketch = new Sketch(sketched);
    const groups = Object.fromEntries(
      sketched.map((group) => [group.name, isThemed ? this.#plainGroupOf(group) : this.#groupOf(group)]),
    );
    const limits = dice.chance(0.3)
      ? { limits: { lag: { [dice.pick(['instances', 'groups', 'invocations'])]: dice.pick(['3s', '30s']) } } }
      : {};
    const steps = isThemed ? this.#themed(sketch) : [...this.#begin(sketch), ...this.#goOn(sketch, isCatastrophe)];
    return {
      name: `seed ${this.#seed}`,
      seed: this.#seed,
      invariants: isCatastrophe ? 'always' : 'at rest too',
      passOver: true,
      ...limits,
      groups,
      steps: isCatastrophe ? steps : [...steps, ...REST],
    };
  }

  #groups(): SketchedGroup[] {
    const dice = this.#dice;
    const managers: SketchedGroup = {
      name: 'managers',
      role: 'manager',
      desired: dice.pick([1, 1, 3, 3, 3, 3, 3, 5, 5, 7]),
    };
    const workers = Array.from({ length: dice.pick([1, 1, 1, 2, 3]) }, (_, index): SketchedGroup => {
      const desired = dice.chance(0.02) ? dice.between(20, 60) : dice.pick([0, 1, 1, 2, 2, 3, 5]);
      return { name: `workers-${index + 1}`, role: 'worker', desired };
    });
    return [managers, ...workers];
  }

  #fewGroups(): SketchedGroup[] {
    const dice = this.#dice;
    return [
      { name: 'managers', role: 'manager', desired: dice.pick([1, 3, 3, 3, 3, 3, 3, 5]) },
      { name: 'workers-1', role: 'worker', desired: dice.pick([1, 2, 2, 3]) },
    ];
  }

  /** Mostly as they are set up, so that a day's end is near. */
  #plainGroupOf(group: SketchedGroup): Record<string, unknown> {
    const { role, desired } = group;
    return this.#dice.chance(0.3) ? this.#groupOf(group) : { role, desired };
  }

  #themed(sketch: Sketch): WrittenStep[] {
    const dice = this.#dice;
    const stands: WrittenStep[] = dice.chance(0.12) ? founding(dice) : [{ settle: '3h' }];
    const steps: WrittenStep[] = [...stands, themedService(dice, sketch), { advance: '20s' }];
    for (let left = dice.pick([2, 2, 3, 3, 4]); left > 0; left -= 1) {
      steps.push(...dice.choose(themes(dice, sketch)).make());
      if (dice.chance(0.2)) steps.push(...this.#choose(trouble(dice, sketch, this.#world, false)));
      if (dice.chance(0.4)) steps.push({ advance: dice.pick(['20s', '3m', '12m']) });
    }
    return steps;
  }

  #groupOf({ role, desired }: SketchedGroup): Record<string, unknown> {
    const dice = this.#dice;
    const launch = { timeout: dice.pick([1800, 1800, 300, 600, 3600]) };
    const terminate = { timeout: dice.pick([1800, 1800, 300, 600, 3600]) };
    return {
      role,
      desired,
      launchHook: launch,
      terminateHook: terminate,
      ...(dice.chance(0.3) ? { agentAfter: dice.pick(['10s', '45s', '3m']) } : {}),
      ...(dice.chance(0.3) ? { dockerAfter: dice.pick(['20s', '90s', '4m']) } : {}),
      ...(dice.chance(0.2) ? { clock: clockOf(dice, role) } : {}),
      ...(role === 'manager' && dice.chance(0.6) ? { maintenance: { minHealthy: 100, maxHealthy: 200 } } : {}),
      ...(dice.chance(0.3) ? launchesLate(role) : {}),
      ...(role === 'worker' && dice.chance(0.4) ? { labels: { tier: dice.pick(['web', 'db']) } } : {}),
    };
  }

  /** Mostly the cluster stands before anything goes wrong. */
  #begin(sketch: Sketch): WrittenStep[] {
    const stands: WrittenStep[] = this.#dice.chance(0.85) ? [{ settle: '3h' }] : [];
    const service = this.#dice.chance(0.8)
      ? (work(this.#dice, sketch)
          .find(({ kind }) => kind === 'service')
          ?.make() ?? [])
      : [];
    return [...stands, ...(stands.length === 0 ? [] : service)];
  }

  #goOn(sketch: Sketch, isCatastrophe: boolean): WrittenStep[] {
    const dice = this.#dice;
    const steps: WrittenStep[] = [];
    for (let left = dice.between(3, 10); left > 0; left -= 1) {
      for (let faults = dice.pick([0, 1, 1, 2, 3]); faults > 0; faults -= 1) {
        steps.push(...this.#choose(trouble(dice, sketch, this.#world, isCatastrophe)));
      }
      steps.push(...this.#choose(work(dice, sketch)), ...this.#pause(sketch));
    }
    return steps;
  }

  #pause(sketch: Sketch): WrittenStep[] {
    const dice = this.#dice;
    if (dice.chance(0.3)) {
      sketch.away = sketch.broken.size;
      return [{ advance: '30m' }];
    }
    return dice.chance(0.2) ? [] : [{ advance: dice.pick(['5s', '20s', '1m', '3m', '12m']) }];
  }

  #choose(kinds: readonly Kind[]): readonly WrittenStep[] {
    const kept = kinds.filter(({ kind, weight }) => weight > 0 && this.#isKept(kind));
    return kept.length === 0 ? [] : this.#dice.choose(kept).make();
  }

  /** Decided when the kind is met for the first time. What puts something back is always there. */
  #isKept(kind: string): boolean {
    if (!this.#asked.has(kind)) {
      this.#asked.add(kind);
      if (!this.#dice.chance(KEPT)) this.#leftOut.add(kind);
    }
    return kind === 'put back' || kind === 'unhold' || !this.#leftOut.has(kind);
  }
}

/** A manager that is ahead by more than two minutes takes no command under the lock, and its launch is abandoned (docs/failure-modes.md). */
const clockOf = (dice: Dice, role: string): Record<string, string> =>
  dice.chance(0.5)
    ? { behind: dice.pick(['10s', '2m', '4m50s']) }
    : { ahead: dice.pick(role === 'manager' ? ['10s', '90s'] : ['10s', '2m', '4m50s']) };

/** A manager then waits for a replacement that comes only after it: to the end of its patience, which is 48 h where nobody says otherwise. */
const launchesLate = (role: string): Record<string, unknown> => ({
  launchesAfter: 'termination-ends',
  ...(role === 'manager' ? { patience: 900 } : {}),
});
