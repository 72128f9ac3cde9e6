// A document may end with any of its exit codes, at any step: no hook stays open, and nothing of the instance stays in the swarm.
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';

import type { ScenarioResult } from '../lab/scenario/result.ts';
import { EXIT_CODES } from '../src/core/exit-codes.ts';
import { isFinal } from '../src/core/steps/final-errors.ts';
import type { Verb } from '../src/core/names.ts';
import { playText } from './support/play-scenario.ts';

const codes = [...EXIT_CODES.map(({ code }) => code), 1, 99];

/** An engine in a swarm of somebody else's is left alone, and its launch is continued: test/scenarios/worker/node-of-a-foreign-swarm.yaml. */
const LEFT_ALONE = ['ForeignSwarm', 'FoundedOtherwise'];
const joining = codes.filter((code) => !EXIT_CODES.some((one) => one.code === code && LEFT_ALONE.includes(one.error)));

const finalOf = (verb: Verb): string[] =>
  EXIT_CODES.map(({ error }) => error).filter((error) => isFinal(verb, error) && !LEFT_ALONE.includes(error));

const join = [{ scale: { group: 'workers', to: 1 } }, { settle: '30m' }];
/** The managers see a node that was ended by force as Down only after a while: then the tidy removes it. */
const leave = [
  { scale: { group: 'workers', to: 0 } },
  { settle: '1h' },
  { advance: '1m' },
  { tidy: {} },
  { settle: '10m' },
];
const alone = { expect: [{ nodes: { count: 1, ready: 1 } }, { hooks: { open: 0, timedOut: 0 } }] };
const together = { expect: [{ nodes: { count: 2, ready: 2, labelled: 2 } }, { hooks: { open: 0, timedOut: 0 } }] };

/** One lab for all codes: each is met by an instance of its own. */
function run(
  rounds: (fault: { document: string; exitCode: number }, index: number) => unknown[],
  document: string,
  of: readonly number[] = codes,
): Promise<ScenarioResult> {
  const scenario = {
    name: `every exit code of ${document}`,
    groups: { managers: { role: 'manager', desired: 1 }, workers: { role: 'worker' } },
    steps: [{ settle: '5m' }, ...of.flatMap((exitCode, index) => rounds({ document, exitCode }, index))],
  };
  return playText(stringify(scenario));
}

describe('every exit code', () => {
  it.each(['join', 'confirm'] as const)('of %s ends in a joined instance, that one or the next', async (document) => {
    const { expectations, executions } = await run(
      (fault) => [{ fault }, ...join, together, ...leave, alone],
      document,
      document === 'join' ? joining : codes,
    );

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    const abandoned = executions
      .filter(({ error }) => error === 'LaunchAbandoned')
      .map(({ cause }) => cause?.split(':')[0]);
    // A worker that the managers do not know joins once more, in the same launch: test/scenarios/worker/removed-before-its-confirmation.yaml.
    expect(abandoned).toEqual(finalOf(document).filter((error) => error !== 'UnknownNode'));
  });

  /** Managers do not leave yet: each code makes one more. */
  const oneMore = (index: number): unknown[] => {
    const count = index + 2;
    return [
      { scale: { group: 'managers', to: count } },
      { settle: '1h' },
      { expect: [{ nodes: { count, ready: count, labelled: count } }, { hooks: { open: 0, timedOut: 0 } }] },
    ];
  };

  it('of prepare ends in a manager that has joined, that one or the next', async () => {
    const { expectations, executions } = await run(
      (fault, index) => [{ fault }, ...oneMore(index)],
      'prepare',
      joining,
    );

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(executions.filter(({ error }) => error === 'LaunchAbandoned')).toHaveLength(finalOf('prepare').length);
  });

  it('of demote ends in a manager that has joined, and none of those that failed is left', async () => {
    const failed = { fault: { document: 'confirm', exitCode: 35 } };
    const { expectations, executions } = await run((fault, index) => [failed, { fault }, ...oneMore(index)], 'demote');

    expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(executions.filter(({ error }) => error === 'LaunchAbandoned')).toHaveLength(codes.length);
  });

  it.each(['drain', 'leave', 'forget'])(
    'of %s ends in an instance that is gone, and a node that is forgotten',
    async (document) => {
      const { expectations } = await run((fault) => [...join, together, { fault }, ...leave, alone], document);

      expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
    },
  );
});
