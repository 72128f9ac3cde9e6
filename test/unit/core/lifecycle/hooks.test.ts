import { describe, expect, it } from '@jest/globals';

import { hookProblems, isOfAnotherStage, shortTimeouts, withOwnTimeout } from '../../../../src/core/lifecycle/hooks.ts';
import type { HookFacts, HookWish } from '../../../../src/core/lifecycle/hooks.ts';
import { actionOf } from '../../support/examples.ts';

const hook = (timeout: number, told: number | undefined, name = 'skep-dev-terminate'): HookFacts => ({
  name,
  transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  metadata: JSON.stringify({ cluster: 'prod', role: 'worker', timeout: told }),
  timeout,
  defaultResult: 'CONTINUE',
});
const of = (...hooks: HookFacts[]): ReturnType<typeof shortTimeouts> =>
  shortTimeouts('dev', [{ name: 'workers', hooks }]);
const KEY = 'skep-dev-terminate@workers';

describe('the timeouts of hooks that run out sooner than their metadata say', () => {
  it.each([
    ['lower than its metadata', hook(120, 1800), { [KEY]: 120 }],
    ['as its metadata', hook(1800, 1800), {}],
    ['higher: that only makes heartbeats more frequent', hook(7200, 1800), {}],
    ['lower than what is taken without metadata', hook(60, undefined), { [KEY]: 60 }],
    ['as high as what is taken without metadata', hook(300, undefined), {}],
  ])('are those of a hook that is %s', (_what, one, expected) => {
    expect(of(one)).toEqual(expected);
  });

  it('are none of hooks that are not ours, or of whose metadata nothing can be read: their events are rejected', () => {
    expect(of(hook(30, 1800, 'skep-prod-terminate'), hook(30, 1800, 'somebody-elses'))).toEqual({});
    expect(of({ ...hook(30, 1800), metadata: 'no json' }, { ...hook(30, 1800), metadata: undefined })).toEqual({});
  });

  it('are told in the same order whatever the order of the groups, and of so many hooks only', () => {
    const names = Array.from({ length: 500 }, (_, n) => `workers-${String(n).padStart(3, '0')}`);
    const groups = names.map((name) => ({ name, hooks: [hook(120, 1800)] }));
    const told = shortTimeouts('dev', groups.toReversed());

    expect(Object.keys(told)).toHaveLength(400);
    expect(Object.keys(told)).toEqual(Object.keys(shortTimeouts('dev', groups)));
  });
});

describe('a group with hooks', () => {
  const named = (...names: string[]): { hooks: HookFacts[] } => ({
    hooks: names.map((name) => hook(1800, 1800, name)),
  });

  it.each([
    ['none', [], false],
    ['those of this stage', ['skep-dev-launch', 'skep-dev-terminate'], false],
    ['those of another stage', ['skep-prod-launch', 'skep-prod-terminate'], true],
    [
      'one of another stage, and one of this: it was tagged for this one too',
      ['skep-prod-launch', 'skep-dev-terminate'],
      false,
    ],
    ['one of this stage that is for launches, and one of another', ['skep-dev-launch', 'skep-prod-terminate'], false],
    ['somebody else’s', ['skep-launch', 'my-skep-prod-launch', 'skep-prod-launch-2'], false],
  ])('belongs to another stage where they are %s', (_what, names, expected) => {
    expect(isOfAnotherStage('dev', named(...names))).toBe(expected);
  });
});

describe('a hook', () => {
  const launching = { name: 'skep-dev-launch', transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' } as const;
  const says = (told: object): string => JSON.stringify({ cluster: 'prod', role: 'worker', timeout: 1800, ...told });
  const sound = (): HookFacts[] => [{ ...hook(1800, 1800), ...launching }, hook(1800, 1800)];
  /** The launch hook of a group of workers, changed, beside a sound one. */
  const problems = (change: Partial<HookFacts>, role: 'worker' | 'manager' = 'worker') => {
    const [launch, terminate] = sound() as [HookFacts, HookFacts];
    return hookProblems('dev', 'prod', { name: 'workers', role, hooks: [{ ...launch, ...change }, terminate] });
  };
  const wishOf = (hooks: readonly HookFacts[], nth = 0): HookWish | undefined =>
    hookProblems('dev', 'prod', { name: 'workers', role: 'worker', hooks })[nth]?.wish;

  it('that is as it should be is no problem', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ timeout: 300, metadata: JSON.stringify({ cluster: 'prod', role: 'worker' }) })).toEqual([]);
  });

  it.each<[string, Partial<HookFacts>, string]>([
    [
      'it is for the other transition',
      { transition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
      'it is for autoscaling:EC2_INSTANCE_TERMINATING',
    ],
    [
      'its metadata are not JSON',
      { metadata: 'x' },
      'its notification metadata is not what skep writes: the notification metadata of the hook is not JSON',
    ],
    [
      'it names another cluster',
      { metadata: says({ cluster: 'other' }) },
      'it says other/worker, and the tags of the group say prod/worker',
    ],
    [
      'it names another role',
      { metadata: says({ role: 'manager' }) },
      'it says prod/manager, and the tags of the group say prod/worker',
    ],
    [
      'AWS would give up the instance where skep is late',
      { defaultResult: 'ABANDON' },
      'its default result is ABANDON, not CONTINUE',
    ],
    ['it runs out before what it says', { timeout: 600 }, 'its timeout is 600 s, and its metadata says 1800'],
    ['it runs out after what it says', { timeout: 3600 }, 'its timeout is 3600 s, and its metadata says 1800'],
    [
      'it runs out before what is taken where it says none',
      { timeout: 299, metadata: says({ timeout: undefined }) },
      'its timeout is 299 s, and its metadata names none, so that 300 s are taken',
    ],
  ])('is a problem where %s', (_what, change, because) => {
    expect(problems(change)).toMatchObject([
      {
        group: 'workers',
        name: 'HookBroken',
        because: `hook skep-dev-launch: ${because}`,
        wish: { LifecycleHookName: 'skep-dev-launch' },
      },
    ]);
  });

  it('tells of the availability with which nodes launch: on a terminate hook it means nothing', () => {
    const [launch, terminate] = sound() as [HookFacts, HookFacts];
    const hooks = [launch, { ...terminate, metadata: says({ availability: 'drained' }) }];
    expect(hookProblems('dev', 'prod', { name: 'workers', role: 'worker', hooks })).toEqual([]);
  });

  it('of managers leaves the quorum unguarded where AWS does not wait for it, which is told in its own name', () => {
    const metadata = says({ role: 'manager' });
    const hooks = [
      { ...hook(1800, 1800), ...launching, metadata },
      { ...hook(1800, 1800), metadata },
    ];
    const told = hookProblems('dev', 'prod', { name: 'managers', role: 'manager', hooks });
    expect(told).toMatchObject([
      {
        name: 'QuorumUnguarded',
        because:
          'hook skep-dev-terminate: its default result is CONTINUE, not ABANDON. Without it AWS may end more managers than the quorum can lose',
        wish: { DefaultResult: 'ABANDON' },
      },
    ]);
  });

  it('that is missing is made as skep needs it', () => {
    expect(hookProblems('dev', 'prod', { name: 'workers', role: 'worker', hooks: [] })).toEqual(
      [launching, { name: 'skep-dev-terminate', transition: 'autoscaling:EC2_INSTANCE_TERMINATING' }].map((it) => ({
        group: 'workers',
        name: 'HookBroken',
        because: `hook ${it.name}: it is missing`,
        wish: {
          AutoScalingGroupName: 'workers',
          LifecycleHookName: it.name,
          LifecycleTransition: it.transition,
          NotificationMetadata: says({}),
          HeartbeatTimeout: 1800,
          DefaultResult: 'CONTINUE',
        },
      })),
    );
  });

  it.each([
    ['the shortest that skep can work with', 120, 120],
    ['shorter than skep can work with', 119, 1800],
    ['the longest that AWS takes', 7200, 7200],
    ['longer than AWS takes', 7201, 1800],
  ])('that is made anew keeps its timeout within bounds: %s', (_what, timeout, kept) => {
    const wish = wishOf([{ ...hook(timeout, 1800), ...launching, defaultResult: 'ABANDON' }]);
    expect(wish).toMatchObject({ HeartbeatTimeout: kept, NotificationMetadata: says({ timeout: kept }) });
  });

  it.each<[string, HookFacts[]]>([
    [
      'itself',
      [{ ...hook(1800, 600), ...launching, metadata: says({ timeout: 600, patience: 900, labels: { a: 'b' } }) }],
    ],
    [
      'the other hook, where it is missing',
      [{ ...hook(1800, 1800), metadata: says({ patience: 900, labels: { a: 'b' } }) }],
    ],
    [
      'the other hook, where a hook that is not ours comes first',
      [
        { ...hook(1800, 1800, 'somebody-elses'), metadata: undefined },
        { ...hook(1800, 1800), metadata: says({ patience: 900, labels: { a: 'b' } }) },
      ],
    ],
    [
      'the other hook, where its own cannot be read',
      [
        { ...hook(1800, 1800), ...launching, metadata: 'x' },
        { ...hook(1800, 1800), metadata: says({ patience: 900, labels: { a: 'b' } }) },
      ],
    ],
  ])('that is made anew keeps patience and labels of the group, from %s', (_what, hooks) => {
    expect(JSON.parse(wishOf(hooks)?.NotificationMetadata ?? '{}')).toEqual({
      ...{ cluster: 'prod', role: 'worker', timeout: 1800 },
      ...{ patience: 900, labels: { a: 'b' } },
    });
  });
});

describe('an action', () => {
  const action = actionOf({ kind: 'terminate' });

  it('has the timeout of its own hook where that is the lower one, and the patience that it had', () => {
    expect(withOwnTimeout(action, { [KEY]: 120 })).toEqual({ ...action, timeout: 120 });
  });

  it.each([
    ['nothing was noted', undefined],
    ['the hook of another group was noted', { 'skep-dev-terminate@others': 120 }],
    ['its other hook was noted', { 'skep-dev-launch@workers': 120 }],
    ['what was noted is higher than what its metadata say by now', { [KEY]: 7200 }],
  ])('keeps what its metadata say where %s', (_what, timeouts) => {
    expect(withOwnTimeout(action, timeouts)).toBe(action);
  });
});
