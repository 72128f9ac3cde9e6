// What a person types about a service that is there already: a deploy, a scale, a rollback. Sequences on machines and simulations of whole
// clusters draw from the same list.
import type { Choice, Dice } from './dice.ts';

export interface Typed extends Choice<string> {
  /** Roughly how long real engines take to settle after it, seconds. */
  readonly takes: number;
}

/** @param docker says where it is typed, and ends with the word `docker`, or is empty where the rest alone is wanted */
export function serviceChanges(dice: Dice, docker: () => string, name: string): Typed[] {
  const update = (what: string): string =>
    `${docker()} service update --detach --quiet --no-resolve-image ${what} ${name}`;
  const constraint = dice.pick([
    'node.labels.tier==db',
    'node.labels.tier!=db',
    'node.role==worker',
    'node.role!=manager',
  ]);
  return [
    { weight: 3, takes: 8, make: () => update(`--image ${dice.pick(['skep/idle:1', 'skep/missing:1'])}`) },
    { weight: 3, takes: 20, make: () => update(`--env-add MARK=${dice.between(1, 3)}`) },
    { weight: 3, takes: 5, make: () => update(`--constraint-${dice.pick(['add', 'add', 'rm'])} ${constraint}`) },
    { weight: 2, takes: 3, make: () => update(`--replicas ${dice.between(0, 5)}`) },
    { weight: 3, takes: 3, make: () => `${docker()} service scale --detach ${name}=${dice.between(1, 6)}` },
    { weight: 3, takes: 10, make: () => `${docker()} service rollback --detach --quiet ${name}` },
  ];
}
