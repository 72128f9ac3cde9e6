// What a plan says besides its route, and why it has that: what people read, and what later states skip or ask by.
import { describe, expect, it } from '@jest/globals';

import { LEASE_MARGIN, latestDeadlineOf } from '../../../../src/core/lifecycle/deadline.ts';
import { decide, held, terminate } from '../../support/claims.ts';
import type { Question } from '../../support/claims.ts';
import { EXECUTION, FOUNDED, INSTANCE, NOW, OTHER_INSTANCE, actionOf, nodeOf } from '../../support/examples.ts';

const NEW = { state: { status: 'new' }, leader: undefined, founder: undefined } as const;
const manager = { role: 'manager', group: 'managers' } as const;
const managerGroup = { group: { cluster: 'prod', role: 'manager', abandons: 0 } };
const group = { cluster: 'prod', role: 'worker', abandons: 0 };
const founder = (instance: string) => ({ instance, since: NOW - 3600 });
const shown = { group: 'workers', lifecycle: 'Pending:Wait', zone: 'eu-west-1a' };

describe('why a plan has its route', () => {
  it.each<[string, Question, string]>([
    ['joins', {}, `join ${INSTANCE} to prod`],
    ['leaves', { action: terminate }, `drain and forget ${INSTANCE}`],
    [
      'only passes the warm pool',
      { action: { ask: 'nothing' } },
      'the instance only passes the warm pool: nothing to join or to leave',
    ],
    ['is on its way out', { facts: { node: nodeOf({ phase: 'leaving' }) } }, 'the instance is on its way out already'],
    [
      'has joined, and has a hook left open',
      { action: { replaces: [EXECUTION] }, facts: { node: nodeOf() } },
      `${INSTANCE} has joined: only its hook was left open`,
    ],
    [
      'is taken by AWS',
      { facts: { node: nodeOf({ phase: 'launching', diesAt: NOW + 120 }) } },
      'AWS has said that it takes the instance: it does not join any more',
    ],
    [
      'is well',
      { facts: { node: nodeOf(), shown: { ...shown, lifecycle: 'InService' } } },
      `${INSTANCE} is in service and has joined: a join that fails now would be undone`,
    ],
    [
      'is out already',
      { action: terminate, facts: { node: nodeOf({ phase: 'gone' }) } },
      `${INSTANCE} is out of the swarm already`,
    ],
    [
      'never came',
      { action: terminate, facts: { node: nodeOf({ phase: 'launching', nodeId: undefined }) } },
      `${INSTANCE} never came to join`,
    ],
    ['has no swarm to leave', { action: terminate, facts: NEW }, 'prod has no swarm yet'],
    ['founds', { action: manager, facts: { ...NEW, ...managerGroup } }, `found prod on ${INSTANCE}`],
    [
      'founds as it was to',
      { action: manager, facts: { ...NEW, ...managerGroup, founder: founder(INSTANCE) } },
      `${INSTANCE} is the founder of prod`,
    ],
    [
      'founds in the place of one that is gone',
      {
        action: manager,
        facts: {
          ...{ ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE) },
          founderView: { instance: OTHER_INSTANCE, states: ['terminated'] },
        },
      },
      `found prod on ${INSTANCE}, since ${OTHER_INSTANCE} is gone`,
    ],
    [
      'comes when another one was to found',
      { action: manager, facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE) } },
      `${OTHER_INSTANCE} was to found prod: does it still live?`,
    ],
    [
      'comes too late',
      { now: NOW + 1740 },
      'the event came after the deadline of its action: nobody made a node of it',
    ],
    [
      'is handled by another execution',
      { facts: { node: nodeOf({ phase: 'joining' }), action: { ...held, actionToken: actionOf().actionToken } } },
      `duplicate: ${EXECUTION}-else handles this action`,
    ],
  ])('is told of one that %s', (_what, question, because) => {
    expect(decide(question).plan.because).toBe(because);
  });
});

describe('names in DNS', () => {
  const withDns = { group: { ...group, dns: true } };

  it.each<[string, Question]>([
    ['joins', { facts: withDns }],
    ['leaves', { action: terminate, facts: withDns }],
    ['founds', { action: manager, facts: { ...NEW, group: { ...managerGroup.group, dns: true } } }],
  ])('are seen to for what %s, where the group has them', (_what, question) => {
    expect(decide(question).plan).toHaveProperty('dns', true);
  });

  it.each<[string, Question]>([
    ['has none', {}],
    ['has them switched off', { facts: { group: { ...group, dns: false } } }],
    ['has them, and nothing joins or leaves', { action: { ask: 'nothing' }, facts: withDns }],
  ])('are skipped where the group %s', (_what, question) => {
    expect(decide(question).plan).not.toHaveProperty('dns');
  });
});

describe('a plan', () => {
  it('of a group without the tag completes no hook: AWS would refuse that, and the execution would end with that', () => {
    const { plan } = decide({ facts: { group: { abandons: 0, isUntagged: true } } });

    expect(plan).toMatchObject({ route: 'reject' });
    expect(plan).not.toHaveProperty('completion');
  });

  it.each<[string, Question, string | undefined]>([
    ['is that of Auto Scaling', { facts: { shown } }, 'eu-west-1a'],
    ['is unknown where Auto Scaling knows no such instance', { action: terminate, facts: { shown: null } }, 'unknown'],
    ['is unknown where it is no name of a zone', { facts: { shown: { ...shown, zone: '$(x)' } } }, 'unknown'],
    ['is not there where nobody was asked', {}, undefined],
  ])('has a zone that %s', (_what, question, zone) => {
    expect(decide(question).plan.zone).toBe(zone);
  });

  it('says that it serves only of a launch whose instance is in service', () => {
    const facts = { shown: { ...shown, lifecycle: 'InService' } };

    expect(decide({ facts }).plan).toHaveProperty('serves', true);
    expect(decide({ facts: { shown } }).plan).not.toHaveProperty('serves');
    expect(
      decide({ action: terminate, facts: { shown: { ...shown, lifecycle: 'Terminating:Wait' } } }).plan,
    ).toMatchObject({ route: 'leave' });
  });

  it('does not say so of one that is in service and leaves, since AWS takes it', () => {
    const facts = { node: nodeOf({ diesAt: NOW + 120 }), shown: { ...shown, lifecycle: 'InService' } };
    const { plan } = decide({ action: { ...terminate, warned: { together: [] } }, facts });

    expect(plan).toMatchObject({ route: 'leave', zone: 'eu-west-1a' });
    expect(plan).not.toHaveProperty('serves');
  });

  it('says of an instance that comes back that it does: nothing of it is removed for good', () => {
    expect(decide({ action: { ...terminate, depart: true, comesBack: true } }).plan).toMatchObject({
      ...{ depart: true, comesBack: true },
    });
    expect(decide({ action: { ...terminate, depart: true, comesBack: false } }).plan).not.toHaveProperty('comesBack');
  });

  it('says when AWS takes the instance where it leaves, and not where it is launched: that is the instance of before', () => {
    const node = nodeOf({ diesAt: NOW + 120 });

    expect(decide({ action: terminate, facts: { node } }).plan).toHaveProperty('diesAt', NOW + 120);
    expect(decide({ facts: { node }, now: NOW + 121 }).plan).not.toHaveProperty('diesAt');
  });

  it('names the epoch of a cluster that was recovered, and none of others', () => {
    expect(decide({ facts: { state: { ...FOUNDED, epoch: 2 } } }).plan.swarm).toHaveProperty('epoch', 2);
    expect(decide({ facts: { state: { ...FOUNDED, epoch: undefined } } }).plan.swarm).not.toHaveProperty('epoch');
  });

  it('of an event without a token carries none: the completion names the instance', () => {
    expect(decide({ action: { actionToken: undefined } }).plan.hook).not.toHaveProperty('actionToken');
  });
});

describe('a claim', () => {
  it('of a join that another execution has sent already says so: a termination must not take it for one that never came', () => {
    for (const phase of ['joining', 'joined'] as const) {
      const facts = { node: nodeOf({ phase, nodeId: undefined }), action: { ...held, leaseUntil: NOW } };
      expect(decide({ facts }).take).toMatchObject({ phase: 'joining' });
    }
  });

  it('of a termination wakes whoever waits for the instance to join, at each stage of that', () => {
    for (const phase of ['launching', 'joining', 'joined'] as const) {
      const node = nodeOf({ phase, owner: 'another', taskToken: 'token' });
      expect(decide({ action: terminate, facts: { node } }).wake).toBe('token');
      expect(decide({ action: terminate, facts: { node: { ...node, owner: 'me' } } }).wake).toBeUndefined();
    }
    const left = nodeOf({ phase: 'ready', owner: 'another', taskToken: 'token' });
    expect(decide({ action: terminate, facts: { node: left } }).wake).toBeUndefined();
  });

  it('of a termination before the founding holds only as long as there is no swarm', () => {
    expect(decide({ action: terminate, facts: NEW }).take).toMatchObject({ phase: 'gone', unfounded: true });
    const node = nodeOf({ phase: 'launching', nodeId: undefined });
    expect(decide({ action: terminate, facts: { node } }).take).not.toHaveProperty('unfounded');
  });

  it('of the founder leaves the swarm although no join was sent to it: it has run init', () => {
    const facts = { ...managerGroup, node: nodeOf({ phase: 'launching', nodeId: undefined }) };

    expect(
      decide({ action: { ...terminate, ...manager }, facts: { ...facts, founder: founder(INSTANCE) } }).plan.route,
    ).toBe('leave');
    expect(
      decide({ action: { ...terminate, ...manager }, facts: { ...facts, founder: founder(OTHER_INSTANCE) } }).plan
        .route,
    ).toBe('complete');
  });

  it('is not refused by another execution’s where the item of the node is lost: its owner is superseded at its next write', () => {
    const action = { ...held, actionToken: actionOf().actionToken };

    expect(decide({ facts: { node: undefined, action } }).plan.route).toBe('join');
    expect(decide({ facts: { node: nodeOf({ phase: 'joining' }), action } }).plan.route).toBe('ignore');
  });

  it('of what is held cannot be taken over before the hook itself ends', () => {
    const facts = { state: { ...FOUNDED, hold: { since: NOW, because: '' } } };

    expect(decide({ facts }).take?.leaseUntil).toBe(latestDeadlineOf(actionOf()) + LEASE_MARGIN);
  });
});

describe('an instance that has been in service before, and whose leave was ended by force', () => {
  const comesAgain = (action: Question['action'] = {}, lifecycle = 'Pending:Wait') =>
    decide({
      action: { isReturn: true, ...action },
      facts: {
        node: nodeOf({ phase: 'leaving' }),
        shown: { ...shown, lifecycle },
        action: { ...held, leaseUntil: NOW - 1 },
      },
    });

  it('joins, though the lease of its leave still runs', () => {
    expect(comesAgain()).toMatchObject({ plan: { route: 'join' }, take: { phase: 'launching' } });
  });

  it.each<[string, Parameters<typeof comesAgain>]>([
    ['of its first launch', [{ isReturn: false }]],
    ['of the launch before, which comes twice', [{ actionToken: held.actionToken }]],
    ['that comes when it is on its way out again', [{}, 'Terminating:Wait']],
  ])('does not join by an event %s', (_what, given) => {
    const { plan, take } = comesAgain(...given);

    expect([plan.route, take]).toEqual(['complete', undefined]);
  });
});
