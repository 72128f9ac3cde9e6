// What a group wishes for its nodes: whose wish counts, and what a tidy makes of nodes that are as wished, or are not.
import { describe, expect, it } from '@jest/globals';

import { readHookMetadata, wishedAvailability } from '../../../../src/core/lifecycle/event.ts';
import { hookProblems } from '../../../../src/core/lifecycle/hooks.ts';
import { wishesOf } from '../../../../src/core/tidy/group-wishes.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import type { Report, SwarmNode, TidyGroup } from '../../../../src/core/tidy/facts.ts';
import { INSTANCE } from '../../support/examples.ts';
import { factsOf, group, managerGroup, manager, node } from '../../support/tidy-facts.ts';

const SERVICE = [{ instance: INSTANCE, lifecycle: 'InService' }];

function wishing(of: TidyGroup, wish: Readonly<Record<string, unknown>>): TidyGroup {
  const metadata = JSON.stringify({ cluster: 'prod', role: of.role, timeout: 1800, ...wish });
  return { ...of, hooks: of.hooks.map((hook) => ({ ...hook, metadata })) };
}

describe('the availability that a group wishes', () => {
  it.each([
    ['manager', 'drain', 'drain'],
    ['manager', 'active', 'active'],
    ['manager', 'drained', 'active'],
    ['manager', undefined, 'active'],
    ['worker', 'drain', 'active'],
  ] as const)('of a %s that says %s is %s', (role, said, wished) => {
    expect(wishedAvailability(role, said)).toBe(wished);
    const of = role === 'manager' ? managerGroup(SERVICE) : group();
    expect(wishesOf(wishing(of, { availability: said }), 'dev')?.availability).toBe(wished);
  });

  it('is what its launch hook says, wherever that stands among its hooks', () => {
    const launch = wishing(managerGroup(SERVICE), { availability: 'drain' }).hooks.slice(0, 1);
    const others = managerGroup(SERVICE).hooks.slice(1);

    expect(wishesOf(managerGroup(SERVICE, { hooks: [...others, ...launch] }), 'dev')?.availability).toBe('drain');
    expect(wishesOf(managerGroup(SERVICE, { hooks: others }), 'dev')).toBeUndefined();
  });

  it('is unknown where there is no hook, or none that can be read', () => {
    expect(wishesOf(group(undefined, { hooks: [] }), 'dev')).toBeUndefined();
    expect(wishesOf(wishing(group(), { cluster: '?' }), 'dev')).toBeUndefined();
  });

  it.each([
    ['manager', 'drained', /drained, which is neither active nor drain, and counts as active/],
    ['worker', 'drain', /drain, which is for managers only, and counts as active/],
  ] as const)('is told of where a %s says %s, once, and the hook made anew says nothing of it', (role, said, told) => {
    const of = wishing(role === 'manager' ? managerGroup(SERVICE) : group(), { availability: said });
    const problems = hookProblems('dev', 'prod', of);
    expect(problems).toMatchObject([{ name: 'HookBroken', because: expect.stringMatching(told) }]);
    expect(readHookMetadata(problems[0]?.wish.NotificationMetadata)).not.toHaveProperty('availability');
  });

  it('is kept where a hook is made anew', () => {
    const of = wishing(managerGroup(SERVICE), { availability: 'drain' });
    const [problem] = hookProblems('dev', 'prod', { ...of, hooks: of.hooks.slice(0, 1) });
    expect(readHookMetadata(problem?.wish.NotificationMetadata)).toMatchObject({ availability: 'drain' });
    expect(hookProblems('dev', 'prod', of)).toEqual([]);
  });
});

describe('managers that only manage', () => {
  const reports = (seen: SwarmNode, wish: Readonly<Record<string, unknown>> = { availability: 'drain' }): string[] =>
    planTidy(factsOf({ groups: [wishing(managerGroup(SERVICE), wish)], nodes: [seen] })).reports.map(
      ({ name, because }: Report) => `${name ?? 'note'}: ${because}`,
    );

  it('are as they should be when they are drained', () => {
    expect(reports(manager({ availability: 'drain' }))).toEqual([]);
  });

  it.each<[string, SwarmNode, RegExp]>([
    [
      'is active, which is told of',
      manager(),
      /note: active, and the hook of its group says that managers run no tasks/,
    ],
    [
      'is paused by a person, which is told of',
      manager({ availability: 'pause' }),
      /note: somebody has set it to pause/,
    ],
    ['was demoted and stays: it gets no tasks', node({ availability: 'drain' }), /WrongRole/],
    [
      'was demoted by skep: it is not activated',
      node({ availability: 'drain', isLeaving: true, version: '7' }),
      /WrongRole/,
    ],
  ])('one that %s', (_what, seen, told) => {
    expect(reports(seen)).toEqual([expect.stringMatching(told)]);
  });

  it('one that a person drained, where its group wishes nothing, is told of', () => {
    expect(reports(manager({ availability: 'drain' }), {})).toEqual([
      expect.stringMatching(/somebody has set it to drain/),
    ]);
  });
});
