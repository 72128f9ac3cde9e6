// More is to be repaired than one tidy takes: what the cluster needs as a whole does not wait for instances that fail again and again.
import { describe, expect, it } from '@jest/globals';

import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { factsOf, group } from '../../support/tidy-facts.ts';

const strangers = Array.from({ length: 150 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
const { repairs } = planTidy(
  factsOf({
    groups: [group(strangers.map((instance) => ({ instance, lifecycle: 'InService' })))],
    states: new Map(strangers.map((instance) => [instance, 'running'])),
    tokens: { held: { worker: 'new', manager: 'new' }, published: { worker: 'old', manager: 'old' } },
  }),
);
const kindsOf = (kind: string): unknown[] => repairs.filter((repair) => repair.kind === kind);

describe('a hundred and fifty instances that are in service and not in the swarm', () => {
  it('leave room for the tokens with which they could join', () => {
    expect(kindsOf('publish')).toHaveLength(1);
  });

  it('are joined as far as one tidy goes, in their order', () => {
    const joined = repairs.flatMap((repair) => (repair.kind === 'join' ? [repair.instance] : []));

    expect(repairs).toHaveLength(100);
    expect(joined).toEqual(strangers.slice(0, joined.length));
    expect(joined.length).toBeGreaterThan(90);
  });
});
