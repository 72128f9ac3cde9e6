import { describe, expect, it } from '@jest/globals';

import { contradictionOf } from '../../../../src/core/lifecycle/contradiction.ts';
import { actionOf } from '../../support/examples.ts';

const shown = (lifecycle: string, group = 'workers') => ({ group, lifecycle, zone: 'eu-west-1a' });
const terminate = actionOf({ kind: 'terminate', ask: 'leave', depart: false });

describe('an event that Auto Scaling contradicts', () => {
  it.each(['InService', 'Standby', 'EnteringStandby'])('ends no instance that is %s', (lifecycle) => {
    expect(contradictionOf(terminate, shown(lifecycle))).toContain(lifecycle);
  });

  it.each([terminate, actionOf({ kind: 'launch' })])('is of no instance of another group: %j', (action) => {
    expect(contradictionOf(action, shown('Terminating:Wait', 'others'))).toContain('others');
  });
});

describe('an event that Auto Scaling does not contradict', () => {
  it.each(['Terminating:Wait', 'Terminating:Proceed', 'Terminated', 'Pending:Wait', 'Warmed:Running'])(
    'ends an instance that is %s',
    (lifecycle) => {
      expect(contradictionOf(terminate, shown(lifecycle))).toBeUndefined();
    },
  );

  it.each([null, undefined])('is of an instance that it shows in no group (%s)', (nothing) => {
    expect(contradictionOf(terminate, nothing)).toBeUndefined();
  });

  it('is a launch, of whatever is in service', () => {
    expect(contradictionOf(actionOf({ kind: 'launch' }), shown('InService'))).toBeUndefined();
  });

  it.each(['Warmed:Pending:Wait', 'ReplacingRootVolume:Wait'])(
    'ends the node of an instance whose disk is used again or replaced, which is %s',
    (lifecycle) => {
      const depart = actionOf({ kind: 'terminate', ask: 'leave', depart: true });
      expect(contradictionOf(depart, shown(lifecycle))).toBeUndefined();
      expect(contradictionOf(depart, shown('InService'))).toContain('InService');
    },
  );
});
