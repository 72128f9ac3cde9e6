import { describe, expect, it } from '@jest/globals';

import type { Claim, ClaimFacts } from '../../../../src/core/lifecycle/claim.ts';
import { deadlineOf, latestDeadlineOf } from '../../../../src/core/lifecycle/deadline.ts';
import { OWNER, decide, held, terminate } from '../../support/claims.ts';
import type { Question } from '../../support/claims.ts';
import {
  CA_DIGEST,
  COMPLETION,
  EXECUTION,
  FOUNDED,
  INSTANCE,
  LEADER,
  MANAGER_INSTANCE,
  NODE_ID,
  NOW,
  OTHER_INSTANCE,
  SWARM_ID,
  actionOf,
  nodeOf,
} from '../../support/examples.ts';

const NEW = { state: { status: 'new' }, leader: undefined, founder: undefined } as const;
const manager = { role: 'manager', group: 'managers' } as const;
const managerGroup = { group: { cluster: 'prod', role: 'manager', abandons: 0 } };
/** Since a while: EC2 would show it. */
const founder = (instance: string, since = NOW - 3600): { instance: string; since: number } => ({ instance, since });
const seen = (...states: string[]) => ({ instance: OTHER_INSTANCE, states });
describe('a claim under a hold', () => {
  const hold = { since: NOW - 60, because: 'a test' };
  const state = { status: 'founded', swarmId: SWARM_ID, caDigest: CA_DIGEST, hold } as const;
  const limit = latestDeadlineOf(actionOf());

  it.each(['launch', 'terminate'] as const)(
    'of a %s goes the usual way, and is trusted until the hook ends by itself',
    (kind) => {
      const usual = decide({ action: { kind }, facts: { node: nodeOf() } });
      const { plan, take } = decide({ action: { kind }, facts: { node: nodeOf(), state } });

      expect(plan).toEqual(usual.plan);
      expect(take).toMatchObject({ phase: usual.take?.phase, leaseUntil: limit + 120 });
    },
  );

  it('is late only when the hook itself is: what was stopped while it was held is run again, and goes on', () => {
    const at = (now: number): string => decide({ facts: { state }, now }).plan.route;

    expect(decide({ now: limit - 1 }).plan.route).toBe('force');
    expect([at(limit - 1), at(limit)]).toEqual(['join', 'force']);
  });
});

describe('a claim of an action whose hook runs out sooner than its metadata say', () => {
  const facts = { node: nodeOf(), state: { ...FOUNDED, hookTimeouts: { 'skep-dev-terminate@workers': 120 } } };

  it('looks, and keeps the hook alive, by the timeout that the hook has', () => {
    const { plan } = decide({ action: terminate, facts });

    expect(plan).toMatchObject({ hook: { timeout: 120 }, look: 60, lookSoon: 60, lookSlow: 60, patience: 1776 });
    expect(plan.deadline).toBe(deadlineOf(actionOf({ kind: 'terminate', timeout: 120 })));
  });

  it('goes by the end that AWS gives such a hook, a hundred of its timeouts, whatever its patience', () => {
    const { plan } = decide({ action: { ...terminate, patience: 172_800 }, facts });

    expect(plan.deadline).toBe(NOW + 12_000 - 24);
  });
});

describe('the plan of a launch', () => {
  it.each([
    ['InService', { serves: true }],
    ['Pending:Wait', {}],
  ])('says whether the instance serves already: %s', (lifecycle, serving) => {
    const shown = { group: 'workers', lifecycle, zone: 'eu-west-1a' };
    const { plan } = decide({ facts: { shown } });

    expect('serves' in plan ? { serves: plan.serves } : {}).toEqual(serving);
  });
});

describe('the route of a launch', () => {
  it.each<[string, Question, string, Claim['take']]>([
    ['a worker joins', {}, 'join', { phase: 'launching', leaseUntil: NOW + 1860, founder: false }],
    [
      'a worker of a cluster without a swarm waits in the join',
      { facts: NEW },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'the first manager founds',
      { action: manager, facts: { ...NEW, ...managerGroup } },
      'found',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: true },
    ],
    [
      'the founder comes again before it has founded',
      { action: manager, facts: { ...NEW, ...managerGroup, founder: founder(INSTANCE) } },
      'found',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: true },
    ],
    [
      'the founder comes again after it has founded',
      { action: manager, facts: { ...managerGroup, founder: founder(INSTANCE) } },
      'found',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: true },
    ],
    ...(['ready', 'gone'] as const).map((phase): [string, Question, string, Claim['take']] => [
      `the founder comes again with a blank disk, and its node was in: ${phase}`,
      { action: manager, facts: { ...managerGroup, founder: founder(INSTANCE), node: nodeOf({ phase }) } },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ]),
    [
      'a second manager while the first one may be founding: EC2 is asked first',
      { action: manager, facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE) } },
      'ask',
      undefined,
    ],
    [
      'a second manager while the first one lives waits for the founding',
      {
        action: manager,
        facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen('running') },
      },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'a second manager while the first one is shutting down: a dockerd may still run on it',
      {
        action: manager,
        facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen('shutting-down') },
      },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'the next manager, when the founder went before it had founded',
      {
        action: manager,
        facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen('terminated') },
      },
      'found',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: true },
    ],
    [
      'the next manager, when EC2 has forgotten the founder long ago',
      {
        action: manager,
        facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen('not-found') },
      },
      'found',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: true },
    ],
    [
      'a second manager, when EC2 does not show the founder yet',
      {
        action: manager,
        facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE, NOW - 500), founderView: seen('not-found') },
      },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'a second manager, when an answer of EC2 lacks the founder, however long ago it began',
      { action: manager, facts: { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen() } },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'a second manager, when EC2 was asked of one that was the founder before',
      {
        action: manager,
        facts: { ...NEW, ...managerGroup, founder: founder(MANAGER_INSTANCE), founderView: seen('terminated') },
      },
      'ask',
      undefined,
    ],
    [
      'a second manager, although the founder is gone, when there is a swarm',
      {
        action: manager,
        facts: { ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen('terminated') },
      },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'a second manager',
      { action: manager, facts: { ...managerGroup } },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    ['an instance that is on its way out', { facts: { node: nodeOf({ phase: 'leaving' }) } }, 'complete', undefined],
    [
      'an instance whose way out was begun by somebody who is not at work any more',
      { facts: { node: nodeOf({ phase: 'leaving', leaseUntil: NOW + 1 }) } },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'a replacement for an execution that failed after its node was ready: only the hook is open',
      { action: { replaces: [`${EXECUTION}-else`] }, facts: { node: nodeOf() } },
      'complete',
      undefined,
    ],
    [
      'a replacement for an execution that failed before its node was ready: a join was sent',
      { action: { replaces: [`${EXECUTION}-else`] }, facts: { node: nodeOf({ phase: 'joined' }) } },
      'join',
      { phase: 'joining', leaseUntil: NOW + 1860, founder: false },
    ],
    [
      'a new launch of a node that is ready (its root volume was replaced) joins anew',
      { facts: { node: nodeOf() } },
      'join',
      { phase: 'launching', leaseUntil: NOW + 1860, founder: false },
    ],
    ['an instance that only enters a warm pool', { action: { ask: 'nothing' } }, 'complete', undefined],
    ['an event after the deadline', { now: deadlineOf(actionOf()) }, 'force', undefined],
  ])('%s', (_what, question, route, take) => {
    const claim = decide(question);

    expect([claim.plan.route, claim.take, claim.wake]).toEqual([route, take, undefined]);
  });
});

describe('the route of a terminate', () => {
  it.each<[string, Question, string, string | undefined]>([
    ['a node leaves', { facts: { node: nodeOf() } }, 'leave', 'leaving'],
    ['an instance that the table does not know may be a node all the same', {}, 'leave', 'leaving'],
    ['a cluster without a swarm has nothing to leave', { facts: NEW }, 'complete', 'gone'],
    ['what is gone is gone', { facts: { node: nodeOf({ phase: 'gone' }) } }, 'complete', undefined],
    [
      'an instance that was claimed but never sent a join',
      { facts: { node: nodeOf({ phase: 'launching', nodeId: undefined }) } },
      'complete',
      'gone',
    ],
    [
      'an instance that is claimed again, and was a node before',
      { facts: { node: nodeOf({ phase: 'launching' }) } },
      'leave',
      'leaving',
    ],
    [
      'a manager leaves when it may, the founder too',
      { action: manager, facts: { ...managerGroup, founder: founder(INSTANCE) } },
      'leave',
      'leaving',
    ],
    [
      'a founder that has founded nothing yet has nobody to take away',
      { action: manager, facts: { ...NEW, ...managerGroup, founder: founder(INSTANCE) } },
      'complete',
      'gone',
    ],
    [
      'a manager that was told to join may be a member of raft',
      {
        action: manager,
        facts: { ...managerGroup, node: nodeOf({ role: 'manager', nodeId: undefined, phase: 'joining' }) },
      },
      'leave',
      'leaving',
    ],
    [
      'a manager whose event comes after the deadline is retained: it may be in the raft',
      { action: manager, facts: managerGroup, now: NOW + 172_800 },
      'retain',
      undefined,
    ],
    [
      'a worker whose event comes after the deadline goes undrained, and that is told',
      { facts: { node: nodeOf() }, now: NOW + 172_800 },
      'force',
      undefined,
    ],
    ['so does one that the table does not know', { now: NOW + 172_800 }, 'force', undefined],
    [
      'a worker that is out already, after the deadline',
      { facts: { node: nodeOf({ phase: 'gone' }) }, now: NOW + 172_800 },
      'complete',
      undefined,
    ],
    [
      'a worker that was never told to join, after the deadline',
      { facts: { node: nodeOf({ phase: 'launching', nodeId: undefined }) }, now: NOW + 172_800 },
      'complete',
      undefined,
    ],
    ['a cluster without a swarm, after the deadline', { facts: NEW, now: NOW + 172_800 }, 'complete', undefined],
    [
      'a manager that is out already, after the deadline',
      {
        action: manager,
        facts: { ...managerGroup, node: nodeOf({ role: 'manager', phase: 'gone' }) },
        now: NOW + 172_800,
      },
      'complete',
      undefined,
    ],
    [
      'a manager that was never told to join',
      {
        action: manager,
        facts: { ...managerGroup, node: nodeOf({ role: 'manager', nodeId: undefined, phase: 'launching' }) },
      },
      'complete',
      'gone',
    ],
    ['an instance that leaves the warm pool only', { action: { ask: 'nothing' } }, 'complete', undefined],
  ])('%s', (_what, question, route, phase) => {
    const claim = decide({ ...question, action: { ...terminate, ...question.action } });

    expect([claim.plan.route, claim.take?.phase]).toEqual([route, phase]);
  });

  it('a manager waits until the global limit of its hook, or as long as its group says', () => {
    const action = { ...terminate, ...manager, patience: 172_800 };
    const impatient = { ...action, patience: 3600 };
    const facts = { ...managerGroup, founder: founder(INSTANCE) };
    expect(decide({ action: impatient, facts }).plan.deadline).toBe(NOW + 3600 - 60);
    const { plan } = decide({ action, facts });

    expect(plan.deadline).toBe(latestDeadlineOf(actionOf(action)));
    expect(plan.deadline).toBe(NOW + 172_800 - 60 - 900);
  });
});

describe('an instance that is still joining', () => {
  it('is taken over by its terminate, and the join is woken', () => {
    const node = nodeOf({ phase: 'joining', nodeId: undefined, taskToken: 'of the join' });
    const claim = decide({ action: terminate, facts: { node } });

    expect([claim.plan.route, claim.wake]).toEqual(['leave', 'of the join']);
  });

  it('is not woken by an execution that owns it already', () => {
    const node = nodeOf({ phase: 'joining', owner: OWNER, taskToken: 'my own' });

    expect(decide({ action: terminate, facts: { node } }).wake).toBeUndefined();
  });

  it('a join that still waits for its agent is woken too', () => {
    const node = nodeOf({ phase: 'launching', nodeId: undefined, taskToken: 'of the join' });

    expect(decide({ action: terminate, facts: { node } })).toMatchObject({
      plan: { route: 'complete' },
      take: { phase: 'gone' },
      wake: 'of the join',
    });
  });

  it('what has ended its steps waits for nothing: its old token wakes nobody', () => {
    const node = nodeOf({ phase: 'ready', taskToken: 'long ended' });

    expect(decide({ action: terminate, facts: { node } }).wake).toBeUndefined();
  });
});

describe('who handles an action', () => {
  it.each<[string, Question, string]>([
    ['a second event of the same action while the first is handled', {}, 'ignore'],
    ['the same execution again (Lambda was retried)', { facts: { action: { ...held, owner: OWNER } } }, 'join'],
    [
      'the execution that replaces the one that held it',
      { action: { replaces: [held.ownerArn, `${EXECUTION}-third`] } },
      'join',
    ],
    ['an execution that replaces another one', { action: { replaces: [`${EXECUTION}-third`] } }, 'ignore'],
    ['when the lease is over', { facts: { action: { ...held, leaseUntil: NOW + 1 } } }, 'join'],
    ['a newer action of the same hook', { action: { time: NOW + 5 } }, 'join'],
    ['an older action that comes late', { action: { time: NOW - 5 } }, 'ignore'],
    ['a newer event of the same action token', { action: { time: NOW + 5, actionToken: 'old' } }, 'ignore'],
    [
      "the tidy's event, which has no action token, is no newer action",
      { action: { time: NOW + 5, actionToken: undefined } },
      'ignore',
    ],
    [
      "the tidy's event while the node still joins",
      { action: { actionToken: undefined }, facts: { node: nodeOf({ phase: 'joined' }) } },
      'ignore',
    ],
    [
      "the tidy's event once the node was ready, and is not seen any more",
      { action: { actionToken: undefined }, facts: { node: nodeOf() } },
      'join',
    ],
    [
      "the tidy's event once the node was gone, and is there again",
      { action: { actionToken: undefined }, facts: { node: nodeOf({ phase: 'gone' }) } },
      'join',
    ],
    ['a second event of AWS once the node is ready', { facts: { node: nodeOf() } }, 'ignore'],
  ])('%s', (_what, { action, facts }, route) => {
    expect(
      decide({
        ...(action === undefined ? {} : { action }),
        facts: { action: held, node: nodeOf({ phase: 'launching' }), ...facts },
      }).plan.route,
    ).toBe(route);
  });

  it('a duplicate changes nothing and completes nothing', () => {
    const { plan, take, wake } = decide({ facts: { action: held, node: nodeOf({ phase: 'launching' }) } });

    expect({ take, wake }).toEqual({ take: undefined, wake: undefined });
    expect(plan).toEqual({ v: 1, route: 'ignore', because: `duplicate: ${held.ownerArn} handles this action` });
  });
});

describe('what is refused', () => {
  it.each<[string, Partial<ClaimFacts>, string, RegExp]>([
    [
      'a group of another cluster',
      { group: { cluster: 'test', role: 'worker', abandons: 0 } },
      'MetadataMismatch',
      /the hook says prod\/worker, the tags .* say test\/worker/,
    ],
    [
      'a group of another role',
      { group: { cluster: 'prod', role: 'manager', abandons: 0 } },
      'MetadataMismatch',
      /say prod\/manager/,
    ],
    ['a group without tags', { group: { abandons: 0 } }, 'MetadataMismatch', /say nothing\/nothing/],
    [
      'a cluster that nobody declared: missing is not new',
      { state: undefined },
      'ClusterUndeclared',
      /skep create prod/,
    ],
  ])('%s', (_what, facts, rejection, because) => {
    for (const kind of ['launch', 'terminate'] as const) {
      const { plan, take } = decide({ action: { kind }, facts });

      expect(plan).toMatchObject({ route: 'reject', rejection, completion: COMPLETION });
      expect(plan.because).toMatch(because);
      expect(take).toBeUndefined();
    }
  });

  it('a manager that joins knows of whom EC2 is to be asked, should the founding take long', () => {
    const facts = { ...NEW, ...managerGroup, founder: founder(OTHER_INSTANCE), founderView: seen('running') };

    expect(decide({ action: manager, facts }).plan).toMatchObject({ route: 'join', founder: OTHER_INSTANCE });
  });
});

describe('the plan', () => {
  it('carries what every later state needs', () => {
    const { plan } = decide({ action: { labels: { tier: 'web' } }, facts: { node: nodeOf() } });

    expect(plan).toEqual({
      v: 1,
      address: 'none',
      availability: 'active',
      route: 'join',
      because: `join ${INSTANCE} to prod`,
      completion: COMPLETION,
      cluster: 'prod',
      role: 'worker',
      instance: INSTANCE,
      group: 'workers',
      hook: { name: 'skep-dev-launch', timeout: 1800, time: NOW, actionToken: actionOf().actionToken },
      deadline: NOW + 1740,
      patience: 1740,
      look: 90,
      lookSoon: 60,
      lookSlow: 900,
      labels: { tier: 'web' },
      depart: false,
      nodeId: NODE_ID,
      swarm: { swarmId: SWARM_ID, caDigest: CA_DIGEST, managers: LEADER.managers, leader: LEADER.leader.instance },
    });
  });

  it('of a cluster whose leader record is lost names the swarm all the same: it must not be founded again', () => {
    const { plan } = decide({ facts: { leader: undefined } });

    expect(plan.swarm).toEqual({ swarmId: SWARM_ID, caDigest: CA_DIGEST, managers: [] });
  });

  it('of a cluster without a swarm names no swarm, of an unknown instance no node', () => {
    const { plan } = decide({ facts: NEW });

    expect(plan).not.toHaveProperty('swarm');
    expect(plan.nodeId).toBe('none');
  });

  it('looks at least twice in the time of a short hook', () => {
    expect(decide({ action: { timeout: 60, patience: 600 } }).plan).toMatchObject({ look: 30, lookSlow: 30 });
  });
});
