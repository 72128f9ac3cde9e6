import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { removalOutcome, removalText, whyNotRemove } from '../../../../src/core/upgrade/remove.ts';
import type { RemovalFacts } from '../../../../src/core/upgrade/remove.ts';

const manager = (instance: string, runs = true) => ({ instance, runs });
const THREE = [manager('i-1'), manager('i-2'), manager('i-3')];

const facts = (changes: Partial<RemovalFacts> = {}): RemovalFacts => ({
  instance: 'i-1',
  lifecycle: 'InService',
  group: 'web',
  role: 'worker',
  desired: 3,
  least: 0,
  hold: undefined,
  managers: [],
  ...changes,
});

describe('whyNotRemove', () => {
  it.each([
    ['a worker', {}, true],
    ['one that was retained', { lifecycle: 'Terminating:Retained' }, true],
    ['one that is still joining', { lifecycle: 'Pending:Wait' }, true],
    ['at the least size, with a replacement', { least: 3 }, false],
    ['one of three managers', { role: 'manager', managers: THREE }, true],
    ['the only manager, with a replacement', { role: 'manager', managers: [manager('i-1')] }, false],
    ['a manager that is not on record', { role: 'manager', managers: [manager('i-9')] }, true],
    [
      'the dead one of three managers',
      { role: 'manager', managers: [manager('i-1', false), manager('i-2'), manager('i-3')] },
      true,
    ],
    [
      'one of three managers of which another is dead, with a replacement',
      { role: 'manager', managers: [...THREE.slice(0, 2), manager('i-3', false)] },
      false,
    ],
  ] as const)('lets go %s', (_, changes, shrinks) => {
    expect(whyNotRemove(facts(changes), shrinks)).toBeUndefined();
  });

  it.each([
    ['the cluster is held (no reason was given)', { hold: { since: 1, because: '' } }, true],
    ['is on its way out already (Terminating:Wait)', { lifecycle: 'Terminating:Wait' }, true],
    ['3 is the least that it may want', { least: 3 }, true],
    ['the last manager', { role: 'manager', managers: [manager('i-1')] }, true],
    ['would lose its quorum', { role: 'manager', managers: [...THREE.slice(0, 2), manager('i-3', false)] }, true],
    [
      'would lose its quorum',
      { role: 'manager', managers: [manager('i-1'), manager('i-2', false), manager('i-3', false)] },
      false,
    ],
  ] as const)('refuses: %s', (because, changes, shrinks) => {
    expect(whyNotRemove(facts(changes as Partial<RemovalFacts>), shrinks)).toContain(because);
  });

  it('never lets a manager go without which a majority of those left does not run', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 7 }), (runs) => {
        const managers = runs.map((one, index) => manager(`i-${index}`, one));
        const because = whyNotRemove(facts({ instance: 'i-0', role: 'manager', managers }), true);
        const left = runs.slice(1);
        expect(because === undefined).toBe(left.filter(Boolean).length > left.length / 2);
      }),
    );
  });
});

describe('how far it has come', () => {
  it.each([
    ['Terminating:Wait', 'leaving', true, 'i-1: Terminating:Wait, leaving', 'goes-on'],
    [
      'Terminating:Retained',
      undefined,
      true,
      'i-1 could not go before its deadline, and is kept: skep why i-1',
      'kept',
    ],
    [
      'Terminating:Retained',
      undefined,
      false,
      'i-1 could not go before its deadline, and is kept: skep why i-1',
      'goes-on',
    ],
    [undefined, 'gone', true, 'i-1 is gone', 'gone'],
  ])('%s, %s', (lifecycle, phase, begun, text, outcome) => {
    expect([removalText('i-1', lifecycle, phase), removalOutcome(lifecycle, begun)]).toEqual([text, outcome]);
  });
});
