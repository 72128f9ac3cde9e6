// Loops of a scenario: over what, with what filled in, and what counts as having shown nothing.
import { describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../../lab/scenario/read.ts';
import type { ScenarioResult } from '../../../lab/scenario/result.ts';
import { runScenario } from '../../../lab/scenario/play.ts';

const PACKAGING_TIMEOUT = 120_000;

const play = (loop: string): Promise<ScenarioResult> => {
  const head = 'name: loops\ngroups:\n  managers: { role: manager, desired: 1 }\nsteps:\n  - settle: 5m\n';
  return runScenario(parseScenario(`${head}  - each:\n${loop}`, 'each.yaml'), { nodes: 'simulated' });
};
const said = ({ expectations }: ScenarioResult): string[] =>
  expectations.map(({ what, ok, seen }) => `${ok ? 'ok' : 'FAIL'} ${what} ${JSON.stringify(seen)}`);

const TIDY = `      do:
        - fault: { call: $call, effect: throttle, times: 4 }
        - tidy: {}
        - settle: 5m
        - expect: [{ hooks: { open: 0 } }]
`;

describe('a loop', () => {
  it(
    'takes the steps for each of a list, says which turn it was, and holds that the fault of the turn came about',
    async () => {
      const result = await play(`      call: [autoscaling.DescribeAutoScalingGroups, states.ListExecutions]\n${TIDY}`);

      expect(said(result)).toEqual([
        'ok autoscaling.DescribeAutoScalingGroups: hooks {"open":0} {"open":0}',
        'ok autoscaling.DescribeAutoScalingGroups: it came about {"of":1,"happened":1}',
        'ok states.ListExecutions: hooks {"open":0} {"open":0}',
        // Nobody makes that call: a turn that shows nothing is not a turn that went well.
        'FAIL states.ListExecutions: it came about {"of":1,"happened":0}',
      ]);
      expect(result.ok).toBe(false);
    },
    PACKAGING_TIMEOUT,
  );

  it('over every call so far has a turn for each that the functions and machines have made', async () => {
    const result = await play(`      call: every call so far\n${TIDY}`);
    const turns = result.expectations.filter(({ what }) => what.includes('came about')).map(({ what }) => what);

    expect(turns).toEqual(
      expect.arrayContaining(['ssm.SendCommand: it came about', 'dynamodb.TransactWriteItems: it came about']),
    );
    expect(turns.length).toBeGreaterThan(6);
  });

  it('over every state has the definition for its list, the states of its maps too, and not its ends', async () => {
    const steps =
      '      do:\n        - stop: { machine: tidy, state: $state }\n        - tidy: {}\n        - settle: 5m\n';
    const result = await play(`      state: every state of tidy\n      except: [ListClusters]\n${steps}`);
    const turns = result.expectations.map(({ what }) => what.split(':')[0]);

    expect(turns).toEqual(expect.arrayContaining(['Inspect', 'Plan', 'Kind']));
    expect(turns).not.toContain('ListClusters');
  });

  it.each([
    ['      state: [Join]\n      except: [Join]\n', 'there is nothing to do it for'],
    ['      state: every state of scale-out\n      except: [Jion]\n', 'excepts Jion, which is not among'],
  ])('%s: not a loop without turns', async (head, message) => {
    const steps = '      do:\n        - stop: { machine: scale-out, state: $state }\n';

    expect(said(await play(`${head}${steps}`))).toEqual([expect.stringContaining(message)]);
  });

  it('is over states that there are', async () => {
    const steps = '      do:\n        - stop: { machine: tidy, state: $state }\n';
    const told = said(await play(`      state: [Inspct]\n${steps}`));

    expect(told).toEqual([expect.stringContaining('tidy has no state Inspct to be in, only')]);
  });

  it('ends with a step that cannot be taken, and says in which turn', async () => {
    const steps =
      '      do:\n        - stop: { machine: tidy, state: $state }\n        - wait: { for: [{ deadLetters: 1 }], within: 5s }\n';
    const [, last] = said(await play(`      state: [Inspect, Plan]\n${steps}`));

    expect(last).toContain('FAIL step 2, each at each.yaml:6 "Inspect, step 2, wait: not within 5 s: deadLetters 1');
  });
});
