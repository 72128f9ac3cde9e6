// What a tidy does about nodes that are well, drained or nobody's, and in which words it tells of them.
import { describe, expect, it } from '@jest/globals';

import type { SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { perhapsForgotten, repairNodes } from '../../../../src/core/tidy/repair-nodes.ts';
import { INSTANCE, NODE_ID, NOW, OTHER_INSTANCE } from '../../support/examples.ts';
import { OTHER_NODE, down, factsOf, group, item, managerGroup, members, node } from '../../support/tidy-facts.ts';

const found = (changes: Partial<TidyFacts>) => repairNodes(factsOf(changes));
const drained = (changes: Partial<SwarmNode> = {}): SwarmNode =>
  node({ availability: 'drain', isLeaving: true, version: '7', ...changes });

describe('a node that nobody knows', () => {
  it.each<[string, Partial<TidyFacts>, string | undefined, string]>([
    [
      'is named so that the verdict counts it',
      { nodes: [node({ instance: undefined })], known: [] },
      'NodeUnknown',
      'a node without an instance that skep knows: never touched',
    ],
    [
      'since somebody changed its label is told with both of its instances',
      { nodes: [node({ instance: OTHER_INSTANCE })] },
      'NodeUnknown',
      `its label says ${OTHER_INSTANCE}, and skep joined it on ${INSTANCE}: somebody changed the label; never touched`,
    ],
    [
      'as no engine ever came is no part of the verdict',
      { nodes: [down({ instance: undefined, neverUp: true })], known: [] },
      undefined,
      'no engine has ever come as this node: it is removed after an hour, if no instance is missing by then',
    ],
  ])('%s', (_what, changes, name, because) => {
    const { repairs, reports } = found(changes);

    expect(repairs).toEqual([]);
    expect(reports.map((one) => [one.name, one.because])).toEqual([[name, because]]);
  });
});

describe('what skep has drained', () => {
  it('is taken back apart from what it has paused, on the versions that were seen', () => {
    const paused = drained({ availability: 'pause', nodeId: OTHER_NODE, instance: OTHER_INSTANCE, version: '9' });
    const groups = [group([INSTANCE, OTHER_INSTANCE].map((instance) => ({ instance, lifecycle: 'InService' })))];

    expect(found({ nodes: [drained(), paused], groups })).toEqual({
      repairs: [
        {
          kind: 'restore',
          nodes: [{ nodeId: NODE_ID, instance: INSTANCE, version: '7' }],
          because: 'skep has drained the node, no execution is at work on it, and its instance is in service',
        },
        {
          kind: 'restore',
          nodes: [{ nodeId: OTHER_NODE, instance: OTHER_INSTANCE, version: '9' }],
          because: 'skep has paused the node, no execution is at work on it, and its instance is in service',
        },
      ],
      reports: [],
    });
  });

  it('is taken back at the moment in which the lease of its execution ends', () => {
    const at = (leaseUntil: number): number =>
      found({ nodes: [drained()], known: [item({ phase: 'leaving', leaseUntil })] }).repairs.length;

    expect([at(NOW + 1), at(NOW)]).toEqual([0, 1]);
  });

  it.each<[string, Partial<TidyFacts>]>([
    ['the managers did not tell its version', { nodes: [drained({ version: undefined })] }],
    ['it bears no label', { nodes: [drained({ instance: undefined })] }],
    ['it is not Ready', { nodes: [drained({ status: 'unknown' })] }],
  ])('stays, and nobody is told of it, where %s', (_what, changes) => {
    expect(found(changes)).toEqual({ repairs: [], reports: [] });
  });

  it('stays where any service is kept off it, and is told of', () => {
    const markOf = (nodeId: string) => ({ serviceId: nodeId, name: 'web', mark: `exclude@${NOW + 900}@${nodeId}` });
    const left = {
      marks: [markOf('b'.repeat(25)), markOf(NODE_ID), { ...markOf(NODE_ID), mark: 'by hand' }],
      kept: [],
    };

    expect(found({ nodes: [drained()], left })).toMatchObject({
      repairs: [],
      reports: [{ nodeId: NODE_ID, because: expect.stringContaining("is kept off it by skep's constraint") }],
    });
  });
});

describe('what a person has drained', () => {
  it('is told of only while it is Ready', () => {
    const byHand = (status: SwarmNode['status']): number =>
      found({ nodes: [node({ availability: 'drain', status })] }).reports.length;

    expect([byHand('ready'), byHand('unknown'), byHand('disconnected')]).toEqual([1, 0, 0]);
  });

  it('and was demoted is told of only while it is in service, where its group has managers that only manage', () => {
    const told = (lifecycle: string): (string | undefined)[] => {
      const of = managerGroup([{ instance: INSTANCE, lifecycle }]);
      const metadata = JSON.stringify({ cluster: 'prod', role: 'manager', timeout: 1800, availability: 'drain' });
      const groups = [{ ...of, hooks: of.hooks.map((hook) => ({ ...hook, metadata })) }];
      return found({ nodes: [node({ availability: 'drain' })], groups }).reports.map(({ name }) => name);
    };

    expect(told('InService')).toEqual(['WrongRole']);
    expect(told('Terminating:Proceed')).toEqual([]);
  });
});

describe('a node that is down for good', () => {
  it.each<[string, Partial<TidyFacts>, string]>([
    [
      'whose instance has joined as another one',
      { nodes: [down({ nodeId: OTHER_NODE }), node()] },
      'the node is down, and its instance has joined as another one',
    ],
    [
      'whose instance is terminated',
      { nodes: [down()], groups: members('Terminating:Proceed'), states: new Map([[INSTANCE, 'terminated']]) },
      'the node is down, and its instance is terminated',
    ],
    [
      'whose instance EC2 has forgotten',
      { nodes: [down({ age: 3600 })], groups: [], notFound: new Set([INSTANCE]) },
      'the node is down, and EC2 does not know its instance any more',
    ],
  ])('%s is removed, with the reason', (_what, changes, because) => {
    expect(found(changes)).toMatchObject({ repairs: [{ kind: 'forget', because }], reports: [] });
  });

  it('is the only one that EC2 is asked for by id: the managers may have lost sight of any', () => {
    const asked = (status: SwarmNode['status']): string[] =>
      perhapsForgotten(factsOf({ nodes: [node({ status, age: 9999 })], groups: [] }));

    expect([asked('down'), asked('unknown'), asked('disconnected')]).toEqual([[INSTANCE], [], []]);
  });
});
