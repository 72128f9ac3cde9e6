// What holds of every plan, whatever is seen.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { INSTANCE, NODE_ID, OTHER_INSTANCE } from '../../support/examples.ts';
import { OTHER_NODE, down, factsOf, group, item, members, node, only } from '../../support/tidy-facts.ts';

type Fate = Pick<TidyFacts, 'nodes' | 'states' | 'groups'>;

const isOld = (age: number | undefined): boolean => (age ?? 0) >= 3600;

const isOffInPool = ({ states, groups }: Omit<Fate, 'nodes'>, instance: string): boolean =>
  states.get(instance) === 'stopped' &&
  groups.some(({ warm = [] }) =>
    warm.some((one) => one.instance === instance && /^Warmed:(Stopped|Hibernated)$/.test(one.lifecycle)),
  );

/** Why a node that is removed may be: what its engine would say, or that no engine ever was it. */
function expectGone({ nodes, states, groups }: Fate, nodeId: string, instance: string): void {
  const [found] = nodes.filter((one) => one.nodeId === nodeId);
  if (found === undefined) {
    throw new Error(`${nodeId} is no node`);
  }
  expect(found.isManager).toBe(false);
  if (instance === 'none') {
    expect(found).toMatchObject({ neverUp: true, instance: undefined });
    expect([found.status === 'ready', isOld(found.age)]).toEqual([false, true]);
    return;
  }
  const again = nodes.some((one) => one.instance === instance && one.nodeId !== nodeId && one.status === 'ready');
  const state = states.get(instance);
  expect(found.status).toBe('down');
  // One that was to be a manager is nobody's, and the raft never had it.
  expect(found.role === 'worker' || (found.instance === undefined && again)).toBe(true);
  expect(
    again ||
      isOffInPool({ states, groups }, instance) ||
      state === 'terminated' ||
      (state === undefined && isOld(found.age)),
  ).toBe(true);
}

describe('whatever is seen', () => {
  const instances = fc.constantFrom(INSTANCE, OTHER_INSTANCE, undefined);
  const nodes = fc.uniqueArray(
    fc.record({
      nodeId: fc.constantFrom(NODE_ID, OTHER_NODE, 'third'.padEnd(25, '0')),
      role: fc.constantFrom('worker' as const, 'manager' as const),
      status: fc.constantFrom('ready' as const, 'down' as const, 'unknown' as const, 'disconnected' as const),
      availability: fc.constantFrom('active' as const, 'pause' as const, 'drain' as const),
      instance: instances,
      isManager: fc.boolean(),
      isReachable: fc.boolean(),
      isLeaving: fc.boolean(),
      version: fc.constantFrom('7', undefined),
      age: fc.constantFrom(0, 899, 3600, undefined),
      address: fc.constantFrom('10.0.1.12', undefined),
      neverUp: fc.boolean(),
    }),
    { selector: ({ nodeId }) => nodeId },
  );
  const lifecycle = fc.constantFrom(
    ...['InService', 'Pending:Wait', 'Terminating:Wait', 'Terminating:Retained'],
    ...['Warmed:Pending:Wait', 'Warmed:Stopped', 'Warmed:Hibernated', 'Warmed:Running'],
  );
  const states = fc
    .array(fc.tuple(fc.constantFrom(INSTANCE, OTHER_INSTANCE), fc.constantFrom('running', 'stopped', 'terminated')))
    .map((pairs) => new Map(pairs));
  const seen = fc.record({
    nodes,
    states,
    groups: lifecycle.map((one) => members(one)),
    known: fc.constantFrom([], [item()], [item({ phase: 'leaving' })], [item({ phase: 'gone' })]),
    owners: fc
      .constantFrom([], [INSTANCE], [INSTANCE, OTHER_INSTANCE])
      .map((owners) => new Map([['10.0.1.12', owners]])),
  });

  it('nothing that is alive is ever removed', () => {
    fc.assert(
      fc.property(seen, (facts) => {
        const gone = only(facts, 'forget').flatMap((one) => one.nodes);
        for (const { nodeId, instance } of gone) {
          expectGone(facts, nodeId, instance);
        }
      }),
    );
  });

  it('what bears no mark of skep’s is never activated', () => {
    fc.assert(
      fc.property(seen, (facts) => {
        for (const { nodeId } of only(facts, 'restore').flatMap((one) => one.nodes)) {
          expect(facts.nodes.find((one) => one.nodeId === nodeId)).toMatchObject({ isLeaving: true, isManager: false });
        }
      }),
    );
  });

  it('a plan fits a payload, with 2,000 nodes of which 500 are gone', () => {
    const many = Array.from({ length: 2000 }, (_, n) => ({
      instance: `i-${String(n).padStart(17, '0')}`,
      nodeId: String(n).padStart(25, '0'),
    }));
    const facts = factsOf({
      nodes: many.map((one, n) => (n < 500 ? down(one) : node(one))),
      known: many.map((one) => item(one)),
      groups: [group(many.slice(500).map(({ instance }) => ({ instance, lifecycle: 'InService' })))],
      states: new Map(many.slice(0, 500).map(({ instance }) => [instance, 'terminated'])),
    });
    const made = planTidy(facts);
    expect(made.repairs.map(({ kind }) => kind)).toEqual([
      'forget',
      'forget',
      'forget',
      'erase',
      'erase',
      'erase',
      'erase',
      'erase',
    ]);
    expect(Buffer.byteLength(JSON.stringify(made))).toBeLessThan(128 * 1024);
  });
});
