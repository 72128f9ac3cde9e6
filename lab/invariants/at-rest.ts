// What must be so when nothing goes wrong any more and tidies have passed: the swarm is the instances, and nothing is left over.
import type { Lab } from '../lab.ts';
import type { NodeTruth, SwarmTruth } from '../nodes/machines.ts';
import type { Group, Member } from '../aws/services/group.ts';
import { lastTidy } from './last-tidy.ts';
import { ledSwarms } from './led-swarms.ts';
import type { Kept } from './kept.ts';
import type { Violation } from './rules.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

type Problem = Pick<Violation, 'rule' | 'what'>;

interface Instance {
  readonly group: Group;
  readonly member: Member;
}

export async function atRest(lab: Lab, cluster: string, kept: Kept): Promise<Problem[]> {
  const [swarm] = ledSwarms(lab);
  const { state, verdict } = await kept.read();
  const isSaidHealthy = verdict?.level === 'healthy';
  if (swarm === undefined) {
    return state === 'founded' && isSaidHealthy ? [lie('no swarm has a leader')] : [];
  }
  const isTold = verdict?.reasons.some(({ name }) => name === 'NodeUnknown') === true;
  const nodes = swarm.nodes.filter((node) => !(isTold && wasNeverConfirmed(node)));
  const wrong = swarmProblems(lab, cluster, nodes);
  const lies = isSaidHealthy ? wrong.slice(0, 1).map(({ what }) => lie(what)) : [];
  const locks = await kept.locks(Math.floor(lab.clock.now() / 1000));
  const held = locks.map((what): Problem => ({ rule: 'nothing-left-over', what: `a lock is held: ${what}` }));
  return [...wrong, ...lies, ...held, ...leftOver(nodes, swarm), ...underWay(lab)];
}

const lie = (what: string): Problem => ({ rule: 'honest-verdict', what: `it is healthy, and ${what}` });

/** Its instance ended between the join and the confirmation, and nobody heard of the join: whose it was only a person can find out. */
const wasNeverConfirmed = ({ status, role, labels }: NodeTruth): boolean =>
  status === 'down' && role === 'worker' && labels[INSTANCE_LABEL] === undefined;

const groupsOf = (lab: Lab, cluster: string): Group[] =>
  [...lab.autoScaling.groups.values()].filter(({ tags }) => tags['skep:cluster'] === cluster);

function swarmProblems(lab: Lab, cluster: string, nodes: readonly NodeTruth[]): Problem[] {
  const instances = groupsOf(lab, cluster).flatMap((group) =>
    [...group.members.values()].map((member): Instance => ({ group, member })),
  );
  const kept = instances.filter(({ member }) => member.lifecycle === 'InService' || member.lifecycle === 'Standby');
  const others = new Set(instances.filter((one) => !kept.includes(one)).map(({ member }) => member.instanceId));
  const problems = [
    ...kept.flatMap((instance) => instanceProblems(instance, nodes)),
    ...nodes.flatMap((node) => strangers(node, kept, others)),
    ...groupsOf(lab, cluster).flatMap((group) => groupProblems(group)),
  ];
  return problems.map((what) => ({ rule: 'swarm-is-the-instances', what }));
}

function instanceProblems({ group, member }: Instance, nodes: readonly NodeTruth[]): string[] {
  const { instanceId, lifecycle } = member;
  const own = nodes.filter(({ labels }) => labels[INSTANCE_LABEL] === instanceId);
  const [node, another] = own;
  if (node === undefined || another !== undefined) {
    return [`${instanceId} of ${group.name} is ${lifecycle} and has ${own.length} nodes`];
  }
  return [
    ...(node.status === 'ready' ? [] : [`node ${node.nodeId} of ${instanceId} (${lifecycle}) is ${node.status}`]),
    ...(node.role === group.tags['skep:role'] ? [] : [`node ${node.nodeId} of ${instanceId} is a ${node.role}`]),
    ...(node.machines.join() === instanceId
      ? []
      : [`node ${node.nodeId} of ${instanceId} is run by ${node.machines.join() || 'nobody'}`]),
  ];
}

/** Nodes of nobody. What is retained stays a member until a person ends it, and is reported. */
function strangers(
  { nodeId, labels, status }: NodeTruth,
  kept: readonly Instance[],
  others: ReadonlySet<string>,
): string[] {
  const instance = labels[INSTANCE_LABEL];
  const isKept = kept.some(({ member }) => member.instanceId === instance);
  return isKept || (instance !== undefined && others.has(instance))
    ? []
    : [`node ${nodeId} (${status}) is that of ${instance ?? 'no instance'}, which no group has`];
}

function groupProblems({ name, members, desired }: Group): string[] {
  const inService = [...members.values()].filter(({ lifecycle }) => lifecycle === 'InService').length;
  return inService === desired ? [] : [`${name} wants ${desired} and has ${inService} in service`];
}

function leftOver(nodes: readonly NodeTruth[], { services }: SwarmTruth): Problem[] {
  const what = [
    ...services
      .filter(({ constraints }) => constraints.some((one) => one.includes('node.id')))
      .map(({ name, constraints }) => `service ${name} has ${constraints.join(', ')}`),
    ...nodes
      .filter(({ availability }) => availability !== 'active')
      .map(({ nodeId, availability }) => `node ${nodeId} is at ${availability}`),
  ];
  return what.map((one) => ({ rule: 'nothing-left-over', what: one }));
}

function underWay(lab: Lab): Problem[] {
  const running = lab.executions
    .filter(({ status }) => status === 'RUNNING')
    .map(({ stateMachine, name }) => `${stateMachine.name} ${name} runs`);
  const open = [...lab.autoScaling.actions.values()].map(
    ({ hook, instanceId }) => `${hook.name} of ${instanceId} is open`,
  );
  const repairs = lastTidy(lab).map((kind) => `the last tidy had ${kind} to do`);
  return [...running, ...open, ...repairs].map((what) => ({ rule: 'comes-to-rest', what }));
}
