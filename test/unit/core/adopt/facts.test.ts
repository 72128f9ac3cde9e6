// Whose swarm is adopted: the manager that is believed, out of all that the engines say.
import { describe, expect, it } from '@jest/globals';

import { hasAnswered, leadingOf } from '../../../../src/core/adopt/facts.ts';
import { FOUNDED, SWARM, adoptFacts, changed, instanceOf, said, surveyOf } from '../../support/adopt-facts.ts';
import type { Changes } from '../../support/adopt-facts.ts';

const base = adoptFacts();
const leading = (changes: Changes) => leadingOf(adoptFacts(changes));

describe('the manager that leads', () => {
  it('is the first one of the named groups, with what it says of its swarm', () => {
    expect(leading(said(1, { epoch: '3' }))).toEqual({
      ...{ instance: instanceOf(1), swarmId: SWARM, epoch: 3, founded: FOUNDED },
    });
  });

  it.each<[what: string, changes: Changes]>([
    ['has no leader', said(1, { leader: false })],
    ['knows no swarm', said(1, { swarmId: '' })],
    ['was fenced by a recovery', said(1, { epoch: 'fenced' })],
    ['does not say what its swarm was founded with', said(1, { founded: undefined })],
    ['is in no swarm by its own words', said(1, { state: 'inactive' })],
    ['was not asked', { surveys: new Map([...base.surveys].slice(1)) }],
    ['did not answer', { surveys: changed(base.surveys, 1, { error: 'ToolMissing', cause: 'there is no docker' }) }],
  ])('is not one that %s, but the next one', (_what, changes) => {
    expect(leading(changes)?.instance).toBe(instanceOf(2));
  });

  it('is none in a group of workers, whatever it says of itself', () => {
    const claims = surveyOf(4, { manager: true, leader: true, swarmId: SWARM, founded: FOUNDED });
    expect(leading({ surveys: new Map([[instanceOf(4), claims]]) })).toBeUndefined();
  });

  it('is none of a group that is not there', () => {
    const groups = base.groups.map((one) => ({ ...one, found: undefined }));
    expect(leadingOf({ ...base, groups })).toBeUndefined();
  });
});

it('an engine has answered that was asked, and told no error', () => {
  expect([undefined, { error: 'ToolMissing', cause: 'c' }, surveyOf(1)].map(hasAnswered)).toEqual([false, false, true]);
});
