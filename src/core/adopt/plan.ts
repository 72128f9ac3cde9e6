// An adoption as steps: what is there already is left out, so that a second run does nothing, and one that was stopped goes on. Each step
// can be taken twice.
import { hookProblems } from '../lifecycle/hooks.ts';
import type { HookWish } from '../lifecycle/hooks.ts';
import type { Manager } from '../model.ts';
import type { NodeRole } from '../names.ts';
import type { ClusterConfig } from '../steps/verbs/verb.ts';
import { leadingOf } from './facts.ts';
import type { AdoptFacts, FoundGroup, Leading, AdoptedNode } from './facts.ts';
import { isStop } from './findings.ts';
import type { AdoptFinding } from './findings.ts';
import { groupFindings } from './look-groups.ts';
import { portFindings } from './look-ports.ts';
import { roleFindings } from './look-roles.ts';
import { swarmFindings } from './look-swarm.ts';
import { wayFindings } from './look-ways.ts';
import { matchNodes } from './match.ts';

/** Why the cluster is held while it is taken in: all who meet the hold read it. */
export const ADOPTING = 'skep adopt is at work: run it again if it was stopped';

/** Which swarm a command is about. */
export interface SwarmRef {
  readonly swarmId: string;
  readonly epoch: number;
}

/** What the table records of the swarm. */
export interface Adopted extends SwarmRef {
  readonly leader: Manager;
  readonly managers: readonly Manager[];
  readonly config: ClusterConfig;
  /** As it was seen: somebody else must not have begun to found meanwhile. */
  readonly founder: string | undefined;
}

export type AdoptStep =
  /** Nothing else of skep changes anything until the last step. */
  | { readonly kind: 'hold'; readonly config: ClusterConfig }
  /** The leader publishes its join tokens, and the swarm goes on record. */
  | { readonly kind: 'record'; readonly adopted: Adopted }
  | {
      readonly kind: 'label';
      readonly swarm: SwarmRef;
      readonly member: AdoptedNode;
      readonly managers: readonly Manager[];
    }
  | { readonly kind: 'note'; readonly members: readonly NotedMember[] }
  | { readonly kind: 'tag-group'; readonly group: string; readonly role: NodeRole }
  | { readonly kind: 'tag-instances'; readonly role: NodeRole; readonly instances: readonly string[] }
  /** What its hook abandons is to be retained: before there is a hook that abandons. */
  | { readonly kind: 'retain'; readonly group: string }
  | { readonly kind: 'hook'; readonly wish: HookWish }
  | { readonly kind: 'unhold' };

interface NotedMember extends AdoptedNode {
  /** Whose the item is by now. */
  readonly owner: string | undefined;
}

export interface Adoption {
  readonly findings: readonly AdoptFinding[];
  readonly members: readonly AdoptedNode[];
  /** Nothing where a finding stops it. */
  readonly steps: readonly AdoptStep[];
}

export function planAdoption(facts: AdoptFacts): Adoption {
  const leading = leadingOf(facts);
  const { members, findings: unmatched } = matchNodes(facts, leading);
  const findings = [
    ...groupFindings(facts),
    ...roleFindings(facts),
    ...wayFindings(facts),
    ...portFindings(facts, leading?.founded.dataPathPort),
    ...unmatched,
    ...swarmFindings(facts, leading, members),
  ];
  const steps = leading === undefined || findings.some(isStop) ? [] : stepsOf(facts, leading, members);
  return { findings, members, steps };
}

function stepsOf(facts: AdoptFacts, leading: Leading, members: readonly AdoptedNode[]): AdoptStep[] {
  const config = configOf(leading);
  const steps = [
    // Before the swarm is on record: from then on tidies ask its managers, and may send documents to tagged instances only.
    ...facts.groups.flatMap(({ role, found }) => (found === undefined ? [] : instanceSteps(facts, role, found))),
    ...recordStep(facts, leading, members, config),
    ...nodeSteps(facts, leading, members),
    ...facts.groups.flatMap(({ name, role, found }) =>
      found === undefined ? [] : groupSteps(facts, name, role, found),
    ),
    // The hooks come last of all: from the first one on the group waits for skep.
    ...facts.groups.flatMap(({ name, role, found }) =>
      found === undefined ? [] : hookSteps(facts, { name, role }, found, members),
    ),
  ];
  const { state } = facts;
  const isHeldByUs = state?.hold?.because === ADOPTING;
  if (steps.length === 0) {
    return isHeldByUs ? [{ kind: 'unhold' }] : [];
  }
  // If a person holds the cluster, it stays held.
  const isHeldByOthers = state?.hold !== undefined && !isHeldByUs;
  return [
    ...(state?.hold === undefined ? [{ kind: 'hold', config } as const] : []),
    ...steps,
    ...(isHeldByOthers ? [] : [{ kind: 'unhold' } as const]),
  ];
}

const configOf = ({ founded }: Leading): ClusterConfig => ({
  addressPool: founded.pools[0] ?? '',
  subnetSize: founded.subnetSize,
  dataPathPort: founded.dataPathPort,
});

const asManager = ({ instance, nodeId, address }: AdoptedNode): Manager => ({ instance, nodeId, address });

const managersOf = (members: readonly AdoptedNode[]): Manager[] =>
  members.filter(({ role }) => role === 'manager').map(asManager);

function recordStep(
  { state, founder }: AdoptFacts,
  { instance, swarmId, epoch }: Leading,
  members: readonly AdoptedNode[],
  config: ClusterConfig,
): AdoptStep[] {
  const managers = managersOf(members);
  const leader = managers.find((one) => one.instance === instance);
  return state?.status === 'founded' || leader === undefined
    ? []
    : [{ kind: 'record', adopted: { swarmId, epoch, leader, managers, config, founder } }];
}

/** Those that the table has as they are were labelled before. */
function nodeSteps({ known }: AdoptFacts, { swarmId, epoch }: Leading, members: readonly AdoptedNode[]): AdoptStep[] {
  const itemOf = (instance: string): AdoptFacts['known'][number] | undefined =>
    known.find((one) => one.instance === instance);
  const fresh = members.filter(({ instance, nodeId }) => {
    const item = itemOf(instance);
    return item?.phase !== 'ready' || item.nodeId !== nodeId;
  });
  const managers = managersOf(members);
  return fresh.length === 0
    ? []
    : [
        ...fresh.map((member) => ({ kind: 'label', swarm: { swarmId, epoch }, member, managers }) as const),
        { kind: 'note', members: fresh.map((one) => ({ ...one, owner: itemOf(one.instance)?.owner })) },
      ];
}

function instanceSteps({ cluster, instances }: AdoptFacts, role: NodeRole, found: FoundGroup): AdoptStep[] {
  const untagged = found.instances
    .map(({ instance }) => instance)
    .filter((instance) => {
      const shown = instances.get(instance);
      return shown?.cluster !== cluster || shown.roleTag !== role;
    });
  return untagged.length === 0 ? [] : [{ kind: 'tag-instances', role, instances: untagged }];
}

const groupSteps = ({ cluster }: AdoptFacts, group: string, role: NodeRole, found: FoundGroup): AdoptStep[] =>
  found.cluster === cluster && found.roleTag === role ? [] : [{ kind: 'tag-group', group, role }];

function hookSteps(
  { stage, cluster }: AdoptFacts,
  { name, role }: { readonly name: string; readonly role: NodeRole },
  { hooks, retains }: FoundGroup,
  members: readonly AdoptedNode[],
): AdoptStep[] {
  const problems = hookProblems(stage, cluster, { name, role, hooks });
  const own = members.filter(({ group }) => group === name);
  const areDrained = own.length > 0 && own.every(({ availability }) => availability === 'drain');
  const wishes = problems.map(({ wish }) => (role === 'manager' && areDrained ? asDrained(wish) : wish));
  return [
    ...(role === 'manager' && !retains ? [{ kind: 'retain', group: name } as const] : []),
    ...wishes.map((wish) => ({ kind: 'hook', wish }) as const),
  ];
}

/** Managers that only manage: the next one is to come as they are. */
function asDrained(wish: HookWish): HookWish {
  const metadata = JSON.parse(wish.NotificationMetadata) as Record<string, unknown>;
  return { ...wish, NotificationMetadata: JSON.stringify({ ...metadata, availability: 'drain' }) };
}

/** In words, for a person. */
export function stepText(step: AdoptStep): string {
  switch (step.kind) {
    case 'hold':
      return 'hold the cluster until all of this is done';
    case 'record':
      return `publish the join tokens of swarm ${step.adopted.swarmId}, and record it with its ${step.adopted.managers.length} manager(s)`;
    case 'label':
      return `label node ${step.member.nodeId} as ${step.member.instance} of ${step.member.group}; it stays ${step.member.availability}`;
    case 'note':
      return `record ${step.members.length} node(s)`;
    case 'tag-group':
      return `tag group ${step.group} as ${step.role}s, and what it launches`;
    case 'tag-instances':
      return `tag ${step.instances.length} instance(s) as ${step.role}s`;
    case 'retain':
      return `have group ${step.group} retain what its terminate hook abandons`;
    case 'hook':
      return `give group ${step.wish.AutoScalingGroupName} the hook ${step.wish.LifecycleHookName}`;
    case 'unhold':
      return 'end the hold';
  }
}
