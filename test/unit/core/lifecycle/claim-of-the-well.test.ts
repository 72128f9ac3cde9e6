import { describe, expect, it } from '@jest/globals';

import type { Action } from '../../../../src/core/lifecycle/event.ts';
import { decide } from '../../support/claims.ts';
import { nodeOf } from '../../support/examples.ts';

describe("a hook's launch event of a node that has joined", () => {
  const routeOf = (lifecycle: string, action: Partial<Action> = {}, phase: 'ready' | 'gone' = 'ready') =>
    decide({
      action,
      facts: { node: nodeOf({ phase }), shown: { group: 'workers', lifecycle, zone: 'eu-west-1a' } },
    }).plan.route;

  it('changes nothing while Auto Scaling has its instance in service', () => {
    expect(routeOf('InService')).toBe('ignore');
  });

  it.each<[string, string, Partial<Action>, 'ready' | 'gone']>([
    ['its root volume was replaced', 'ReplacingRootVolume:Wait', {}, 'ready'],
    ['it comes back from a warm pool', 'Pending:Wait', {}, 'gone'],
    ['it has left', 'InService', {}, 'gone'],
    ['the tidy lets it join anew', 'InService', { actionToken: undefined }, 'ready'],
  ])('joins where %s', (_, lifecycle, action, phase) => {
    expect(routeOf(lifecycle, action, phase)).toBe('join');
  });
});
