// Of whom the table and EC2 are asked before a tidy plans.
import { describe, expect, it } from '@jest/globals';

import type { KnownNode, SwarmNode, TidyGroup } from '../../../../src/core/tidy/facts.ts';
import { doubtful, expectedWorkers } from '../../../../src/core/tidy/look-up.ts';
import { INSTANCE, OTHER_INSTANCE } from '../../support/examples.ts';
import { OTHER_NODE, down, group, item, members, node } from '../../support/tidy-facts.ts';

describe('the workers that a swarm should have', () => {
  it.each<[string, KnownNode, readonly TidyGroup[], boolean]>([
    ['one that is ready and in its group', item(), [group()], true],
    ['one that no group has', item(), [group([])], false],
    ['one that rests in the warm pool of its group', item(), members('Warmed:Stopped'), false],
    ['one that joins still', item({ phase: 'joined' }), [group()], false],
    ['one that is gone', item({ phase: 'gone' }), [group()], false],
    ['a manager', item({ role: 'manager' }), [group()], false],
  ])('%s', (_what, known, groups, isExpected) => {
    expect(expectedWorkers([known], groups)).toEqual(isExpected ? [known] : []);
  });
});

describe('EC2 is asked about', () => {
  const other = { instance: OTHER_INSTANCE, lifecycle: 'InService' };

  it.each<[string, SwarmNode[], TidyGroup[], KnownNode[], string[]]>([
    ['nobody, where all is well', [node()], [group()], [item()], []],
    ['a node that is down', [down()], [group()], [item()], [INSTANCE]],
    ['a node that is down, and that no group and no item has', [down()], [], [], [INSTANCE]],
    [
      'an instance whose node is down, and was another’s as its item says',
      [down()],
      [group()],
      [item({ instance: OTHER_INSTANCE })],
      [INSTANCE, OTHER_INSTANCE],
    ],
    ['a node that is down and bears no label, by its item', [down({ instance: undefined })], [], [item()], [INSTANCE]],
    ['nobody for a stranger that is down', [down({ instance: undefined, nodeId: OTHER_NODE })], [], [], []],
    ['nobody for a node whose state is unknown: it is there', [node({ status: 'unknown' })], [group()], [item()], []],
    ['an instance of a group without a node', [node()], [group([other])], [item()], [OTHER_INSTANCE]],
    ['one that nobody has labelled yet', [node({ instance: undefined })], [group()], [], [INSTANCE]],
    ['what the table has, and no node', [], [], [item()], [INSTANCE]],
    ['nobody for an item of one that is gone', [], [], [item({ phase: 'gone' })], []],
    ['each but once', [down()], [group()], [item(), item()], [INSTANCE]],
  ])('%s', (_what, nodes, groups, known, asked) => {
    expect(doubtful(nodes, groups, known)).toEqual(asked);
  });
});
