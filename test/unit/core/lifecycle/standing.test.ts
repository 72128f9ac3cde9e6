import { describe, expect, it } from '@jest/globals';

import { standings } from '../../../../src/core/lifecycle/standing.ts';
import type { Standing, StandingFacts } from '../../../../src/core/lifecycle/standing.ts';

const NOW = 1_000;
const ARN = 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-scale-out:one';

type Known = StandingFacts['known'][number];

const node = (changes: Partial<Known> = {}): Known => ({
  instance: 'i-1',
  group: 'workers',
  role: 'worker',
  phase: 'ready',
  nodeId: 'node1',
  ownerArn: ARN,
  leaseUntil: 0,
  ...changes,
});

interface Seen {
  readonly lifecycle?: string;
  readonly known?: Known;
  readonly state?: string;
}

/** `lifecycle` undefined: no group has it. */
function stand({ lifecycle, known, state = 'running' }: Seen): Standing | undefined {
  const instances = lifecycle === undefined ? [] : [{ instance: 'i-1', lifecycle, zone: 'eu-west-1a' }];
  return standings({
    groups: [{ name: 'workers', role: 'worker', instances }],
    known: known === undefined ? [] : [known],
    states: new Map([['i-1', state]]),
    now: NOW,
  })[0];
}

describe('an instance is settled', () => {
  it('only where it is in service, runs, and has a Ready node', () => {
    expect(stand({ lifecycle: 'InService', known: node() })).toEqual({
      instance: 'i-1',
      group: 'workers',
      zone: 'eu-west-1a',
      role: 'worker',
      lifecycle: 'InService',
      state: 'running',
      nodeId: 'node1',
      phase: 'ready',
      settled: true,
      why: 'as it should be',
    });
  });

  it('and where it waits in the warm pool of its group as no node', () => {
    expect(stand({ lifecycle: 'Warmed:Stopped', known: node({ phase: 'gone' }), state: 'stopped' })).toMatchObject({
      settled: true,
      why: 'in the warm pool of its group: it joins when it comes out',
    });
  });

  it('by its group or by the pool of its group', () => {
    const shown = { instance: 'i-1', lifecycle: 'Warmed:Running', zone: 'eu-west-1b' };
    const groups = [{ name: 'workers', role: 'worker', instances: [], warm: [shown] }];
    const states = new Map([['i-1', 'running']]);
    expect(standings({ groups, known: [node({ phase: 'gone' })], states, now: NOW })).toMatchObject([
      { group: 'workers', zone: 'eu-west-1b', lifecycle: 'Warmed:Running', settled: true },
    ]);
  });

  it.each<[string, Seen, string]>([
    [
      'in the warm pool with a node',
      { lifecycle: 'Warmed:Running', known: node() },
      'Warmed:Running, and its node is still in the swarm: the next tidy has it leave',
    ],
    [
      'in service without a node',
      { lifecycle: 'InService' },
      'in service, and skep knows no node of it: the next tidy joins it',
    ],
    [
      'with a node that is gone',
      { lifecycle: 'InService', known: node({ phase: 'gone' }) },
      'in service, and skep knows no node',
    ],
    ['waiting for nobody', { lifecycle: 'Pending:Wait' }, 'its launch hook is open, and no execution has claimed it'],
    [
      'joining',
      { lifecycle: 'Pending:Wait', known: node({ phase: 'joining', leaseUntil: 2_000 }) },
      `(joining), by ${ARN}`,
    ],
    [
      'joining by nobody',
      { lifecycle: 'Pending:Wait', known: node({ phase: 'joining' }) },
      'no execution is at work on it',
    ],
    [
      'leaving',
      { lifecycle: 'Terminating:Wait', known: node({ phase: 'leaving', leaseUntil: 2_000 }) },
      'on its way out',
    ],
    ['terminating undrained', { lifecycle: 'Terminating:Wait', known: node() }, 'no execution has begun to drain it'],
    ['stopped', { lifecycle: 'InService', known: node(), state: 'stopped' }, 'its instance is stopped'],
    ['terminated', { lifecycle: 'InService', known: node(), state: 'terminated' }, 'its node is still in the swarm'],
    ['pending', { lifecycle: 'Pending' }, 'Pending, and skep knows no node of it'],
    [
      'launching',
      { lifecycle: 'Pending:Wait', known: node({ phase: 'launching' }) },
      'on its way into the swarm (launching)',
    ],
    ['joined', { lifecycle: 'Pending:Wait', known: node({ phase: 'joined' }) }, 'on its way into the swarm (joined)'],
    [
      'joining by one whose lease has just run out',
      { lifecycle: 'Pending:Wait', known: node({ phase: 'joining', leaseUntil: NOW }) },
      'no execution is at work on it',
    ],
    ['in no group and gone', { known: node(), state: 'terminated' }, 'the next tidy removes its node'],
    ['in no group and alive', { known: node() }, 'in no group any more'],
    [
      'in a foreign swarm',
      { lifecycle: 'InService', known: node({ foreignSwarm: { because: 'swarm abc' } }) },
      'skep leaves it alone: swarm abc',
    ],
  ])('not where it is %s', (_name, seen, why) => {
    expect(stand(seen)).toMatchObject({ settled: false, why: expect.stringContaining(why) });
  });
});

describe('instances', () => {
  const instance = (name: string) => ({ instance: name, lifecycle: 'InService', zone: 'z' });

  it('are told by group and then by id, whatever the order of those that told of them', () => {
    const groups = [
      { name: 'workers', role: 'worker', instances: [instance('i-3'), instance('i-2')] },
      { name: 'managers', role: 'manager', instances: [instance('i-9')] },
    ];
    const known = [node({ instance: 'i-1', group: 'workers' })];

    expect(standings({ groups, known, states: new Map(), now: NOW }).map((one) => one.instance)).toEqual([
      ...['i-9', 'i-1', 'i-2', 'i-3'],
    ]);
  });

  it('of a group are told of once, also where the table knows them', () => {
    const groups = [{ name: 'workers', role: 'worker', instances: [instance('i-1')] }];

    expect(standings({ groups, known: [node()], states: new Map(), now: NOW })).toHaveLength(1);
  });

  it('have the role of their node, else that of their group, else none', () => {
    const groups = [
      { name: 'a', role: 'worker', instances: [instance('i-1'), instance('i-2')] },
      { name: 'b', role: undefined, instances: [instance('i-3')] },
    ];
    const told = standings({ groups, known: [node({ role: 'manager' })], states: new Map(), now: NOW });

    expect(told.map(({ role }) => role)).toEqual(['manager', 'worker', '-']);
  });

  it('that EC2 does not show are not unsettled by that: nobody may have asked', () => {
    const groups = [{ name: 'workers', role: 'worker', instances: [instance('i-1')] }];

    expect(standings({ groups, known: [node()], states: new Map(), now: NOW })).toMatchObject([
      { state: 'unknown', settled: true },
    ]);
  });

  it('in no group are told of with what the table knows', () => {
    expect(stand({ known: node() })).toMatchObject({ group: 'workers', role: 'worker', zone: '-', lifecycle: '-' });
  });
});

it('what is gone, and in no group, is not told of', () => {
  expect(stand({ known: node({ phase: 'gone' }) })).toBeUndefined();
});
