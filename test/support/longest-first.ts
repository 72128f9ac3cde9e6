// The order in which jest begins its files: the longest first, also on a machine that has no cache of their durations, as in CI.
// Jest would go by the size of the files there, and the longest of all, which are short to read, would keep one worker busy at the end.
import { createRequire } from 'node:module';

import type Module from '@jest/test-sequencer';

// Not by import: of the ES module the default is the class itself, where the types, which are those of CommonJS, have it one deeper.
const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer') as Pick<typeof Module, 'default'>;

/** Seconds of one of two workers in CI, rounded; of what takes longer than the start of a file. They order, and bound nothing. */
const SECONDS: readonly (readonly [pattern: RegExp, seconds: number])[] = [
  [/\/test\/scenarios\/trouble/, 270],
  [/\/test\/big-swarm\./, 140],
  [/\/test\/(template\/deployment|cli\/skep)\./, 115],
  [/\/test\/(exit-codes|documents\/hostile)\./, 100],
  [/\/test\/scenarios\/managers/, 65],
  [/\/test\/cli\/(cluster-changes|ctrl-c|upgrade)\./, 60],
  [/\/test\/(burst|failure-matrix)\./, 55],
  [/\/test\/(template\/everywhere|cli\/by-hand)\./, 45],
  [/\/test\/scenarios\//, 40],
  [/\/test\/(lab\/aws\/stack\/package-service|template\/stages|cli\/(false-greens|adopt|cluster|following))\./, 35],
  [/\/test\/(cli|cluster\/instance-role|lab\/simulate)/, 20],
  [/\/test\/lab\/(nodes|aws\/iam|aws\/endpoint|scenario\/each|bad-input)/, 15],
];

type Tests = Parameters<InstanceType<typeof Sequencer>['sort']>[0];

export default class LongestFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    // By what jest knows of the last run, where there was one, then by what is written here: sorting keeps the order of equals.
    const known = await super.sort(tests);
    return known.every(({ duration }) => duration !== undefined)
      ? known
      : known.toSorted((a, b) => secondsOf(b.path) - secondsOf(a.path));
  }
}

const secondsOf = (path: string): number => SECONDS.find(([pattern]) => pattern.test(path))?.[1] ?? 0;
