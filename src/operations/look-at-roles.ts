// What the roles of the instances may, as IAM simulates it: for each group, and each instance profile that is in it.
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { IAMClient } from '@aws-sdk/client-iam';

import { ifPermitted } from '../aws/if-permitted.ts';
import { errorName } from '../aws/errors.ts';
import { roleOfProfile } from '../aws/instance-roles.ts';
import { readStack } from '../aws/stacks.ts';
import type { AdoptFacts, IfPermitted, FoundGroup, FoundInstance, FoundRole } from '../core/adopt/facts.ts';
import { asksOf } from '../core/adopt/look-roles.ts';
import type { NodeRole } from '../core/names.ts';

interface Ports {
  readonly stage: string;
  readonly iam: IAMClient;
  readonly cloudFormation: CloudFormationClient;
}
interface RolesWish {
  readonly cluster: string;
  readonly groups: readonly { readonly name: string; readonly role: NodeRole }[];
}
interface FoundFacts {
  readonly found: ReadonlyMap<string, FoundGroup>;
  readonly instances: ReadonlyMap<string, FoundInstance>;
  readonly agents: AdoptFacts['agents'];
}
type Roles = AdoptFacts['groups'][number]['roles'];

export async function rolesOfEach(
  ports: Ports,
  wish: RolesWish,
  seen: FoundFacts,
): Promise<ReadonlyMap<string, Roles>> {
  const key = await keyOf(ports);
  const roles = new Map<string, Roles>();
  for (const { name, role } of wish.groups) {
    const members = (seen.found.get(name)?.instances ?? []).map(({ instance }) => instance);
    const profiles = [...new Set(members.flatMap((instance) => seen.instances.get(instance)?.profile ?? []))];
    const ofGroup = profiles.map(async (profile) => {
      const isSilent = members.some(
        (instance) => seen.instances.get(instance)?.profile === profile && seen.agents.get(instance) !== 'online',
      );
      const question = { stage: ports.stage, cluster: wish.cluster, role, isSilent };
      return {
        profile,
        found: 'unseen' in key ? key : await readRole(ports.iam, profile, { ...question, key: key.seen }),
      };
    });
    roles.set(name, await Promise.all(ofGroup));
  }
  return roles;
}

/** Policies name it, and not its alias. */
async function keyOf({ stage, cloudFormation }: Ports): Promise<IfPermitted<string>> {
  const stack = await ifPermitted('cloudformation:DescribeStacks', readStack(cloudFormation, `skep-${stage}`));
  if ('unseen' in stack) {
    return stack;
  }
  const key = stack.seen?.outputs['JoinTokenKeyArn'];
  return key === undefined
    ? { unseen: `the stack skep-${stage} tells no JoinTokenKeyArn: deploy the service anew` }
    : { seen: key };
}

async function readRole(
  iam: IAMClient,
  profile: string,
  question: Parameters<typeof asksOf>[0],
): Promise<IfPermitted<FoundRole>> {
  try {
    const actions = 'iam:GetInstanceProfile, iam:GetRole and iam:SimulatePrincipalPolicy';
    const role = await ifPermitted(actions, roleOfProfile(iam, profile, asksOf(question)));
    if ('unseen' in role) {
      return role;
    }
    return role.seen === undefined ? { unseen: 'the profile has no role' } : { seen: role.seen };
  } catch (error) {
    if (!/^NoSuchEntity/.test(errorName(error))) throw error;
    return { unseen: 'IAM has no such profile any more' };
  }
}
