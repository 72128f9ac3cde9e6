// What a tidy does about labels: a group that has got others since its nodes were confirmed has them written, many with one command.
import { labelsDigest, pairsOf } from '../labels.ts';
import { wishesOf } from './group-wishes.ts';
import { chunks } from '../chunks.ts';
import { isWorkedOn } from './repair-nodes.ts';
import type { Conclusions } from './repair-nodes.ts';
import type { KnownNode, NodeRef, Repair, SwarmNode, TidyFacts, TidyGroup } from './facts.ts';

/** Of one command, which reads and writes each of them, within ninety seconds. */
const NODES_AT_ONCE = 100;
const NONE = labelsDigest({});

/**
 * The table knows which labels a node was given, so that nobody asks the swarm for them, and what a person has changed on a node by hand
 * stays until the group's own change. A label that the group has no more stays as well: it may be somebody else's by now.
 */
export function repairLabels(facts: TidyFacts): Conclusions {
  const present = new Map(facts.nodes.filter(isPresent).map((node) => [node.instance, node]));
  return { repairs: facts.groups.flatMap((group) => labelled(group, present, facts)), reports: [] };
}

const isPresent = ({ status, isLeaving }: SwarmNode): boolean => status === 'ready' && !isLeaving;

function labelled(group: TidyGroup, present: ReadonlyMap<string | undefined, SwarmNode>, facts: TidyFacts): Repair[] {
  const { labels = {} } = wishesOf(group, facts.stage) ?? {};
  const wanted = labelsDigest(labels);
  // Nothing is taken away, so that there is nothing to write either.
  if (wanted === NONE) {
    return [];
  }
  const inService = new Set(
    group.instances.filter(({ lifecycle }) => lifecycle === 'InService').map(({ instance }) => instance),
  );
  const isBehind = ({ instance, phase, nodeId, labelled: had = NONE }: KnownNode): boolean =>
    phase === 'ready' &&
    had !== wanted &&
    inService.has(instance) &&
    nodeId !== undefined &&
    present.get(instance)?.nodeId === nodeId &&
    !isWorkedOn(instance, facts);
  return chunks(facts.known.filter(isBehind), NODES_AT_ONCE).map((items) => ({
    kind: 'label',
    group: group.name,
    nodes: items.flatMap(({ instance, nodeId }): NodeRef[] => (nodeId === undefined ? [] : [{ nodeId, instance }])),
    labels: pairsOf(labels),
    items: items.map(({ instance, owner }) => ({ instance, owner })),
    labelled: wanted,
    because: `the hook of the group names labels that ${items.length} of its nodes were not given`,
  }));
}
