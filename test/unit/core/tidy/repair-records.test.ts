// What a tidy writes about what skep itself has on record: each repair as a whole.
import { describe, expect, it } from '@jest/globals';

import type { TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { INSTANCE, NODE_ID, NOW } from '../../support/examples.ts';
import { OTHER_NODE, down, group, item, node, only } from '../../support/tidy-facts.ts';

const worker = { instance: INSTANCE, group: 'workers', role: 'worker', nodeId: NODE_ID } as const;

describe('the record of a node', () => {
  const because = 'nodes that are Ready, and that the table does not have so';

  it.each<[string, Partial<TidyFacts>, object]>([
    ['is made anew where its item is lost, for nobody', { known: [] }, worker],
    [
      'replaces that of another node, if its owner is the same until then',
      { known: [item({ nodeId: OTHER_NODE, owner: 'them' })] },
      { ...worker, owner: 'them' },
    ],
    [
      'replaces one that says that it leaves, if its owner is the same until then',
      { known: [item({ phase: 'leaving' })] },
      { ...worker, owner: 'me' },
    ],
  ])('%s', (_what, changes, written) => {
    expect(only(changes, 'record')).toEqual([{ kind: 'record', items: [written], because }]);
  });

  it.each<[string, Partial<TidyFacts>]>([
    ['of a node that is paused', { nodes: [node({ availability: 'pause' })], known: [] }],
    ['of a node without a label', { nodes: [node({ instance: undefined })], known: [] }],
    ['of an instance in no group', { groups: [group([])], known: [] }],
  ])('is not made %s', (_what, changes) => {
    expect(only(changes, 'record')).toEqual([]);
  });
});

describe('the record of an instance that is gone', () => {
  it('goes, if its owner is the same until then', () => {
    const changes = { nodes: [down()], groups: [group([])], states: new Map([[INSTANCE, 'terminated']]) };

    expect(only(changes, 'erase')).toEqual([
      {
        kind: 'erase',
        items: [{ instance: INSTANCE, owner: 'me' }],
        because: 'the instances are gone, or off in a warm pool, and the swarm does not know them',
      },
    ]);
  });
});

describe('what else is repaired of the records', () => {
  it('is a lock whose lease ended ten minutes ago', () => {
    const lock = { instance: INSTANCE, leaseUntil: NOW - 600 };
    const ended = new Date((NOW - 600) * 1000).toISOString();

    expect(only({ lock }, 'unlock')).toEqual([{ kind: 'unlock', ...lock, because: `its lease ended at ${ended}` }]);
    expect(only({ lock: { ...lock, leaseUntil: NOW - 599 } }, 'unlock')).toEqual([]);
  });

  it.each([
    ['workers', { worker: 'x'.repeat(64), manager: 'm'.repeat(64) }],
    ['managers', { worker: 'w'.repeat(64), manager: 'x'.repeat(64) }],
  ])('are join tokens of which that of %s is not the one that was published', (_what, published) => {
    const held = { worker: 'w'.repeat(64), manager: 'm'.repeat(64) };

    expect(only({ tokens: { held, published } }, 'publish')).toEqual([
      {
        kind: 'publish',
        name: `tidy-tokens-prod-${'w'.repeat(8)}${'m'.repeat(8)}-${Math.floor(NOW / 3600)}`,
        because: "the join tokens that were published are not the swarm's: nobody could join",
      },
    ]);
  });
});
