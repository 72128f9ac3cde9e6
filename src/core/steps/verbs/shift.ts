// shift: changes services so that tasks move between nodes, and tells how they stand.
import { fitting, fittingTell } from '../../services/shift-limits.ts';
import { listOrNone } from './parameters.ts';
import type { VerbUnit } from './verb.ts';

const ID = '[0-9a-z]{25}';
const TIME = '[0-9]{10,11}';
/** A service, the version of it that was seen, and what becomes of it: see documents/verbs/shift.sh. */
const CHANGE = `${ID}@[0-9]{1,19}@(more@${TIME}|fewer|exclude@${TIME}@${ID}(\\+${ID})*|include|settle|rollback)`;

export const shift: VerbUnit = {
  description: 'changes services so that tasks move between nodes, and tells how they stand; runs on a manager',
  runsOn: 'manager',
  libraries: ['json', 'node', 'services', 'history'],
  parameters: {
    changes: {
      description: 'what to change of which services, each if it still is the version that was seen, or none',
      pattern: `^(none|${CHANGE}(,${CHANGE})*)$`,
      value: ({ shift: { changes } }) => listOrNone(fitting(changes)),
    },
    tell: {
      description:
        'what to tell of - all nodes, all services, these services, or the services with tasks on these nodes',
      pattern: `^(nodes|services|(ids|on):${ID}(,${ID})*)$`,
      value: ({ shift: { tell } }) => fittingTell(tell),
    },
    offset: {
      description: 'where the page begins',
      preset: '0',
      pattern: '^(0|[1-9][0-9]{0,5})$',
      value: ({ offset }) => String(offset),
    },
  },
  // All tasks of a swarm at once, and raft writes.
  runtime: 90,
  // What ends a move that was begun before, or only asks: half-way is where nobody wants to be held.
  underHold: ({ finishing, shift: { changes } }) => finishing || changes.length === 0,
  goesOnUnread: true,
  final: ['DeadlineReached', 'Superseded', 'Held', 'NotFounded'],
};
