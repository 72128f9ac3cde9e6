// The worst that a patience of any length can cost in transitions, added up from the definitions: AWS ends an execution after 25,000
// events, and each transition is billed. Whatever is waited for, two days of it must stay under 2,000.
import { describe, expect, it } from '@jest/globals';
import jsonata from 'jsonata';

import { deadlineOf, slowLook } from '../../src/core/lifecycle/deadline.ts';
import { everyState } from './machines.ts';
import type { Named } from './machines.ts';

const MOST = 2000;
/** What a flow costs besides its longest wait. */
const FLOW = 50;

const states = everyState();
const named = (machine: string, name: string): Named => {
  const state = states.find((one) => one.machine === machine && one.name === name);
  if (state === undefined) {
    throw new Error(`${machine} has no ${name}`);
  }
  return state;
};

interface Hook {
  readonly timeout: number;
  readonly patience: number;
}

/** A moment of an execution that began at 0; times in seconds. */
interface Moment {
  readonly at: number;
  readonly pauses: number;
}

/** What an expression of the machine gives at a moment. */
async function evaluated(text: unknown, hook: Hook, { at, pauses }: Moment): Promise<number> {
  if (typeof text === 'number') {
    return text;
  }
  const expression = jsonata(String(text).replace(/^\{%|%\}$/g, ''));
  expression.registerFunction('millis', () => at * 1000);
  expression.registerFunction('random', () => 0.5);
  const lookSlow = slowLook(hook.timeout);
  const plan = {
    look: Math.min(90, lookSlow),
    lookSoon: Math.min(60, lookSlow),
    lookSlow,
    deadline: deadlineOf({ time: 0, ...hook }),
  };
  const context = { Execution: { StartTime: new Date(0).toISOString() } };
  return (await expression.evaluate({}, { plan, pauses, foundingHeardLate: false, states: { context } })) as number;
}

/** Tries of a state in place, of an error that nobody knows: how many, and how long they take with half of each jittered delay. */
function triesOf({ Retry }: Named): { tries: number; seconds: number } {
  const rule = Retry.at(-1) ?? {};
  const number = (key: string, otherwise: number): number =>
    Number((rule as Record<string, unknown>)[key] ?? otherwise);
  const most = number('MaxAttempts', 3);
  const delays = Array.from({ length: most }, (_, index) =>
    Math.min(number('IntervalSeconds', 1) * number('BackoffRate', 2) ** index, number('MaxDelaySeconds', Infinity)),
  );
  return { tries: 1 + most, seconds: delays.reduce((sum, delay) => sum + delay, 0) / 2 };
}

/** Repeats a round until the deadline, and counts. */
async function spend(
  hook: Hook,
  round: (moment: Moment) => Promise<{ transitions: number; seconds: number }>,
): Promise<number> {
  const deadline = deadlineOf({ time: 0, ...hook });
  let total = FLOW;
  for (let at = 0, pauses = 0; at < deadline; pauses += 1) {
    const { transitions, seconds } = await round({ at, pauses });
    total += transitions;
    at += seconds;
  }
  return total;
}

/** Nothing is heard: each look is a retry. */
const silent = (machine: string, name: string) => (hook: Hook) =>
  spend(hook, async (moment) => ({
    transitions: 1,
    seconds: 1 + (await evaluated(named(machine, name).TimeoutSeconds, hook, moment)),
  }));

/** All tries fail, then there is a pause, and what is asked on the way back fails as well. */
const failing =
  (machine: string, name: string, onTheWay: readonly string[] = []) =>
  (hook: Hook) =>
    spend(hook, async (moment) => {
      const passed = [name, ...onTheWay].map((one) => triesOf(named(machine, one)));
      const pause = await evaluated((named(machine, 'Pause') as Record<string, unknown>)['Seconds'], hook, moment);
      return {
        // Again, Pause, Resume.
        transitions: 3 + passed.reduce((sum, { tries }) => sum + tries, 0),
        seconds: pause + passed.reduce((sum, { seconds }) => sum + seconds, 0),
      };
    });

/** Its turn comes after a look of Lock, and in vain: Lock, its look, Turn, and what is refused. */
const refused = (after: readonly string[], others: number) => (hook: Hook) =>
  spend(hook, async (moment) => {
    const passed = after.map((one) => triesOf(named('scale-in', one)));
    const look = await evaluated(named('scale-in', 'Lock').TimeoutSeconds, hook, moment);
    return {
      transitions: 3 + others + passed.reduce((sum, { tries }) => sum + tries, 0),
      seconds: 1 + look + passed.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  });

const hooks: readonly Hook[] = [
  { timeout: 120, patience: 172_800 },
  { timeout: 600, patience: 172_800 },
  { timeout: 1800, patience: 1800 },
  { timeout: 1800, patience: 172_800 },
  { timeout: 7200, patience: 172_800 },
];

const worst: [string, (hook: Hook) => Promise<number>][] = [
  ...['Found', 'Prepare', 'Lock', 'Join', 'Confirm'].flatMap((name): [string, (hook: Hook) => Promise<number>][] => [
    [`scale-out > ${name} hears nothing`, silent('scale-out', name)],
    [`scale-out > ${name} fails`, failing('scale-out', name)],
  ]),
  ...['Lock', 'Demote', 'Drain', 'LeaveOn', 'Erase', 'Forget'].map(
    (name): [string, (hook: Hook) => Promise<number>] => [`scale-in > ${name} hears nothing`, silent('scale-in', name)],
  ),
  ...['Lock', 'Demote', 'Drain', 'Erase'].map((name): [string, (hook: Hook) => Promise<number>] => [
    `scale-in > ${name} fails`,
    failing('scale-in', name),
  ]),
  ['scale-in > Forget fails, and EC2 as well', failing('scale-in', 'Forget', ['LookEc2'])],
  // Demote; LeaveLast and what comes after it.
  ['a demotion is refused at each turn', refused([], 1)],
  ['the end of a swarm is refused at each turn', refused([], 1)],
  ['the end of a swarm fails at each turn', refused(['LeaveLast'], 2)],
];

describe.each(worst)('%s', (_what, cost) => {
  it.each(hooks)('with a timeout of $timeout s and a patience of $patience s', async (hook) => {
    expect(await cost(hook)).toBeLessThan(MOST);
  });
});
