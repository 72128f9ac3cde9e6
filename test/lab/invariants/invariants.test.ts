// Each rule is broken once, by a person's hand where skep would not do it: what cannot fail holds nothing.
import { describe, expect, it } from '@jest/globals';

import { parseScenario } from '../../../lab/scenario/read.ts';
import { runScenario } from '../../../lab/scenario/play.ts';

const CLUSTER = `
  managers: { role: manager, desired: 3 }
  workers: { role: worker, desired: 1 }`;

interface Story {
  readonly steps: string;
  readonly atRest?: boolean;
}

async function broken({ steps, atRest = false }: Story): Promise<string[]> {
  const text = `
name: broken by hand
invariants: ${atRest ? 'at rest too' : 'always'}
groups:${CLUSTER}
steps:
  - settle: 30m
${steps}`;
  const { expectations } = await runScenario(parseScenario(text, 'by-hand.yaml'), { nodes: 'simulated' });
  return expectations.filter(({ ok }) => !ok).map(({ what }) => /^the rule ([a-z-]+)/.exec(what)?.[1] ?? what);
}

describe('the rules', () => {
  it('hold where nobody does anything', async () => {
    expect(await broken({ steps: '  - advance: 1m', atRest: true })).toEqual([]);
  });

  it('none-forgotten-alive: somebody removes the node of a living instance by force', async () => {
    const steps = '  - docker: { group: managers, run: node rm --force $workers }';

    expect(await broken({ steps })).toEqual(['none-forgotten-alive']);
  });

  it('quorum-kept: somebody demotes one of three managers, and three are wanted', async () => {
    // Until then a tidy may have read how many were wanted before.
    const steps = '  - advance: 31m\n  - docker: { group: managers, run: node demote $managers }';

    expect(await broken({ steps })).toEqual(['quorum-kept']);
  });

  it('nothing-left-over: a constraint on a node stays on a service', async () => {
    const steps = `
  - service: { name: web, replicas: 1, constraints: ['node.id!=gone'] }`;

    expect(await broken({ steps, atRest: true })).toEqual(['nothing-left-over']);
  });

  it('nothing-left-over: somebody drains a node, and it stays so', async () => {
    const steps = '  - docker: { group: managers, run: node update --availability drain $workers }';

    expect(await broken({ steps, atRest: true })).toEqual(['nothing-left-over']);
  });

  it('swarm-is-the-instances: an instance has died, and nobody has noticed yet', async () => {
    expect(await broken({ steps: '  - kill: { group: workers }\n  - advance: 40s', atRest: true })).toContain(
      'swarm-is-the-instances',
    );
  });

  it('comes-to-rest: an execution runs on', async () => {
    const steps = '  - scale: { group: workers, to: 2 }\n  - advance: 13s';

    expect(await broken({ steps, atRest: true })).toContain('comes-to-rest');
  });
});
