// `skep why` for the failures that people meet most often (docs/failure-modes.md): the cause stands in the first line, whoever else would have to
// be asked for it, and what to do in the second.
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import type { Step } from '../../lab/scenario/schema.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { ManyCommands } from '../support/many-commands.ts';
import { STACK, onLab } from '../support/skep-command.ts';

const MINUTE = 60_000;
const SCENARIO = `
name: why
groups:
  managers: { role: manager, desired: 1 }
  settled: { role: worker, desired: 1 }
  noagent: { role: worker, agentAfter: 4h }
  notags: { role: worker, tags: {} }
  nobodys: { role: worker, tags: { skep:cluster: nobodys, skep:role: worker } }
  nometa: { role: worker, launchHook: { metadata: null } }
  nodocker: { role: worker }
  slow: { role: worker, dockerAfter: 3h }
  unheard: { role: worker }
  foreign: { role: worker, agentAfter: 60s }
  held: { role: worker }
steps:
  - settle: 5m
`;

let run: ScenarioRun;
let commands: ManyCommands;
beforeAll(async () => {
  run = await ScenarioRun.open(parseScenario(SCENARIO, 'why'), { nodes: 'simulated' });
  await play(run);
  commands = new ManyCommands();
}, 240_000);
afterAll(async () => {
  commands.close();
  await run.close();
});

async function take(...steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await takeStep(run, step);
  }
}
const one = (group: string): Step => ({ scale: { group, to: 1 } });

/** The first two lines. */
async function why(instance: string): Promise<readonly [cause: string, next: string]> {
  const { code, stdout, stderr } = await commands.skep(['why', instance], onLab(run.lab.url));
  expect([code, stderr.match(STACK)]).toEqual([0, null]);
  const [cause = '', next = ''] = stdout.split('\n');
  return [cause, next];
}

/** The youngest of the group. */
function instanceOf(group: string): string {
  return [...(run.lab.autoScaling.groups.get(group)?.members.keys() ?? [])].at(-1) ?? '';
}

/** Whom the last execution of that group that failed was about: the group has another instance by now. */
function lastFailed(group: string): string {
  const about = run.lab.executions
    .filter(({ status }) => status === 'FAILED')
    .map(({ input }) => (input as { readonly detail: Readonly<Record<string, string>> }).detail);
  return about.findLast((detail) => detail['AutoScalingGroupName'] === group)?.['EC2InstanceId'] ?? '';
}

describe('the cause, in the first line', () => {
  it('of an instance that is as it should be: there is none', async () => {
    expect(await why(instanceOf('settled'))).toEqual(['as it should be', 'what to do: nothing']);
  });

  it('is the group that has no tags', async () => {
    await take(one('notags'), { advance: MINUTE });
    expect(await why(instanceOf('notags'))).toEqual([
      'its group notags has no tag skep:cluster',
      'what to do: tag the group with skep:cluster and skep:role, and give it the hooks of skep',
    ]);
  });

  it('is the cluster that nobody has declared', async () => {
    await take(one('nobodys'), { advance: MINUTE });
    const [cause, next] = await why(instanceOf('nobodys'));
    expect(cause).toBe('its group nobodys is tagged with cluster nobodys, which nobody has declared in this stage');
    expect(next).toContain('skep create nobodys');
  });

  it('is the hook whose metadata are not what skep writes', async () => {
    await take(one('nometa'), { advance: MINUTE });
    const [cause, next] = await why(instanceOf('nometa'));
    expect(cause).toMatch(/^its group nometa: hook skep-dev-launch: /);
    expect(next).toBe('what to do: skep tidy demo --repair-hooks makes it anew');
  });

  it('is the agent that never came', async () => {
    await take(one('noagent'), { advance: 3 * MINUTE });
    const instance = instanceOf('noagent');
    expect((await why(instance))[0]).toBe(`the SSM agent of ${instance} has never registered`);
  });

  it('is Docker, which the step that it waits for needs', async () => {
    await take(one('slow'), { advance: 3 * MINUTE });
    expect((await why(instanceOf('slow')))[0]).toMatch(
      /^it waits for \d+ s for Join \(command \d+\): its Docker has to be up, and to reach a manager on port 2377$/,
    );
  });

  it('is the launch that failed', async () => {
    await take({ fault: { document: 'join', exitCode: 20, group: 'nodocker', times: 20 } }, one('nodocker'), {
      advance: MINUTE,
    });
    const [cause, next] = await why(lastFailed('nodocker'));
    expect(cause).toMatch(/^its launch failed at \S+ with LaunchAbandoned: .*DockerMissing/);
    expect(next).toContain('docs/errors.md says what LaunchAbandoned means');
    await take({ scale: { group: 'nodocker', to: 0 } }, { advance: MINUTE });
  });

  it('is the event that never came', async () => {
    await take({ fault: { event: { source: ['aws.autoscaling'] }, effect: 'drop', times: 1 } }, one('unheard'), {
      advance: 2 * MINUTE,
    });
    expect((await why(instanceOf('unheard')))[0]).toBe(
      'the event of its launch has not come: its launch hook is open, and no execution has claimed it',
    );
  });

  it('is the other swarm that its engine is in', async () => {
    await take(
      one('foreign'),
      { advance: 30_000 },
      { docker: { group: 'foreign', run: 'swarm init' } },
      {
        advance: 3 * MINUTE,
      },
    );
    const [cause, next] = await why(instanceOf('foreign'));
    expect(cause).toMatch(/^its engine is in a swarm that is not the cluster's: /);
    expect(next).toContain('skep adopt');
  });

  it('is the machine that died', async () => {
    const instance = instanceOf('settled');
    await take({ kill: { group: 'settled', silently: true, leader: false } }, { advance: MINUTE });
    expect((await why(instance))[0]).toMatch(
      /its instance is (shutting-down|terminated), and its node is still in the swarm|its instance is gone|^it is gone$/,
    );
  });

  it('is the person who holds the cluster', async () => {
    await take({ hold: { because: 'a look at the network' } }, one('held'), { advance: MINUTE });
    const [cause, next] = await why(instanceOf('held'));
    expect(cause).toMatch(/^cluster demo is held since \S+: a look at the network$/);
    expect(next).toBe('what to do: skep unhold demo');
  });
});

/** The failures that people meet most often, by the scenarios of docs/failure-modes.md; each is told above. */
const EIGHT = {
  'agent-never-comes': 'is the agent that never came',
  'scale-out-docker-after-2m': 'is Docker, which the step that it waits for needs',
  'launch-event-lost': 'is the event that never came',
  'group-without-tag': 'is the group that has no tags',
  'no-metadata': 'is the hook whose metadata are not what skep writes',
  'cluster-never-declared': 'is the cluster that nobody has declared',
  'node-of-a-foreign-swarm': 'is the other swarm that its engine is in',
  'forgets-what-died': 'is the machine that died',
};

describe('the eight most frequent failures', () => {
  it.each(Object.entries(EIGHT))('have a row in docs/failure-modes.md, and their cause above: %s', (scenario, test) => {
    expect(readFileSync('docs/failure-modes.md', 'utf8')).toContain(`/${scenario}.yaml)`);
    expect(readFileSync('test/cli/why.test.ts', 'utf8')).toContain(`it('${test}'`);
  });
});
