// Labels that a group has got since its nodes were confirmed: who gets them, and with how many commands.
import { describe, expect, it } from '@jest/globals';

import { labelsDigest } from '../../../../src/core/labels.ts';
import { repairLabels } from '../../../../src/core/tidy/repair-labels.ts';
import type { Repair, TidyFacts, TidyGroup } from '../../../../src/core/tidy/facts.ts';
import { INSTANCE, NODE_ID, NOW } from '../../support/examples.ts';
import { ARN, OTHER_NODE, down, factsOf, group, item, node } from '../../support/tidy-facts.ts';

const LABELS = { tier: 'web', rack: 'a' };
const DIGEST = labelsDigest(LABELS);

function labelled(labels: Readonly<Record<string, string>>, of: TidyGroup = group()): TidyGroup {
  const metadata = JSON.stringify({ cluster: 'prod', role: of.role, timeout: 1800, labels });
  return { ...of, hooks: of.hooks.map((hook) => ({ ...hook, metadata })) };
}

const repairs = (facts: Partial<TidyFacts> = {}): readonly Repair[] =>
  repairLabels(factsOf({ groups: [labelled(LABELS)], ...facts })).repairs;

describe('labels that were added to a group', () => {
  it('are written on its nodes, and the table is told', () => {
    expect(repairs()).toEqual([
      {
        kind: 'label',
        group: 'workers',
        nodes: [{ nodeId: NODE_ID, instance: INSTANCE }],
        labels: 'tier=web,rack=a',
        items: [{ instance: INSTANCE, owner: 'me' }],
        labelled: DIGEST,
        because: 'the hook of the group names labels that 1 of its nodes were not given',
      },
    ]);
  });

  it.each<[string, Partial<TidyFacts>]>([
    ['has them', { known: [item({ labelled: DIGEST })] }],
    ['has them, in another order', { known: [item({ labelled: labelsDigest({ rack: 'a', tier: 'web' }) })] }],
    ['is another one by now', { nodes: [node({ nodeId: OTHER_NODE })] }],
    ['is down', { nodes: [down()] }],
    ['is on its way out', { nodes: [node({ isLeaving: true, availability: 'drain' })] }],
    ['is not in service', { groups: [labelled(LABELS, group([{ instance: INSTANCE, lifecycle: 'Standby' }]))] }],
    ['is being worked on', { known: [item({ phase: 'joining', leaseUntil: NOW + 1, ownerArn: ARN })] }],
  ])('are not written on one that %s', (_what, facts) => {
    expect(repairs(facts)).toEqual([]);
  });

  it('are none where the group has none, and where its hook cannot be read', () => {
    expect(repairs({ groups: [labelled({})], known: [item({ labelled: DIGEST })] })).toEqual([]);
    expect(repairs({ groups: [group(undefined, { hooks: [] })] })).toEqual([]);
  });

  it('of two hundred and fifty nodes take three commands', () => {
    const ids = Array.from({ length: 250 }, (_, index) => ({
      nodeId: String(index).padStart(25, 'n'),
      instance: `i-${String(index).padStart(17, '0')}`,
    }));
    const many = repairs({
      groups: [labelled(LABELS, group(ids.map(({ instance }) => ({ instance, lifecycle: 'InService' }))))],
      nodes: ids.map((one) => node(one)),
      known: ids.map((one) => item(one)),
    });
    expect(many.map((repair) => (repair.kind === 'label' ? repair.nodes.length : 0))).toEqual([100, 100, 50]);
  });
});
