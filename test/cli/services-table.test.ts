// What `skep services` makes of what a manager tells.
import { describe, expect, it } from '@jest/globals';

import { servicesShown } from '../../cli/services-table.ts';
import type { ServiceFacts } from '../../src/core/services/facts.ts';

const facts = (more: Partial<ServiceFacts>): ServiceFacts => ({
  ...{ serviceId: 's', version: 1, name: 'web', mode: 'replicated', replicas: 3, image: 'nginx', update: '' },
  ...{
    order: 'start-first',
    restart: 'any',
    mounts: [],
    constraints: [],
    preferences: 0,
    maxReplicas: 0,
    platforms: [],
  },
  ...{ cpu: 0, memory: 0, generic: 0, hostPorts: [], templated: false, health: false, labels: {}, previousMark: '' },
  ...{ kept: false, updatedAt: 0, unassigned: 0 },
  tasks: new Map([
    ['a', { running: 2, others: 0 }],
    ['b', { running: 1, others: 0 }],
  ]),
  ...more,
});
const one = new Map([['a', { running: 1, others: 1 }]]);

describe('a service', () => {
  it('is shown with its tasks and its nodes, and without the digest of its image', () => {
    const [shown] = servicesShown([facts({ image: `nginx:1@sha256:${'a'.repeat(64)}` })], []);
    expect(shown).toEqual({
      ...{ service: 'web', mode: 'replicated', running: 3, wanted: 3, nodes: 2, update: '', image: 'nginx:1' },
      ...{ ok: true, why: 'as it should be' },
    });
  });

  it.each<[string, Partial<ServiceFacts>, boolean, string]>([
    ['is short', { tasks: one }, false, '1 of 3 run, 1 on their way'],
    [
      'has no node for a task',
      { tasks: one, unassigned: 2 },
      false,
      '2 for which there is no node: look at its constraints',
    ],
    ['has a paused update', { update: 'paused' }, false, 'its update is paused'],
    ['was taken back, and that stopped', { update: 'rollback_paused' }, false, 'its update is rollback_paused'],
    ['is updated, and all run', { update: 'updating' }, true, 'as it should be'],
    ['is global', { mode: 'global', replicas: 0 }, true, 'as it should be'],
    ['is global, and one starts', { mode: 'global', replicas: 0, tasks: one }, false, '1 run, 1 on their way'],
    ['is a job that is done', { mode: 'replicated-job', tasks: new Map() }, true, 'as it should be'],
    ['is wanted nowhere', { replicas: 0, tasks: new Map() }, true, 'as it should be'],
  ])('that %s', (_what, more, ok, why) => {
    expect(servicesShown([facts(more)], [])).toEqual([
      expect.objectContaining({ ok, why: expect.stringContaining(why) }),
    ]);
  });

  it('that cannot be read is not left out', () => {
    const shown = servicesShown([facts({})], [{ id: 'x', name: 'odd' }]);
    expect(shown.map(({ service, ok }) => [service, ok])).toEqual([
      ['odd', false],
      ['web', true],
    ]);
  });
});
