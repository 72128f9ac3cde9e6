// `skep status` where something is wrong: never `healthy`, never exit code 0, and what to do, whether a tidy has looked since or not.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../lab/scenario/read.ts';
import { play } from '../../lab/scenario/play.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import type { Step } from '../../lab/scenario/schema.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { onLab, startSkep } from '../support/skep-command.ts';

const MINUTE = 60_000;

class Site {
  readonly run: ScenarioRun;

  private constructor(run: ScenarioRun) {
    this.run = run;
  }

  static async of(scenario: string): Promise<Site> {
    const run = await ScenarioRun.open(parseScenario(scenario, 'false-greens'), { nodes: 'simulated' });
    await play(run);
    return new Site(run);
  }

  async take(...steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await takeStep(this.run, step);
    }
  }

  async skep(...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    const { code, stdout, stderr } = await startSkep(args, onLab(this.run.lab.url)).ended;
    return { code, said: stdout + stderr };
  }

  /** Of a status that is not healthy. */
  async complaint(...args: readonly string[]): Promise<string> {
    const { code, said } = await this.skep('status', ...args);
    expect(said).not.toMatch(/^\S+ +healthy /m);
    expect(said).toContain('what to do: ');
    expect(code).toBe(2);
    return said;
  }
}

describe('what is wrong between two tidies', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.of(`
name: false greens
groups:
  managers: { role: manager, desired: 3 }
  notags: { role: worker, tags: {} }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`);
  }, 240_000);
  afterAll(() => site.run.close());

  it('is not there in the beginning', async () => {
    const { code, said } = await site.skep('status');
    expect(said).toMatch(/demo +healthy/);
    expect(said).toContain('min ago)');
    expect(code).toBe(0);
  }, 120_000);

  it('is a hold, at once', async () => {
    await site.take({ hold: { because: 'a person looks' } });
    const said = await site.complaint();
    expect(said).toMatch(/demo +degraded/);
    expect(said).toMatch(/ClusterHeld: it is held since .* \(a person looks\)/);
    expect(said).toContain('what to do: skep unhold demo');

    await site.take({ unhold: {} });
    expect((await site.skep('status')).code).toBe(0);
  }, 120_000);

  it('is a hook that guards the quorum and was changed', async () => {
    await site.take({ hook: { group: 'managers', of: 'terminate', change: { defaultResult: 'CONTINUE' } } });
    const said = await site.complaint();
    expect(said).toMatch(/demo +critical/);
    expect(said).toContain('QuorumUnguarded: managers: hook skep-dev-terminate: its default result is CONTINUE');
    expect(said).toContain('skep tidy demo --repair-hooks');

    await site.take({ hook: { group: 'managers', of: 'terminate', change: { defaultResult: 'ABANDON' } } });
    expect((await site.skep('status')).code).toBe(0);
  }, 120_000);

  it('is a group whose events are refused', async () => {
    await site.take({ scale: { group: 'notags', to: 1 } }, { advance: MINUTE });
    const said = await site.complaint();
    expect(said).toMatch(/demo +degraded/);
    expect(said).toContain('MetadataMismatch');
    expect(said).toMatch(/GroupRefused: notags: .*its tag skep:cluster is missing.*i-[0-9a-f]+ \(Pending:Wait\)/);
  }, 120_000);

  it('are managers that EC2 says are gone, and then that they are no majority', async () => {
    await site.take({ kill: { group: 'managers', leader: false, silently: true } });
    // EC2's view is seconds late; a minute later the group has replaced it.
    await site.take({ advance: 10_000 });
    const one = await site.complaint();
    expect(one).toMatch(/demo +(critical|degraded)/);
    expect(one).toMatch(/EC2 says now that \d of 3 managers are gone/);

    await site.take({ kill: { group: 'managers', leader: false, silently: true } }, { advance: 10_000 });
    const two = await site.complaint();
    expect(two).toMatch(/demo +critical/);
    expect(two).toMatch(/NoQuorum: EC2 says now that 2 of 3 managers are gone/);
    expect(two).toContain('if they are gone for good: skep recover demo');
  }, 120_000);
});

describe('an instance of a declared group that is no node', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.of(`
name: no node
groups:
  managers: { role: manager, desired: 1 }
  late: { role: worker, agentAfter: 4h }
  unheard: { role: worker, patience: 300, launchHook: { timeout: 300 } }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`);
  }, 240_000);
  afterAll(() => site.run.close());

  it('is not healthy while it waits for its launch, and is named', async () => {
    expect((await site.skep('status')).said).toMatch(/^demo +healthy /m);
    await site.take({ scale: { group: 'late', to: 1 } }, { advance: MINUTE });
    const said = await site.complaint();
    expect(said).toMatch(/^demo +changing /m);
    expect(said).toMatch(/NotNodesYet: 1 instance\(s\) are no nodes yet: i-[0-9a-f]{17} \(Pending:Wait\)/);
    expect(said).toMatch(/what to do: wait; if it takes long, skep why i-[0-9a-f]{17} says what it waits for/);
  }, 120_000);

  it('makes it degraded when it has come into service all the same', async () => {
    site.run.lab.bus.stopSchedules();
    await site.take(
      { fault: { event: { source: ['aws.autoscaling'] }, effect: 'drop', times: 1 } },
      { scale: { group: 'unheard', to: 1 } },
      // Nobody answers its hook, and AWS goes on.
      { advance: 6 * MINUTE },
    );
    const said = await site.complaint();
    expect(said).toMatch(/^demo +degraded /m);
    expect(said).toMatch(
      /InServiceNotReady: 1 instance\(s\) in service are no node on record, .*: i-[0-9a-f]{17} \(InService\)/,
    );
  }, 120_000);
});

describe('a cluster without a swarm', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.of(`
name: a cluster without a swarm
groups:
  managers: { role: manager, desired: 1 }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`);
  }, 240_000);
  afterAll(() => site.run.close());

  it('that was declared and never founded is not healthy, before its first tidy and after it', async () => {
    expect(await site.skep('create', '--cluster', 'green')).toMatchObject({ code: 0 });
    const before = await site.complaint('--cluster', 'green');
    expect(before).toMatch(/green +unknown/);
    expect(before).toContain('NotFounded: green is declared, and no manager has founded its swarm');

    await site.take({ advance: 21 * MINUTE });
    const after = await site.complaint('--cluster', 'green');
    expect(after).toMatch(/green +degraded/);
    expect(after).toContain('NotFounded: green is declared, and no manager has founded its swarm');
    expect(after).toContain('let a group with the tags skep:cluster=green and skep:role=manager launch an instance');
    expect((await site.skep('status', '--cluster', 'demo')).code).toBe(0);
  }, 180_000);

  it('that was erased is not healthy, before the next tidy and after it', async () => {
    await site.take({ erase: { for: 60 * MINUTE, takeBack: false } }, { scale: { group: 'managers', to: 0 } });
    await site.take({ settle: 10 * MINUTE });
    expect(await site.complaint('--cluster', 'demo')).toContain('SwarmErased: its swarm was erased at ');

    await site.take({ tidy: {} }, { advance: MINUTE });
    const said = await site.complaint('--cluster', 'demo');
    expect(said).toMatch(/demo +degraded/);
    expect(said).toContain('SwarmErased: its swarm was erased at ');
  }, 180_000);
});

describe('a swarm that somebody founded before skep was asked', () => {
  it('is named, with what a person can do about it', async () => {
    const site = await Site.of(`
name: a swarm of somebody else
groups:
  managers: { role: manager, desired: 1, agentAfter: 40s }
steps:
  - advance: 30s
  - docker: { group: managers, run: swarm init }
  - settle: 10m
  - tidy: {}
  - advance: 30s
`);
    try {
      const said = await site.complaint();
      expect(said).toContain('ForeignSwarm: ');
      expect(said).toContain('if that swarm is to be this cluster, take it in (skep adopt)');
      expect(said).toContain('NotFounded: ');
    } finally {
      await site.run.close();
    }
  }, 240_000);
});

describe('no tidy for a long time', () => {
  it('keeps nobody from seeing that a hook is gone since', async () => {
    const site = await Site.of(`
name: no tidy for a long time
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
  - tidy: {}
  - advance: 30s
`);
    try {
      site.run.lab.bus.stopSchedules();
      await site.take({ advance: 31 * MINUTE }, { hook: { group: 'workers', of: 'launch', change: null } });
      const said = await site.complaint();
      expect(said).toMatch(/demo +unknown/);
      expect(said).toContain('NotSeenForLong: no tidy has looked at it for 31 minutes');
      expect(said).toContain('HookBroken: workers: hook skep-dev-launch: it is missing');
    } finally {
      await site.run.close();
    }
  }, 240_000);
});
