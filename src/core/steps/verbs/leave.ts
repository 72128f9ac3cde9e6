// leave: waits on the instance that is leaving until its tasks have stopped, and leaves the swarm where that is asked.
import { OF_AN_ACTION } from '../final-reasons.ts';
import { instanceId, yesOrNo } from './parameters.ts';
import type { CommandFacts, VerbUnit } from './verb.ts';

/** How long the tasks of a last manager have to stop, while nobody can join: nobody is left who could take them over. */
const LAST_TASKS = 300;

export const leave: VerbUnit = {
  description: 'waits until the tasks of the instance have stopped, and leaves the swarm if asked',
  runsOn: 'instance',
  libraries: ['machine'],
  parameters: {
    instanceId,
    waitUntil: {
      description: 'waits for the containers until this time, seconds since 1970',
      pattern: '^[0-9]{10,11}$',
      value: (facts) => String(waitUntil(facts)),
    },
    depart: {
      description:
        'whether to leave the swarm, for an instance whose disk lives on, or as the last manager, with which the swarm ends',
      pattern: '^(yes|no|last)$',
      value: (facts) => (facts.last ? 'last' : yesOrNo(departs(facts))),
    },
    swarmId: {
      description: "the id of the cluster's swarm: another one is not left",
      preset: 'unknown',
      pattern: '^([0-9a-z]{25}|none|unknown)$',
      value: ({ plan }) => plan.swarm?.swarmId ?? 'none',
    },
  },
  // Until its deadline.
  runtime: (facts) => Math.max(60, waitUntil(facts) - facts.now + 30),
  // A leave writes its own `notAfter` down as a fence, and a join whose `notAfter` is not later is refused. The joins of a manager must start within
  // two minutes. If a leave could start later, its fence would refuse joins that were sent after it, and a manager that was undone would stay out.
  startsSoon: ({ plan }) => plan.role === 'manager' && plan.route !== 'found',
  mayPredateFounding: true,
  givesUpOnSilence: true,
  tellsNodeIdLast: true,
  final: [...OF_AN_ACTION, 'LockTaken', 'StillManager', 'NotLast', 'NodeUnresponsive', 'InstanceUnreachable'],
  tellsOwnNodeId: true,
  record: ({ nodeId }) => ({ nodeId, formerNodeId: nodeId }),
};

/** A node that was never activated has no tasks to wait for and no reason to stay a member. */
function departs({ plan, undo, node }: CommandFacts): boolean {
  return undo || plan.depart === true || node.nodeId === 'none';
}

/** What tells of its end must have gone before the machine goes, seconds. */
const BEFORE_ITS_END = 5;

function waitUntil({ plan, undo, last, now }: CommandFacts): number {
  const { deadline = now, diesAt = Infinity } = plan;
  const end = Math.max(now + 20, Math.min(deadline - 30, diesAt - BEFORE_ITS_END));
  return undo ? now + 20 : last ? Math.min(end, now + LAST_TASKS) : end;
}
