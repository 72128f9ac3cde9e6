import { describe, expect, it } from '@jest/globals';

import { lateRoute } from '../../../../src/core/lifecycle/late-route.ts';

type Late = Parameters<typeof lateRoute>[0];
type Case = [string, Partial<Late>, ReturnType<typeof lateRoute>['route'], string];

const COMPARES = 'the tidy compares';
const NOT_IN = 'nobody made a node of it';
const NOT_OUT = 'nobody has removed its node';

const route = (kind: Late['kind'], late: Partial<Late>) =>
  lateRoute({ kind, role: 'worker', phase: undefined, mayBeIn: true, ...late });

describe('a launch whose event came too late', () => {
  it.each<Case>([
    ['has joined', { phase: 'ready' }, 'complete', COMPARES],
    ['is out already', { phase: 'gone' }, 'complete', COMPARES],
    ['has not joined', { phase: 'joining' }, 'force', NOT_IN],
    ['is not on record', {}, 'force', NOT_IN],
    ['is not on record, of a cluster without a swarm', { mayBeIn: false }, 'force', NOT_IN],
    ['has not joined, as a manager', { role: 'manager', phase: 'joining' }, 'force', NOT_IN],
  ])('of what %s', (_what, late, expected, because) => {
    expect(route('launch', late)).toEqual({ route: expected, because });
  });
});

describe('a termination whose event came too late', () => {
  it.each<Case>([
    ['a worker that may be in the swarm goes undrained, and that is told', { phase: 'ready' }, 'force', NOT_OUT],
    ['a manager that may be in the raft is kept', { role: 'manager', phase: 'ready' }, 'retain', NOT_OUT],
    ['a manager that is not on record is kept', { role: 'manager' }, 'retain', NOT_OUT],
    ['what is out already may end', { phase: 'gone' }, 'complete', COMPARES],
    ['a manager that is out already may end', { role: 'manager', phase: 'gone' }, 'complete', COMPARES],
    ['a manager that cannot be in the swarm may end', { role: 'manager', mayBeIn: false }, 'complete', COMPARES],
  ])('%s', (_what, late, expected, because) => {
    expect(route('terminate', late)).toEqual({ route: expected, because });
  });
});
