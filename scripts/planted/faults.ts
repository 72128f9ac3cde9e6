// Faults that are planted into copies of the project, to see whether simulations bite: one change of the text each.

export interface PlantedFault {
  readonly name: string;
  /** What a reader loses if it is not found. */
  readonly why: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly put: string;
}

const MANAGER_DOCUMENTS = 'lab/nodes/simulated/documents/manager.ts';

export const FAULTS: readonly PlantedFault[] = [
  {
    name: 'what is down is gone',
    why: 'a tidy forgets a node whose instance lives, since EC2 is not believed',
    file: 'src/core/tidy/repair-nodes.ts',
    find: 'return GONE.includes(state) ? `its instance is ${state}` : undefined;',
    put: 'return `its instance is ${state}`;',
  },
  {
    name: 'one manager fewer is enough',
    why: 'managers are thinned out below what their groups want, as SwarmKit alone would allow',
    file: 'src/core/managers/quorum.ts',
    find: 'return reachable < least\n',
    put: 'return reachable < least - 1\n',
  },
  {
    name: 'forgotten before drained',
    why: 'a node is removed while its managers count tasks as at work on it',
    file: MANAGER_DOCUMENTS,
    find: "(await script.cluster('read', 8)).tasks.atWorkOn(nodeId) > 0;",
    put: "(await script.cluster('read', 8)).tasks.atWorkOn(nodeId) > 1000;",
  },
  {
    name: 'a constraint stays',
    why: 'the hand-over of a service takes its mark away, and leaves its constraint',
    file: 'lab/nodes/simulated/documents/service-changes.ts',
    find: 'const constraints = placement.constraints.filter((one) => !constraintsOf(nodes).includes(one));',
    put: 'const constraints = placement.constraints.filter((one) => !constraintsOf(`${nodes}x`).includes(one));',
  },
  {
    name: 'what came through stays outside',
    why: 'an instance that went into service while events were lost is never joined by a tidy',
    file: 'src/core/tidy/repair-instances.ts',
    find: "return !isMember && ['InService', 'Pending:Wait'].includes(lifecycle) && lives && !isTaken(item, now);",
    put: "return !isMember && ['Pending:Wait'].includes(lifecycle) && lives && !isTaken(item, now);",
  },
];
