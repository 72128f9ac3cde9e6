import { describe, expect, it } from '@jest/globals';

import { shortTimeouts, withOwnTimeout } from '../../../../src/core/lifecycle/hooks.ts';
import type { HookFacts } from '../../../../src/core/lifecycle/hooks.ts';
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
