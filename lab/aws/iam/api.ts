// IAM as far as skep's own stack needs it: which roles have one of its node policies, and that somebody takes it from them.
import { z } from 'zod';

import { AwsError } from '../services/service.ts';
import type { Service } from '../services/service.ts';
import type { StackManagedPolicy } from '../stack/stack.ts';
import type { InstanceProfile } from './principals.ts';
import type { Iam } from './iam.ts';
import type { Profiles } from './profiles.ts';
import { roleOperations } from './roles-api.ts';

const arn = z.string().min(20).max(2048);
const entities = z.strictObject({ PolicyArn: arn });
const attachment = z.strictObject({ RoleName: z.string().min(1).max(64), PolicyArn: arn });

/** @param policies the node policies of the stack */
export function iamApi(profiles: Profiles, policies: () => readonly StackManagedPolicy[], iam: Iam): Service {
  const policyOf = (wanted: string): { readonly role: InstanceProfile['role'] } => {
    const found = policies().find((one) => one.arn === wanted);
    if (found === undefined) {
      throw new AwsError('NoSuchEntity', `Policy ${wanted} does not exist or is not attachable.`, 404);
    }
    return { role: found.logicalId === 'ManagerNodePolicy' ? 'manager' : 'worker' };
  };
  return {
    name: 'iam',
    operations: {
      ...roleOperations(profiles, iam),
      ListEntitiesForPolicy: (input) => {
        const { role } = policyOf(entities.parse(input).PolicyArn);
        const PolicyRoles = profiles.attachedTo(role).map((RoleName) => ({
          RoleName,
          RoleId: `AROA${RoleName.toUpperCase()
            .replaceAll(/[^A-Z0-9]/g, '')
            .padEnd(17, 'X')}`,
        }));
        return { PolicyGroups: [], PolicyUsers: [], PolicyRoles, IsTruncated: false };
      },
      DetachRolePolicy: (input) => {
        const { RoleName, PolicyArn } = attachment.parse(input);
        if (!profiles.attachedTo(policyOf(PolicyArn).role).includes(RoleName)) {
          throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} was not found.`, 404);
        }
        profiles.detach(RoleName);
        return {};
      },
      AttachRolePolicy: (input) => {
        const { RoleName, PolicyArn } = attachment.parse(input);
        policyOf(PolicyArn);
        profiles.attach(RoleName);
        return {};
      },
    },
  };
}
