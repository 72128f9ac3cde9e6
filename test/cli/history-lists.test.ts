// What `skep events`, `skep executions` and `skep doctor` make of what they have read.
import { describe, expect, it } from '@jest/globals';

import { examined } from '../../cli/doctor-checks.ts';
import type { ClusterFacts, DoctorFacts } from '../../cli/doctor-checks.ts';
import type { PageNode } from '../../cli/page/facts.ts';
import { datedOf, ownedOf } from '../../cli/history-lists.ts';

const NOW = 1000;

const node = (instance: string, more: Partial<PageNode> = {}): PageNode => ({
  ...{ instance, group: 'workers', role: 'worker', phase: 'joining', leaseUntil: NOW + 10 },
  ownerArn: `arn:aws:states:eu-west-1:123456789012:execution:skep-dev-scale-out:${instance}`,
  ...more,
});

describe('events of the table', () => {
  const nothing = { cluster: 'blue', hold: undefined, forced: undefined, failed: undefined, verdict: undefined };

  it('are told in the order of their times, each with what it is about', () => {
    const told = datedOf({
      ...nothing,
      hold: { since: 5, because: 'a person looks' },
      forced: { at: 3, instance: 'i-a' },
      failed: { at: 9, instance: 'i-b', error: 'NodeNotReady' },
      refused: [{ at: 1, group: 'odd', because: 'no role' }],
      verdict: { level: 'degraded', since: 4, asOf: 8, findings: { HookBroken: 2 }, hooks: { 'i-c Pending:Wait': 7 } },
      nodes: [node('i-d', { step: 'Join', sentAt: 6, try: 2 }), node('i-e')],
    });
    expect(told.map(({ at, about, what }) => `${at} ${about} ${what}`)).toEqual([
      '1 odd an event was refused: no role',
      '2 blue found: HookBroken',
      '3 i-a its hook ended without a drain',
      '4 blue verdict: degraded',
      '5 blue held: a person looks',
      '6 i-d command sent for Join (command 2)',
      '7 i-c waits in a hook: Pending:Wait',
      '8 blue a tidy looked',
      '9 i-b its execution failed: NodeNotReady',
    ]);
  });

  it('are none where the table knows nothing', () => {
    expect(datedOf({ ...nothing, refused: [], nodes: [] })).toEqual([]);
  });
});

describe('executions of the table', () => {
  it('begin with those at work; a lease that is over and a node that is ready are at work no more', () => {
    const owned = ownedOf(
      [
        node('i-a', { phase: 'ready', sentAt: 9 }),
        node('i-b', { leaseUntil: NOW - 1, sentAt: 8 }),
        node('i-c', { sentAt: 1, step: 'Join' }),
        node('i-d', { ownerArn: 'tidy' }),
      ],
      NOW,
    );
    expect(owned.map(({ instance, atWork, machine, step }) => [instance, atWork, machine, step])).toEqual([
      ['i-c', true, 'scale-out', 'Join'],
      ['i-a', false, 'scale-out', null],
      ['i-b', false, 'scale-out', null],
    ]);
  });
});

describe('the doctor', () => {
  const hook = (name: string, transition: string, defaultResult: string): ClusterGroup['hooks'][number] => ({
    ...{ name, transition: `autoscaling:EC2_INSTANCE_${transition}`, timeout: 1800, defaultResult },
    metadata: JSON.stringify({ cluster: 'blue', role: 'manager', timeout: 1800 }),
  });
  type ClusterGroup = Extract<ClusterFacts['groups'], { value: unknown }>['value'][number];
  const group: ClusterGroup = {
    ...{ name: 'managers', role: 'manager', desired: 3, replaceDown: false, instances: [] },
    hooks: [hook('skep-dev-launch', 'LAUNCHING', 'CONTINUE'), hook('skep-dev-terminate', 'TERMINATING', 'ABANDON')],
  };
  const cluster: ClusterFacts = {
    cluster: 'blue',
    state: { value: 'founded' },
    level: 'healthy',
    managers: 3,
    groups: { value: [group] },
    agents: { value: new Map([['i-a', 'online']]) },
  };
  const machines = ['scale-out', 'scale-in', 'tidy', 'recover', 'rebalance', 'rotate-tokens'];
  const facts: DoctorFacts = {
    ...{ stage: 'dev', only: undefined, now: NOW },
    machines: { value: machines.map((name) => `skep-dev-${name}`) },
    clusters: { value: ['blue'] },
    details: [cluster],
  };
  const bad = (one: DoctorFacts): string[] =>
    examined(one)
      .filter(({ ok }) => !ok)
      .map(({ what, next }) => `${what} -> ${next ?? ''}`);
  const of = (more: Partial<ClusterFacts>): DoctorFacts => ({ ...facts, details: [{ ...cluster, ...more }] });

  it('finds nothing where all is as it should be', () => {
    expect(bad(facts)).toEqual([]);
  });

  it.each<[string, DoctorFacts, RegExp]>([
    [
      'nothing is deployed',
      { ...facts, machines: { value: [] } },
      /not there: skep-dev-scale-out.* -> deploy stage dev/,
    ],
    [
      'machines may not be listed',
      { ...facts, machines: { problem: 'AWS denies it' } },
      /cannot be listed: AWS denies/,
    ],
    [
      'the table cannot be read',
      { ...facts, clusters: { problem: 'no' }, details: [] },
      /table skep-dev cannot be read/,
    ],
    [
      'nothing is declared',
      { ...facts, clusters: { value: [] }, details: [] },
      /no cluster is declared -> skep create/,
    ],
    [
      'the one that was named is not',
      { ...facts, only: 'red', details: [] },
      /nobody has declared red: there are blue/,
    ],
    ['it was never founded', of({ state: { value: 'new' } }), /blue: it has no swarm yet/],
    ['no manager is on record', of({ managers: 0 }), /no manager is on record/],
    ['no tidy has looked', of({ level: undefined }), /no tidy has looked/],
    ['the tidy was not content', of({ level: 'critical' }), /found it critical -> skep status/],
    ['there is no manager group', of({ groups: { value: [] } }), /no group with hooks of this stage/],
    [
      'a hook is missing',
      of({ groups: { value: [{ ...group, hooks: group.hooks.slice(0, 1) }] } }),
      /group managers: .*--repair-hooks/,
    ],
    [
      'managers are even',
      of({ groups: { value: [{ ...group, desired: 2 }] } }),
      /2 managers are wanted: an even number/,
    ],
    [
      'an agent never registered',
      of({ agents: { value: new Map([['i-a', 'never']]) } }),
      /1 of 1 SSM agents.*i-a never/,
    ],
    ['agents cannot be asked after', of({ agents: { problem: 'AWS denies it' } }), /agents cannot be asked after/],
  ])('says what to do where %s', (_what, one, expected) => {
    expect(bad(one).join('\n')).toMatch(expected);
  });
});
