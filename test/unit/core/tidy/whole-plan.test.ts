// The plan that a tidy ends with: under a hold, without a swarm, and with names in DNS.
import { describe, expect, it } from '@jest/globals';

import { wholePlan } from '../../../../src/core/tidy/whole-plan.ts';
import { INSTANCE } from '../../support/examples.ts';
import { down, factsOf, group } from '../../support/tidy-facts.ts';

const toRepair = factsOf({ nodes: [down()], groups: [group([])], states: new Map([[INSTANCE, 'terminated']]) });
const free = { held: undefined, founded: true, hasNames: false };
const kinds = (plan: ReturnType<typeof wholePlan>): string[] => plan.repairs.map(({ kind }) => kind);

describe('the plan of a tidy', () => {
  it('has its repairs, and says nothing of names where no group has any', () => {
    const plan = wholePlan(toRepair, free);
    expect(kinds(plan)).toEqual(['forget', 'erase']);
    expect(plan).not.toHaveProperty('names');
    expect(plan.seen).not.toHaveProperty('founded');
  });

  it('has the names in DNS compared where a group has some', () => {
    expect(wholePlan(toRepair, { ...free, hasNames: true }).names).toEqual([
      { kind: 'names', because: 'names in DNS are compared with the Ready nodes' },
    ]);
  });

  it('only tells under a hold what it would repair, and leaves names alone', () => {
    const plan = wholePlan(toRepair, { held: 'prod is held', founded: true, hasNames: true });
    expect(kinds(plan)).toEqual([]);
    expect(plan.reports.map(({ because }) => because)).toEqual([
      'prod is held',
      expect.stringMatching(/^held, would forget: /),
      expect.stringMatching(/^held, would erase: /),
    ]);
    expect(plan).not.toHaveProperty('names');
  });

  it('says where there is no swarm yet, of which nothing is missing', () => {
    expect(wholePlan(factsOf({ nodes: [], groups: [], known: [] }), { ...free, founded: false }).seen).toMatchObject({
      founded: false,
    });
  });

  it('has seen nothing of a swarm that changed while it was read', () => {
    expect(wholePlan(factsOf({ whole: false }), { ...free, founded: false }).seen).toBeNull();
  });
});
