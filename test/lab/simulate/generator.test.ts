import { describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../../lab/scenario/read.ts';
import { scenarioOf } from '../../../lab/simulate/clusters/generator.ts';
import type { World } from '../../../lab/simulate/clusters/world.ts';
import { REST, textOf } from '../../../lab/simulate/clusters/written.ts';
import type { Written } from '../../../lab/simulate/clusters/written.ts';
import { VERBS } from '../../../src/core/names.ts';

const WORLD: World = {
  states: {
    'scale-out': ['Join', 'Confirm'],
    'scale-in': ['Drain'],
    tidy: ['Plan'],
    rebalance: ['Plan'],
    'rotate-tokens': ['Rotate'],
  },
  calls: ['ssm.SendCommand', 'dynamodb.PutItem'],
  verbs: VERBS,
  events: ['EC2 Instance-launch Lifecycle Action', 'EC2 Command Invocation Status-change Notification'],
};
const SEEDS = Array.from({ length: 500 }, (_, index) => index + 1);

const kindOf = (step: Readonly<Record<string, unknown>>): string => {
  const { fault } = step as { readonly fault?: { readonly effect?: string } };
  return fault === undefined ? (Object.keys(step)[0] ?? '') : `fault ${fault.effect ?? 'end'}`;
};
const kindsOf = ({ steps }: Written): Set<string> => new Set(steps.map(kindOf));

describe('what a seed makes', () => {
  it('is a scenario that the lab reads, whatever the seed', () => {
    for (const seed of SEEDS) {
      expect(() => parseScenario(textOf(scenarioOf(seed, WORLD)), `seed ${seed}`)).not.toThrow();
    }
  });

  it('is the same each time, and another one for another seed', () => {
    const texts = SEEDS.map((seed) => textOf(scenarioOf(seed, WORLD)));

    expect(SEEDS.map((seed) => textOf(scenarioOf(seed, WORLD)))).toEqual(texts);
    expect(new Set(texts).size).toBe(SEEDS.length);
  });

  it('has every kind of work and of trouble in some seeds, and leaves each out in others', () => {
    const counts = new Map<string, number>();
    for (const kind of SEEDS.flatMap((seed) => [...kindsOf(scenarioOf(seed, WORLD))])) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    const faults = ['drop', 'delay', 'late', 'duplicate', 'throttle', 'fail', 'lose-answer', 'conflict', 'leave-out'];
    const commands = ['end', 'lost', 'agent-restarts', 'agent-updates', 'begins-late', 'cut-off', 'twice', 'reboot'];
    const work = ['scale', 'terminate', 'refresh', 'unhealthy', 'service', 'docker', 'start', 'hold', 'hook', 'power'];
    const trouble = ['kill', 'engine', 'cable', 'agent', 'stop', 'webhook', 'standby'];

    for (const kind of [...[...faults, ...commands].map((one) => `fault ${one}`), ...work, ...trouble]) {
      expect([kind, counts.get(kind)]).toEqual([kind, expect.any(Number)]);
      expect(counts.get(kind)).toBeGreaterThan(5);
      expect(counts.get(kind)).toBeLessThan(SEEDS.length);
    }
  });

  it('ends in quiet, save for the few seeds in which managers are taken away without counting', () => {
    const written = SEEDS.map((seed) => scenarioOf(seed, WORLD));
    const quiet = written.filter(({ invariants }) => invariants === 'at rest too');

    expect(quiet.map(({ steps }) => steps.slice(-REST.length))).toEqual(quiet.map(() => REST));
    expect(written.length - quiet.length).toBeGreaterThan(10);
    expect(quiet.length).toBeGreaterThan(400);
  });
});
