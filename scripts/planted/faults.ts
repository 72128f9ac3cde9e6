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
  {
    name: 'a command has no end',
    why: 'what SSM delivers hours late is carried out all the same',
    file: 'lab/nodes/simulated/documents/script.ts',
    find: 'if (this.seconds() > Number(notAfter)) {',
    put: 'if (this.seconds() > Number(notAfter) + 1e9) {',
  },
  {
    name: 'the quorum counts who goes',
    why: 'a manager is demoted where the others are no majority, since it is counted among them',
    file: 'src/core/managers/quorum.ts',
    find: 'const left = members.filter((member) => member.nodeId !== nodeId);',
    put: 'const left = members;',
  },
  {
    name: 'forced from the start',
    why: 'a node is removed while its tasks run, as only one may be whose instance is gone',
    file: 'src/core/steps/command.ts',
    find: 'force: force || facts.isUnhealthy === true,',
    put: 'force: true,',
  },
  {
    name: 'whoever asks takes over',
    why: 'an event that comes a second time takes the instance from the execution that is at work on it',
    file: 'src/core/lifecycle/claim.ts',
    find: 'if (held.owner === owner || action',
    put: "if (held.owner !== '' || action",
  },
  {
    name: 'a founder expires',
    why: 'a second instance founds a swarm while the first one is at it',
    file: 'src/core/lifecycle/founder.ts',
    find: 'return states.every((state) =>',
    put: 'return now - founder.since > 60 || states.every((state) =>',
  },
  {
    name: 'EC2 is asked once',
    why: 'an instance that one answer leaves out is taken for gone, and its node is removed',
    file: 'src/core/tidy/repair-nodes.ts',
    find: 'return groupOf(instance, groups) === undefined && (age ?? 0) >= SHOWN_FOR && notFound.has(instance)',
    put: 'return (age ?? 0) >= 0 || groups.length < 0 || notFound.has(`${SHOWN_FOR}`)',
  },
  {
    name: 'the lock is kept while it waits',
    why: 'a manager that may not go yet waits with the lock that its replacement needs',
    file: 'src/core/steps/waits.ts',
    find: "return queueFor({ for: 'managers', releaseLock: true });",
    put: "return queueFor({ for: 'managers', releaseLock: false });",
  },
  {
    name: 'the agent speaks for the document',
    why: 'a script that the agent lost ends the step, and with it an instance that is not drained',
    file: 'src/core/steps/result.ts',
    find: 'retryable: !isEnd(verb, error) };',
    put: "retryable: !isEnd(verb, error) && !['ScriptLost', 'CommandUndelivered'].includes(error) };",
  },
  {
    name: 'what nobody knows is final',
    why: 'an error that is in no list completes the hook of an instance that is not drained',
    file: 'statemachines/scale-in.asl.yaml',
    find: 'back: Drain }\n        Next: Again',
    put: 'back: Drain }\n        Next: Complete',
  },
  {
    name: 'a join is taken for none',
    why: 'an instance whose join was sent is let go at once, and its node stays in the swarm',
    file: 'src/core/lifecycle/claim.ts',
    find: "return node?.phase === 'launching' && node.nodeId === undefined && founder?.instance !== instance;",
    put: "return node?.phase !== 'ready' && node?.phase !== 'leaving' && founder?.instance !== instance;",
  },
  {
    name: 'a saved spec is written back',
    why: 'after a hand-over a service is what it was before the last deployment of its owner',
    file: 'lab/nodes/simulated/documents/service-changes.ts',
    find: 'write(context, present);',
    put: 'write(context, kept.previous.spec);',
  },
  {
    name: 'the replica for the hand-over stays',
    why: 'each hand-over leaves a service one replica larger',
    file: 'lab/nodes/simulated/documents/service-changes.ts',
    find: 'const replicas = spec.replicas === Number(before) + 1 ? Number(before) : spec.replicas;',
    put: 'const replicas = Number(before) > 0 ? spec.replicas : Number(before);',
  },
];
