// Trouble at every point, in turn: each AWS call throttled, each answer lost, each state's execution stopped, each command event lost.
// Whatever happens, the cluster converges: no hook stays open, and the swarm is what the groups say.
import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';

import { parseScenario } from '../lab/scenario/read.ts';
import { runScenario } from '../lab/scenario/run.ts';
import type { ScenarioResult } from '../lab/scenario/result.ts';

const workers = { role: 'worker', patience: 900, launchHook: { timeout: 900 }, terminateHook: { timeout: 900 } };

function scenario(steps: readonly unknown[]): ReturnType<typeof parseScenario> {
  const groups = { managers: { role: 'manager', desired: 1 }, workers };
  return parseScenario(stringify({ name: 'trouble', groups, steps }), 'generated');
}

const play = (steps: readonly unknown[]): Promise<ScenarioResult> =>
  runScenario(scenario(steps), { nodes: 'simulated' });

const inAndOut = (fault: unknown): unknown[] => [
  { fault },
  { scale: { group: 'workers', to: 1 } },
  { settle: '3h' },
  { expect: [{ nodes: { count: 2, ready: 2, labelled: 2 } }, { hooks: { open: 0 } }] },
  { fault },
  { scale: { group: 'workers', to: 0 } },
  { settle: '3h' },
  // What was let go by force is the tidy's.
  { advance: '1m' },
  { tidy: {} },
  { settle: '1h' },
  { expect: [{ nodes: { count: 1, ready: 1 } }, { hooks: { open: 0 } }, { deadLetters: 0 }] },
];

const failed = ({ expectations }: ScenarioResult): unknown[] => expectations.filter(({ ok }) => !ok);

describe('trouble with a call', () => {
  let calls: string[] = [];

  beforeAll(async () => {
    const quiet = await play([
      { settle: '5m' },
      { scale: { group: 'workers', to: 1 } },
      { settle: '5m' },
      { scale: { group: 'workers', to: 0 } },
      { settle: '5m' },
    ]);
    calls = Object.keys(quiet.calls);
  });

  it.each(['throttle', 'fail', 'lose-answer'])(
    '%s: every call in turn, several times',
    async (effect) => {
      for (const call of calls) {
        const result = await play([{ settle: '5m' }, ...inAndOut({ call, effect, times: 3 })]);

        expect([call, failed(result)]).toEqual([call, []]);
      }
    },
    180_000,
  );
});

/** Every state of a machine but its ends, in the order of the file. */
function statesOf(machine: string): string[] {
  const { States: states } = parse(readFileSync(`statemachines/${machine}.asl.yaml`, 'utf8'), { merge: true }) as {
    States: Record<string, { Type: string }>;
  };
  return Object.entries(states)
    .filter(([, { Type }]) => !['Succeed', 'Fail'].includes(Type))
    .map(([name]) => name);
}

describe('an execution that somebody stops', () => {
  const stop = (machine: string): unknown[] =>
    statesOf(machine).flatMap((state) => [
      { stop: { machine, state } },
      // A state of the undo, and the look at EC2, are entered only when something else fails.
      ...(['Leave', 'Forget', 'Verdict', 'Abandon', 'LaunchFailed'].includes(state) && machine === 'scale-out'
        ? [{ fault: { document: 'confirm', exitCode: 43 } }]
        : []),
      ...(state === 'LookEc2' ? [{ fault: { document: 'leave', exitCode: 50, times: 6 } }] : []),
      { scale: { group: 'workers', to: 1 } },
      { settle: '3h' },
      { expect: [{ nodes: { active: 2 } }, { hooks: { open: 0 } }] },
      { scale: { group: 'workers', to: 0 } },
      { settle: '3h' },
      { advance: '1m' },
      { tidy: {} },
      { settle: '1h' },
      { expect: [{ nodes: { count: 1, ready: 1 } }, { hooks: { open: 0, timedOut: 0 } }] },
    ]);

  it.each(['scale-out', 'scale-in'])(
    '%s, in each of its states',
    async (machine) => {
      const result = await play([{ settle: '5m' }, ...stop(machine)]);

      expect(failed(result)).toEqual([]);
      expect(result.executions.filter(({ status }) => status === 'ABORTED').length).toBeGreaterThan(5);
    },
    60_000,
  );
});
