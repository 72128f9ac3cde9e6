// mend: what a tidy repairs of many nodes at once.
import { listOrNone } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

/** A node and its instance: `node@instance`. */
const NODE = '[0-9a-z]{25}@i-[0-9a-f]{8,17}';
/** The same, or a node as which no engine ever came: `node@none`. */
const NODE_OR_NOBODYS = '[0-9a-z]{25}@(none|i-[0-9a-f]{8,17})';
/** And the version of the node that was seen. */
const VERSIONED = `${NODE}@[0-9]{1,19}`;
const LABEL = '[a-zA-Z][a-zA-Z0-9._-]*=[a-zA-Z0-9._/:-]*';

const listOf = (one: string): string => `^(none|${one}(,${one})*)$`;

export const mend: VerbUnit = {
  description: 'removes nodes that are down for good and activates what skep left drained or paused; runs on a manager',
  runsOn: 'manager',
  libraries: ['node'],
  parameters: {
    forget: {
      description: 'the nodes to remove, each with its instance (none where no engine ever came), or none',
      pattern: listOf(NODE_OR_NOBODYS),
      value: ({ mend: { forget } }) => listOrNone(forget),
    },
    restore: {
      description: 'the nodes to activate, each with its instance and the version that was seen, or none',
      pattern: listOf(VERSIONED),
      value: ({ mend: { restore } }) => listOrNone(restore),
    },
    label: {
      description: 'the nodes that get labels, each with its instance, or none',
      preset: 'none',
      pattern: listOf(NODE),
      value: ({ mend: { label } }) => listOrNone(label),
    },
    labels: {
      description: 'the labels that they get, key=value, separated by commas, or none',
      preset: 'none',
      pattern: listOf(LABEL),
      maxChars: 2048,
      value: ({ mend: { labels } }) => labels,
    },
  },
  // A raft write per node, 200 of them at most.
  runtime: 90,
  final: ['Held', 'NotFounded'],
};
