// Which node each instance is: it must say so itself, its certificate must say the same, and EC2 must have the node's address for it.
import type { AdoptFacts, AdoptSurvey, FoundInstance, Leading, AdoptedNode } from './facts.ts';
import { hasAnswered } from './facts.ts';
import { finding } from './findings.ts';
import type { AdoptFinding, FindingName } from './findings.ts';
import type { NodeRole } from '../names.ts';
import type { SwarmNode } from '../tidy/facts.ts';

interface Candidate {
  readonly instance: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly zone: string;
}

interface Matched {
  readonly members: readonly AdoptedNode[];
  readonly findings: readonly AdoptFinding[];
}

/** Every instance is a member, or there is a finding that says why it is none. */
export function matchNodes(facts: AdoptFacts, leading: Leading | undefined): Matched {
  const matched = candidatesOf(facts).map((one) => match(one, facts, leading));
  const members = matched.flatMap(({ member }) => member ?? []);
  return {
    members: members.filter((one) => !isTwice(one, members)),
    findings: [
      ...matched.flatMap(({ findings }) => findings),
      ...members
        .filter((one) => isTwice(one, members))
        .map(({ instance, nodeId }) => finding('SameNode', instance, `another instance is node ${nodeId} as well`)),
    ],
  };
}

const candidatesOf = ({ groups }: AdoptFacts): Candidate[] =>
  groups.flatMap(({ name, role, found }) =>
    (found?.instances ?? []).map(({ instance, zone }) => ({ instance, group: name, role, zone })),
  );

const isTwice = ({ nodeId, instance }: AdoptedNode, members: readonly AdoptedNode[]): boolean =>
  members.some((other) => other.nodeId === nodeId && other.instance !== instance);

interface One {
  readonly member?: AdoptedNode;
  readonly findings: readonly AdoptFinding[];
}

const only = (name: FindingName, about: string, because: string): One => ({
  findings: [finding(name, about, because)],
});

function match(one: Candidate, facts: AdoptFacts, leading: Leading | undefined): One {
  const shown = facts.instances.get(one.instance);
  if (shown?.state !== 'running') {
    return only('InstanceOff', one.instance, `EC2 says that it is ${shown?.state ?? 'not there'}`);
  }
  return unreached(one, shown, facts) ?? asked(one, shown, facts, leading);
}

/** Without a role its agent could not register, so that comes first. */
function unreached({ instance }: Candidate, { profile }: FoundInstance, { agents }: AdoptFacts): One | undefined {
  const agent = agents.get(instance) ?? 'never';
  if (agent === 'online') {
    return undefined;
  }
  if (profile === undefined) {
    return only('NoProfile', instance, NO_PROFILE);
  }
  return only('AgentMissing', instance, agent === 'never' ? 'SSM knows no agent of it' : 'its SSM agent is away');
}

const NO_PROFILE = 'it has no instance profile, and so no role';

function asked(one: Candidate, shown: FoundInstance, facts: AdoptFacts, leading: Leading | undefined): One {
  const told = facts.surveys.get(one.instance);
  if (!hasAnswered(told)) {
    const because = told === undefined ? 'it was not asked' : `${told.error}: ${told.cause}`;
    return only('NoAnswer', one.instance, because);
  }
  const { member, findings } = identify(one, told, shown, facts, leading);
  return { ...(member === undefined ? {} : { member }), findings: [...findings, ...condition(one, told, shown)] };
}

/** What a person should know of the machine, whoever it is. */
function condition({ instance, role }: Candidate, { engine, curl }: AdoptSurvey, shown: FoundInstance): AdoptFinding[] {
  return [
    ...(shown.profile !== undefined ? [] : [finding('NoProfile', instance, NO_PROFILE)]),
    ...(shown.hopLimit > 1 ? [finding('HopLimit', instance, `its hop limit is ${shown.hopLimit}`)] : []),
    ...(isOlder(curl, 7, 86)
      ? [finding(role === 'manager' ? 'ManagerCurlTooOld' : 'CurlTooOld', instance, `it has curl ${curl}`)]
      : []),
    ...(isOlder(engine, 20, 10) || isOlder('29.999', ...numbersOf(engine))
      ? [finding('EngineUntested', instance, `it runs Docker ${engine}`)]
      : []),
  ];
}

function numbersOf(version: string): readonly [number, number] {
  const [, major = '0', minor = '0'] = /^(\d{1,4})\.(\d{1,4})/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

/** What tells no version is not called old. */
function isOlder(version: string, major: number, minor: number): boolean {
  const [has, hasMinor] = numbersOf(version);
  return has > 0 && (has < major || (has === major && hasMinor < minor));
}

function identify(
  one: Candidate,
  told: AdoptSurvey,
  shown: FoundInstance,
  facts: AdoptFacts,
  leading: Leading | undefined,
): One {
  const { instance } = one;
  if (told.state === 'inactive') {
    return only('NotInSwarm', instance, 'its engine is in no swarm');
  }
  if (told.state !== 'active') {
    return only('NodeNotReady', instance, `its engine is ${told.state}`);
  }
  if (leading === undefined) {
    // Said once, of all of them.
    return { findings: [] };
  }
  const swarmId = told.certificate?.swarmId ?? '';
  if (swarmId !== leading.swarmId) {
    const other = swarmId === '' ? 'tells no certificate' : `is in swarm ${swarmId}`;
    return only('OtherSwarm', instance, `its engine ${other}, and ${leading.instance} is in ${leading.swarmId}`);
  }
  if (told.manager && told.epoch !== String(leading.epoch)) {
    const epochs = `it is a manager of epoch ${told.epoch}, and ${leading.instance} of ${leading.epoch}`;
    return only('OtherEpoch', instance, epochs);
  }
  return proved(one, told, shown, facts);
}

function proved(one: Candidate, told: AdoptSurvey, shown: FoundInstance, { nodes = [] }: AdoptFacts): One {
  const { instance } = one;
  const { nodeId, address, certificate } = told;
  if (certificate?.nodeId !== nodeId) {
    return only(
      'NotTheCertificate',
      instance,
      `it calls itself ${nodeId}, its certificate ${certificate?.nodeId ?? ''}`,
    );
  }
  if (address === '' || address !== shown.privateIp) {
    const has = shown.privateIp ?? 'none';
    return only('NotTheAddress', instance, `its node is at ${address}, and the address of the instance is ${has}`);
  }
  const node = nodes.find((other) => other.nodeId === nodeId);
  return node === undefined
    ? only('NodeNotReady', instance, `the managers know no node ${nodeId}`)
    : asMember(one, node, address);
}

function asMember(one: Candidate, node: SwarmNode, address: string): One {
  const { instance, role } = one;
  const { nodeId, availability } = node;
  if (node.status !== 'ready') {
    return only('NodeNotReady', instance, `the managers see node ${nodeId} as ${node.status}`);
  }
  if (node.isManager && !node.isReachable) {
    return only('NodeNotReady', instance, `the managers do not reach manager ${nodeId}`);
  }
  if (node.role !== role) {
    return only('WrongRole', instance, `its node is a ${node.role}, and its group is to have ${role}s`);
  }
  // While it is promoted or demoted.
  if (node.isManager !== (role === 'manager')) {
    const is = node.isManager ? 'is still a manager' : 'is none yet';
    return only('WrongRole', instance, `its node is to be a ${role}, and ${is}`);
  }
  if (node.instance !== undefined && node.instance !== instance) {
    return only('LabelOfAnother', instance, `its node bears the label of ${node.instance}`);
  }
  return { member: { ...one, nodeId, address: `${address}:2377`, availability }, findings: [] };
}
