import { describe, expect, it } from '@jest/globals';

import { claimedBy, readLifecycleEvent } from '../../../../src/core/lifecycle/event.ts';
import type { Action, ReadEvent } from '../../../../src/core/lifecycle/event.ts';
import { eventFixture, eventWith } from '../../../fixtures/events.ts';

const read = (event: unknown): ReadEvent => readLifecycleEvent('dev', event);

function actionOf(event: unknown): Action {
  const result = read(event);
  if (result.kind !== 'act') {
    throw new Error(`not an action: ${JSON.stringify(result)}`);
  }
  return result.action;
}

const metadata = (value: unknown): unknown =>
  eventWith('launch', { NotificationMetadata: typeof value === 'string' ? value : JSON.stringify(value) });

/** As JSON they have so many characters. */
function labelsOf(length: number): Record<string, string> {
  const labels = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`l${index}`, 'x'.repeat(118)]));
  return { ...labels, last: 'x'.repeat(length - JSON.stringify({ ...labels, last: '' }).length) };
}

describe('what a lifecycle event asks for', () => {
  it.each([
    ['launch', 'launch', 'join', false, false, false],
    ['launch-into-warm-pool', 'launch', 'nothing', false, false, false],
    ['launch-from-warm-pool', 'launch', 'join', false, false, true],
    ['launch-after-root-volume-replacement', 'launch', 'join', false, false, true],
    ['terminate', 'terminate', 'leave', false, false, false],
    ['terminate-into-warm-pool', 'terminate', 'leave', true, false, false],
    ['terminate-before-root-volume-replacement', 'terminate', 'leave', true, true, false],
  ])('%s: %s, %s, departs: %s, comes back: %s, is a return: %s', (name, kind, ask, depart, comesBack, isReturn) => {
    expect(actionOf(eventFixture(name))).toMatchObject({ kind, ask, depart, comesBack, isReturn });
  });

  it('an instance that is terminated in the warm pool was never a node', () => {
    expect(actionOf(eventWith('terminate', { Origin: 'WarmPool', Destination: 'EC2' }))).toMatchObject({
      ask: 'nothing',
    });
  });

  it.each(['launch', 'terminate'])('%s without Origin and Destination is the ordinary case', (name) => {
    const action = actionOf(eventWith(name, { Origin: undefined, Destination: undefined }));

    expect(action).toMatchObject({ ask: name === 'launch' ? 'join' : 'leave', depart: false });
  });
});

describe('the fields of a lifecycle event', () => {
  it('all arrive in the action', () => {
    const labels = { tier: 'web', 'com.example.rack': 'a/1' };
    const event = metadata({
      v: 1,
      cluster: 'prod',
      role: 'manager',
      timeout: 600,
      patience: 7200,
      labels,
      availability: 'drain',
    });

    expect(actionOf(event)).toEqual({
      kind: 'launch',
      group: 'my-asg',
      hook: 'skep-dev-launch',
      instance: 'i-1234567890abcdef0',
      transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      actionToken: '87654321-4321-4321-4321-210987654321',
      time: Date.parse('2026-11-20T10:00:00Z') / 1000,
      timeout: 600,
      patience: 7200,
      cluster: 'prod',
      role: 'manager',
      labels,
      availability: 'drain',
      ask: 'join',
      depart: false,
      comesBack: false,
      isReturn: false,
      replaces: undefined,
    });
  });

  it.each([
    ['2026-11-20T10:00:00Z', 0],
    ['2026-11-20T10:00:00.999Z', 0],
    ['2026-11-20T12:00:01+02:00', 1],
  ])('the time %s counts in whole seconds', (time, after) => {
    const start = Date.parse('2026-11-20T10:00:00Z') / 1000;

    expect(actionOf({ ...eventFixture('launch'), time }).time).toBe(start + after);
  });

  it('a hook that does not say its timeout is taken for a short one, and skep stays patient for half an hour', () => {
    expect(actionOf(metadata({ cluster: 'prod', role: 'worker' }))).toMatchObject({ timeout: 300, patience: 1800 });
  });

  it('a manager that is to go has as long as AWS ever lets a hook wait; nothing else has', () => {
    const of = (kind: 'launch' | 'terminate', role: string): number =>
      actionOf(eventWith(kind, { NotificationMetadata: JSON.stringify({ cluster: 'prod', role }) })).patience;

    expect(of('terminate', 'manager')).toBe(48 * 3600);
    expect([of('terminate', 'worker'), of('launch', 'manager'), of('launch', 'worker')]).toEqual([1800, 1800, 1800]);
  });

  it('patience is at least one timeout of the hook', () => {
    expect(actionOf(metadata({ cluster: 'prod', role: 'worker', timeout: 7200 }))).toMatchObject({ patience: 7200 });
  });

  it.each([[['arn:of:the-first']], ['arn:of:the-first']])(
    'an event says which executions it replaces: %j',
    (replaces) => {
      const skep = { replaces, attempt: 1 };

      expect(actionOf({ ...eventFixture('launch'), skep }).replaces).toEqual(['arn:of:the-first']);
    },
  );
});

describe('how an action is completed', () => {
  it('by its action token where there is one: by instance a late CONTINUE could complete a newer action', () => {
    expect(read(eventFixture('launch'))).toMatchObject({
      completion: {
        AutoScalingGroupName: 'my-asg',
        LifecycleHookName: 'skep-dev-launch',
        LifecycleActionToken: '87654321-4321-4321-4321-210987654321',
      },
    });
    expect(read(eventFixture('launch'))).not.toHaveProperty('completion.InstanceId');
  });

  it('by instance where there is no action token', () => {
    const event = eventWith('launch', { LifecycleActionToken: undefined });

    expect(read(event)).toMatchObject({
      completion: {
        AutoScalingGroupName: 'my-asg',
        LifecycleHookName: 'skep-dev-launch',
        InstanceId: 'i-1234567890abcdef0',
      },
    });
  });
});

describe('events that are not for this stage', () => {
  it.each(['my-lifecycle-hook', 'skep-prod-launch', 'skep-dev-launch-2', 'skep-dev'])(
    'the hook %s is ignored',
    (hook) => {
      expect(read(eventWith('launch', { LifecycleHookName: hook, NotificationMetadata: 'not for us' })).kind).toBe(
        'ignore',
      );
    },
  );
});

describe('events that are wrong', () => {
  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['no detail', { ...eventFixture('launch'), detail: undefined }],
    ['no instance', eventWith('launch', { EC2InstanceId: undefined })],
    ['an instance id that could be shell', eventWith('launch', { EC2InstanceId: 'i-$(reboot)' })],
    [
      'a transition that does not exist',
      eventWith('launch', { LifecycleTransition: 'autoscaling:EC2_INSTANCE_NAPPING' }),
    ],
    ['a time that is none', { ...eventFixture('launch'), time: 'yesterday' }],
  ])('%s: a bad event, and nobody to complete', (_what, event) => {
    expect(read(event)).toMatchObject({ kind: 'reject', error: 'BadEvent', completion: undefined });
  });

  it('an event of another version is refused, but its hook can be completed', () => {
    expect(read({ ...eventFixture('launch'), version: '1' })).toMatchObject({
      kind: 'reject',
      error: 'BadEvent',
      because: 'event version 1 is unknown',
      completion: { LifecycleHookName: 'skep-dev-launch' },
    });
  });

  it.each([
    ['none at all', undefined, /has no notification metadata/],
    ['not JSON', 'additional-info', /is not JSON/],
    ['a list', '[]', /expected object/i],
    ['no cluster', { role: 'worker' }, /cluster/],
    ['a cluster of another form', { cluster: 'Prod', role: 'worker' }, /1 to 32 of a-z/],
    ['a cluster name that is too long', { cluster: 'a'.repeat(33), role: 'worker' }, /1 to 32 of a-z/],
    ['a role that does not exist', { cluster: 'prod', role: 'leader' }, /role/],
    ['a timeout that no hook can have', { cluster: 'prod', role: 'worker', timeout: 29 }, /timeout/],
    ['a timeout that no hook can have', { cluster: 'prod', role: 'worker', timeout: 7201 }, /timeout/],
    ['patience past 48 h', { cluster: 'prod', role: 'worker', patience: 172_801 }, /patience/],
    ['a misspelt key', { cluster: 'prod', role: 'worker', timeuot: 300 }, /timeuot/],
    ['a later version', { v: 2, cluster: 'prod', role: 'worker' }, /v/],
    [
      "a label of skep's own",
      { cluster: 'prod', role: 'worker', labels: { 'skep.instance': 'i-1' } },
      /labels\["skep\.instance"\]/,
    ],
    ['a label value with a comma', { cluster: 'prod', role: 'worker', labels: { tier: 'a,b=c' } }, /labels/],
    [
      'a label key that could be an option',
      { cluster: 'prod', role: 'worker', labels: { '--x': 'a' } },
      /--x=a cannot be a label[^]*labels\["--x"\]/,
    ],
    [
      'labels that are too long in all',
      { cluster: 'prod', role: 'worker', labels: labelsOf(1501) },
      /labels of more than 1500 characters in all/,
    ],
  ])('metadata with %s: refused with the reason, and the hook can be completed', (_what, value, because) => {
    const event = value === undefined ? eventFixture('launch-without-optional-fields') : metadata(value);

    expect(read(event)).toMatchObject({
      kind: 'reject',
      error: 'BadMetadata',
      because: expect.stringMatching(because),
      completion: { LifecycleHookName: 'skep-dev-launch' },
    });
  });
});

it('labels may have 1500 characters in all', () => {
  const labels = labelsOf(1500);

  expect(JSON.stringify(labels)).toHaveLength(1500);
  expect(actionOf(metadata({ cluster: 'prod', role: 'worker', labels })).labels).toEqual(labels);
});

it.each<[what: string, event: unknown, cluster: string | undefined]>([
  ['by metadata of which nothing else is right', metadata({ cluster: 'prod', role: 'leader' }), 'prod'],
  ['of another form', metadata({ cluster: 'Prod' }), undefined],
  ['by what is no JSON', metadata('prod'), undefined],
  ['by no metadata', eventFixture('launch-without-optional-fields'), undefined],
  ['by what is no event', 'prod', undefined],
])('the cluster that an event claims, %s', (_what, event, cluster) => {
  expect(claimedBy(event)).toBe(cluster);
});
