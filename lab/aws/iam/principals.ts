// Who has which role, with its policies compiled: functions and machines as the template says, instances by their profile, rules by
// their targets.
import { StackError } from '../stack/stack.ts';
import type { Place, Stack, StackRole } from '../stack/stack.ts';
import { AMAZON_SSM_MANAGED_INSTANCE_CORE } from './managed-policies.ts';
import { compilePolicy } from './policy.ts';
import type { Policy } from './policy.ts';

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly trust: Policy;
  readonly policy: Policy;
}

/** The profile of an instance: what a person has set up for a group. */
export interface InstanceProfile {
  readonly name: string;
  /** Whose node policy it has. */
  readonly stage: string;
  readonly role: 'worker' | 'manager';
  readonly tags: Readonly<Record<string, string>>;
  /** AmazonSSMManagedInstanceCore; without it the agent is let in by the account's Default Host Management Configuration. */
  readonly managedInstanceCore: boolean;
  readonly withoutNodePolicy?: boolean;
  /** In place of all that: the role of the profile as it is now, where CloudFormation has made the group. */
  readonly made?: () => Role | undefined;
}

const NODE_POLICIES = { worker: 'WorkerNodePolicy', manager: 'ManagerNodePolicy' } as const;

export class Roles {
  readonly #byArn: ReadonlyMap<string, Role>;
  readonly #nodePolicies = new Map<string, Policy>();
  readonly #core: Policy = compilePolicy(AMAZON_SSM_MANAGED_INSTANCE_CORE, 'AmazonSSMManagedInstanceCore');
  readonly #place: Place;

  /** @throws StackError for policies that the lab would not play as AWS does */
  constructor(stacks: readonly Stack[]) {
    const [first] = stacks;
    if (first === undefined) {
      throw new StackError(undefined, 'no stack');
    }
    this.#place = first;
    this.#byArn = new Map(stacks.flatMap(({ roles }) => roles.map((role) => [role.arn, compileRole(role)] as const)));
    for (const { stage, managedPolicies } of stacks) {
      for (const { logicalId, document } of managedPolicies) {
        this.#nodePolicies.set(`${stage} ${logicalId}`, compilePolicy(document, logicalId));
      }
    }
  }

  find(arn: string): Role | undefined {
    return this.#byArn.get(arn);
  }

  ofInstance(profile: InstanceProfile): Role | undefined {
    const { name, stage, role, tags, managedInstanceCore, withoutNodePolicy = false, made } = profile;
    if (made !== undefined) {
      return made();
    }
    const { partition, account } = this.#place;
    const deployed = this.#nodePolicies.get(`${stage} ${NODE_POLICIES[role]}`) ?? [];
    const nodePolicy = withoutNodePolicy ? [] : deployed;
    return {
      name,
      arn: `arn:${partition}:iam::${account}:role/${name}`,
      tags,
      trust: [],
      policy: managedInstanceCore ? [...this.#core, ...nodePolicy] : nodePolicy,
    };
  }
}

function compileRole({ logicalId, name, arn, assumeRolePolicy, policies, managedPolicyArns }: StackRole): Role {
  const [foreign] = managedPolicyArns;
  if (foreign !== undefined) {
    throw new StackError(logicalId, `the lab does not know the managed policy ${foreign}`);
  }
  return {
    name,
    arn,
    tags: {},
    trust: compilePolicy(assumeRolePolicy, logicalId),
    policy: policies.flatMap(({ document }) => compilePolicy(document, logicalId)),
  };
}
