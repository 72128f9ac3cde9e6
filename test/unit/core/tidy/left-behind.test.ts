// What executions that died, people and old engines leave behind in a swarm: what of it a tidy takes back, and what it tells.
import { describe, expect, it } from '@jest/globals';

import { perhapsForgotten } from '../../../../src/core/tidy/repair-nodes.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import type { SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { INSTANCE, NODE_ID, NOW } from '../../support/examples.ts';
import { down, factsOf, group, item, managerGroup, node } from '../../support/tidy-facts.ts';

const paused = (changes: Partial<SwarmNode> = {}): SwarmNode =>
  node({ availability: 'pause', isLeaving: true, version: '7', ...changes });

function planned(facts: Partial<TidyFacts>): string[] {
  const { repairs, reports } = planTidy(factsOf(facts));
  return [...repairs.map(({ kind }) => kind), ...reports.map(() => 'report')];
}

describe('a pause', () => {
  it('of a demotion whose execution died is taken back, on the version that was seen', () => {
    const [repair] = planTidy(factsOf({ nodes: [paused()] })).repairs;
    expect(repair).toEqual({
      kind: 'restore',
      nodes: [{ nodeId: NODE_ID, instance: INSTANCE, version: '7' }],
      because: 'skep has paused the node, no execution is at work on it, and its instance is in service',
    });
  });

  it.each<[string, Partial<TidyFacts>, string[]]>([
    ['of a demotion that is not carried out yet is left', { nodes: [paused({ isManager: true })] }, []],
    [
      'of a demotion that somebody is at work on is left',
      { nodes: [paused()], known: [item({ phase: 'leaving', leaseUntil: NOW + 1 })] },
      [],
    ],
    ['of a person is told of', { nodes: [node({ availability: 'pause' })] }, ['report']],
  ])('%s', (_name, facts, wanted) => {
    expect(planned(facts)).toEqual(wanted);
  });
});

describe('a worker whose group wants managers', () => {
  const groups = [managerGroup([{ instance: INSTANCE, lifecycle: 'InService' }])];

  it('is told of: nobody makes a manager of it', () => {
    expect(planTidy(factsOf({ groups })).reports).toEqual([
      {
        name: 'WrongRole',
        nodeId: NODE_ID,
        instance: INSTANCE,
        because: expect.stringMatching(/its group wants managers.*end its instance/),
      },
    ]);
  });

  it.each<[string, Partial<TidyFacts>]>([
    ['is on its way out', { groups: [managerGroup([{ instance: INSTANCE, lifecycle: 'Terminating:Proceed' }])] }],
    ['is being worked on', { groups, known: [item({ phase: 'joining', leaseUntil: NOW + 1 })] }],
    ['is in the raft still', { groups, nodes: [node({ isManager: true, isReachable: true })] }],
    ['is to become one', { groups, nodes: [node({ role: 'manager' })] }],
  ])('and that %s is not told of', (_name, facts) => {
    expect(planned(facts)).not.toContain('report');
  });
});

describe('ghosts', () => {
  const tasks = ['one@gone', 'two@gone'];

  it('are told of in one report, by number and by name', () => {
    expect(planTidy(factsOf({ ghosts: { count: 2, tasks } })).reports).toEqual([
      { because: expect.stringMatching(/^2 task\(s\) .*moby#37320\): one on gone, two on gone\. They run nowhere/) },
    ]);
    expect(planTidy(factsOf({ ghosts: { count: 700, tasks } })).reports).toEqual([
      { because: expect.stringMatching(/^700 .*: one on gone, two on gone, \.\.\.\. They/) },
    ]);
  });

  it('that there are not, or that nobody knows of, are not told of', () => {
    expect(planned({ ghosts: { count: 0, tasks: [] } })).toEqual([]);
    expect(planned({ ghosts: undefined })).toEqual([]);
  });
});

describe('whom EC2 is asked for by id', () => {
  const asked = (facts: Partial<TidyFacts>): string[] => perhapsForgotten(factsOf({ groups: [group([])], ...facts }));

  it('is down for an hour, in no group, and not shown', () => {
    expect(asked({ nodes: [down({ age: 3600 })] })).toEqual([INSTANCE]);
  });

  it.each<[string, Partial<TidyFacts>]>([
    ['is Ready', { nodes: [node()] }],
    ['is down for less', { nodes: [down({ age: 3599 })] }],
    ['is in a group', { nodes: [down({ age: 3600 })], groups: [group()] }],
    ['is shown', { nodes: [down({ age: 3600 })], states: new Map([[INSTANCE, 'running']]) }],
  ])('and not one that %s', (_name, facts) => {
    expect(asked(facts)).toEqual([]);
  });

  it('is not everybody at once', () => {
    const nodes = Array.from({ length: 99 }, (_, n) =>
      down({ nodeId: `n${n}`, instance: `i-${String(n).padStart(17, '0')}`, age: 3600 }),
    );
    expect(asked({ nodes, known: [] })).toHaveLength(50);
  });
});
