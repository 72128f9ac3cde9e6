// What a verdict is made of, for tests: a cluster of three managers and two workers that is healthy, and what differs.
import type { TidySummary } from '../../../src/core/tidy/summary-shape.ts';
import type { VerdictFacts } from '../../../src/core/verdict/findings.ts';
import { NOW } from './examples.ts';

export const seen = (changes: Partial<TidySummary> = {}): TidySummary => ({
  at: NOW,
  managers: { members: 3, reachable: 3, wanted: 3 },
  nodes: { total: 5, ready: 5, down: 0 },
  inService: 5,
  notReady: { count: 0, instances: [] },
  waiting: [],
  ...changes,
});

export const managers = (reachable: number, members: number, wanted: number): Partial<TidySummary> => ({
  managers: { reachable, members, wanted },
});

/** The first ten are named at most, as a tidy names them. */
export const notReady = (count: number, named = count): Partial<TidySummary> => ({
  notReady: { count, instances: Array.from({ length: named }, (_one, n) => `i-${n}`) },
});

export const facts = (changes: Partial<VerdictFacts> = {}): VerdictFacts => ({
  cluster: 'demo',
  now: NOW,
  seen: seen(),
  failed: undefined,
  repairsFailed: 0,
  lock: undefined,
  forced: undefined,
  deadLetters: 0,
  hold: undefined,
  ...changes,
});
