// IAM as far as an adoption asks it: the role of an instance profile, its tags, and the simulator.
import { z } from 'zod';

import { AwsError } from '../services/service.ts';
import type { Operation } from '../services/service.ts';
import type { Iam } from './iam.ts';
import type { Role } from './principals.ts';
import type { Profiles } from './profiles.ts';

const profileAsked = z.strictObject({ InstanceProfileName: z.string().min(1).max(128) });
const roleAsked = z.strictObject({ RoleName: z.string().min(1).max(64) });
const simulation = z.strictObject({
  PolicySourceArn: z.string().min(20).max(2048),
  ActionNames: z.array(z.string().min(3).max(128)).min(1),
  /** One: AWS holds each action against each of them. */
  ResourceArns: z.array(z.string().min(1).max(2048)).length(1).default(['*']),
  ContextEntries: z
    .array(
      z.strictObject({
        ContextKeyName: z.string().min(5).max(256),
        ContextKeyValues: z.array(z.string()).length(1),
        ContextKeyType: z.literal('string'),
      }),
    )
    .default([]),
  MaxItems: z.coerce.number().int().min(1).max(1000).optional(),
});

export function roleOperations(profiles: Profiles, iam: Iam): Readonly<Record<string, Operation>> {
  const roles = (): Role[] => profiles.all().flatMap((profile) => iam.roleOfProfile(profile) ?? []);
  const find = (isMeant: (role: Role) => boolean, named: string): Role => {
    const found = roles().find(isMeant);
    if (found === undefined) {
      throw new AwsError('NoSuchEntity', `The role with name ${named} cannot be found.`, 404);
    }
    return found;
  };
  return {
    GetInstanceProfile: (input) => {
      const { InstanceProfileName: name } = profileAsked.parse(input);
      const profile = profiles.all().find((one) => one.name === name);
      if (profile === undefined) {
        throw new AwsError('NoSuchEntity', `Instance Profile ${name} cannot be found.`, 404);
      }
      const role = iam.roleOfProfile(profile);
      // The tags of a role stand in no answer but that of GetRole.
      const described = role === undefined ? [] : [describe(role)];
      return {
        InstanceProfile: {
          ...{ Path: '/', InstanceProfileName: name, InstanceProfileId: idOf('AIPA', name), CreateDate: new Date(0) },
          Arn: `arn:aws:iam::${iam.account}:instance-profile/${name}`,
          Roles: described,
        },
      };
    },
    GetRole: (input) => {
      const { RoleName: name } = roleAsked.parse(input);
      const role = find((one) => one.name === name, name);
      return { Role: { ...describe(role), Tags: Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })) } };
    },
    SimulatePrincipalPolicy: (input) => {
      const asked = simulation.parse(input);
      const role = find(({ arn }) => arn === asked.PolicySourceArn, asked.PolicySourceArn);
      return {
        EvaluationResults: asked.ActionNames.map((action) => evaluate(iam, role, action, asked)),
        IsTruncated: false,
      };
    },
  };
}

/** The answer lists the context keys that the policies use and the request lacks, whatever the decision is. */
function evaluate(
  iam: Iam,
  role: Role,
  action: string,
  { ResourceArns: [resource = '*'], ContextEntries: entries }: z.infer<typeof simulation>,
): Record<string, unknown> {
  const context = new Map(
    entries.map(({ ContextKeyName, ContextKeyValues: [value = ''] }) => [ContextKeyName.toLowerCase(), value]),
  );
  const decision = iam.simulate(role, { action, resource, context });
  const said = decision.allowed ? 'allowed' : decision.explicit ? 'explicitDeny' : 'implicitDeny';
  const asked = new Set(role.policy.flatMap(({ keys }) => keys));
  const missing = [...asked].filter((key) => !context.has(key));
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: said,
    MatchedStatements: [],
    MissingContextValues: resource === '*' ? missing : [],
    ResourceSpecificResults:
      resource === '*'
        ? []
        : [
            {
              EvalResourceName: resource,
              EvalResourceDecision: said,
              MatchedStatements: [],
              MissingContextValues: missing,
            },
          ],
  };
}

const describe = ({ name, arn }: Role): Record<string, unknown> => ({
  ...{ Path: '/', RoleName: name, RoleId: idOf('AROA', name), Arn: arn, CreateDate: new Date(0) },
});

const idOf = (prefix: string, name: string): string =>
  `${prefix}${name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .padEnd(17, 'X')}`;
