import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { beforehand, orderOf, outcomeOf, standText, whyNotRefresh } from '../../../../src/core/upgrade/refresh.ts';
import type { RefreshFacts } from '../../../../src/core/upgrade/refresh.ts';

const NOTHING = { share: undefined, templateVersion: undefined };
const seen = (status: string) => ({ id: 'r-1', status, because: undefined, done: 40, left: 3 });
const instance = (lifecycle = 'InService', healthy = true) => ({ instance: 'i-1', lifecycle, healthy });

const facts = (changes: Partial<RefreshFacts> = {}): RefreshFacts => ({
  group: 'web',
  role: 'worker',
  desired: 5,
  instances: [instance()],
  template: { id: 'lt-1', version: '3' },
  hold: undefined,
  last: undefined,
  others: [],
  ...changes,
});

describe('whyNotRefresh', () => {
  it.each([
    ['workers, where nothing stands against it', {}, NOTHING],
    ['workers of which one is on its way', { instances: [instance('Pending:Wait')] }, NOTHING],
    ['managers that are all in service', { role: 'manager' }, NOTHING],
    ['after one that has ended', { last: seen('Failed') }, NOTHING],
    [
      'managers, while the refresh of others has ended',
      { role: 'manager', others: [{ group: 'b', last: seen('Cancelled') }] },
      NOTHING,
    ],
    ['of a group without a launch template', { template: undefined }, NOTHING],
    ['a version of the launch template', {}, { share: 5, templateVersion: '4' }],
  ] as const)('lets one begin: %s', (_, changes, asked) => {
    expect(whyNotRefresh(facts(changes), asked)).toBeUndefined();
  });

  it.each([
    ['the cluster is held (work): ', { hold: { since: 1, because: 'work' } }, NOTHING],
    ['the cluster is held (no reason was given): ', { hold: { since: 1, because: '' } }, NOTHING],
    ['a refresh of web is under way (InProgress, 40 %)', { last: seen('InProgress') }, NOTHING],
    ['a refresh of web is under way (RollbackInProgress', { last: seen('RollbackInProgress') }, NOTHING],
    ['a refresh of web is under way (Cancelling', { last: seen('Cancelling') }, NOTHING],
    ['web has no launch template', { template: undefined }, { ...NOTHING, templateVersion: '4' }],
    ['web has no instances', { instances: [] }, NOTHING],
    ['web has no instances', { instances: [], role: 'manager' }, NOTHING],
    ['--share is for workers', { role: 'manager' }, { ...NOTHING, share: 50 }],
    [
      'a refresh of other is under way',
      { role: 'manager', others: [{ group: 'other', last: seen('Pending') }] },
      NOTHING,
    ],
    ['i-1 of web is Terminating:Wait', { role: 'manager', instances: [instance('Terminating:Wait')] }, NOTHING],
    ['i-1 of web is unhealthy', { role: 'manager', instances: [instance('InService', false)] }, NOTHING],
  ] as const)('refuses: %s', (because, changes, asked) => {
    expect(whyNotRefresh(facts(changes as Partial<RefreshFacts>), asked)).toContain(because);
  });
});

describe('orderOf', () => {
  it('lets nobody go before a replacement is in, and managers one at a time', () => {
    expect(orderOf(facts({ role: 'manager' }), NOTHING, 'prod')).toEqual({
      minHealthy: 100,
      maxHealthy: 100,
      alarms: ['skep-prod-cluster-critical', 'skep-prod-launch-abandoned'],
      autoRollback: false,
      template: undefined,
    });
  });

  it.each([
    [undefined, 110],
    [25, 125],
    [100, 200],
  ])('replaces workers by a share: %s', (share, maxHealthy) => {
    expect(orderOf(facts(), { ...NOTHING, share }, 'dev')).toMatchObject({ minHealthy: 100, maxHealthy });
  });

  it.each([
    ['3', true],
    ['12', true],
    ['$Latest', false],
  ])('goes back to a version that is a number only: %s', (version, autoRollback) => {
    const template = { id: 'lt-1', version };
    expect(orderOf(facts({ template }), { ...NOTHING, templateVersion: '4' }, 'dev')).toMatchObject({
      autoRollback,
      template: { id: 'lt-1', version: '4' },
    });
  });

  it('never asks for what AWS refuses: percentages that differ by more than 100, a rollback without a configuration, a version of no template', () => {
    const role = fc.constantFrom('manager' as const, 'worker' as const);
    const share = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
    const templateVersion = fc.option(fc.constantFrom('1', '9'), { nil: undefined });
    const template = fc.option(fc.constantFrom({ id: 'l', version: '1' }, { id: 'l', version: '$Default' }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(role, share, templateVersion, template, (ofRole, some, version, made) => {
        const order = orderOf(
          facts({ role: ofRole, template: made }),
          { share: some, templateVersion: version },
          'dev',
        );
        expect(order.minHealthy).toBe(100);
        expect(order.maxHealthy - order.minHealthy).toBeLessThanOrEqual(100);
        expect(order.autoRollback && order.template === undefined).toBe(false);
        expect(order.template === undefined || order.template.id === 'l').toBe(true);
        expect(order.alarms.length).toBeLessThanOrEqual(10);
      }),
    );
  });
});

describe('what a person is told', () => {
  const told = (changes: Partial<RefreshFacts>, asked: Parameters<typeof orderOf>[1] = NOTHING): string => {
    const it = facts(changes);
    return beforehand(it, orderOf(it, asked, 'dev')).join('\n');
  };

  it.each([
    ['1 instance would be replaced, replacements first, 10 % of the group at once (one at least)', {}, NOTHING],
    ['one at a time, its replacement first', { role: 'manager' }, NOTHING],
    ['two engine versions', { role: 'manager' }, NOTHING],
    ['with one manager no other one may fail', { role: 'manager', desired: 1 }, NOTHING],
    ['goes back to version 3 of the launch template', {}, { ...NOTHING, templateVersion: '4' }],
    ['AWS goes back only from a version that is named', {}, NOTHING],
    [
      'AWS does not go back to $Latest',
      { template: { id: 'l', version: '$Latest' } },
      { ...NOTHING, templateVersion: '4' },
    ],
  ] as const)('before: %s', (text, changes, asked) => {
    expect(told(changes, asked)).toContain(text);
  });

  const rings = 'it stops by itself when skep-dev-cluster-critical or skep-dev-launch-abandoned rings';
  it.each<[string, Partial<RefreshFacts>, string[]]>([
    [
      'workers, and nothing of managers',
      { instances: [instance(), instance()] },
      [
        'web: 2 instances would be replaced, replacements first, 10 % of the group at once (one at least)',
        `${rings}; what was replaced by then stays: AWS goes back only from a version that is named with --template-version`,
      ],
    ],
    [
      'two managers, of which none may fail meanwhile',
      { role: 'manager', desired: 2, template: undefined },
      [
        'web: 1 instance would be replaced, one at a time, its replacement first',
        `${rings}; what was replaced by then stays: AWS goes back only from a version that is named with --template-version`,
        'managers of two engine versions work together while this goes on: the managers come before the workers, no version that is older than the present one',
        'with 2 managers no other one may fail while this goes on',
      ],
    ],
  ])('before: of %s', (_what, changes, lines) => {
    expect(told(changes).split('\n')).toEqual(lines);
  });

  it('of three managers not that no other one may fail', () => {
    expect(told({ role: 'manager', desired: 3 }).split('\n')).toEqual([
      expect.stringContaining('would be replaced'),
      expect.stringContaining(rings),
      expect.stringContaining('two engine versions'),
    ]);
  });

  it.each([
    ['InProgress', 'web: InProgress, 40 %, 3 to go', 'goes-on'],
    ['Successful', 'web: Successful, 40 %', 'done'],
    ['RollbackSuccessful', 'web: RollbackSuccessful, 40 %', 'undone'],
    ['Failed', 'web: Failed, 40 %', 'undone'],
    ['a status of tomorrow', 'web: a status of tomorrow, 40 %', 'undone'],
  ])('while it goes on, and in the end: %s', (status, text, outcome) => {
    expect([standText('web', seen(status)), outcomeOf(seen(status))]).toEqual([text, outcome]);
  });

  it('is told why', () => {
    expect(standText('web', { ...seen('Failed'), because: 'an alarm' })).toBe('web: Failed, 40 %: an alarm');
  });
});
