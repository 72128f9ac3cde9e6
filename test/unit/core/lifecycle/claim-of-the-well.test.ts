import { describe, expect, it } from '@jest/globals';

import { decideClaim } from '../../../../src/core/lifecycle/claim.ts';
import type { Action } from '../../../../src/core/lifecycle/event.ts';
import { COMPLETION, NOW, actionOf, factsOf, nodeOf } from '../../support/examples.ts';

describe("a hook's launch event of a node that has joined", () => {
  const routeOf = (lifecycle: string, action: Partial<Action> = {}, phase: 'ready' | 'gone' = 'ready') =>
    decideClaim({
      action: actionOf(action),
      completion: COMPLETION,
      facts: factsOf({ node: nodeOf({ phase }), shown: { group: 'workers', lifecycle, zone: 'eu-west-1a' } }),
      owner: 'me',
      now: NOW + 1,
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
