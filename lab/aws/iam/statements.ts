// The statements of a stack, each with a name, and the stack without one of them.
import type { PolicyDocument, Stack } from '../stack/stack.ts';

const idsOf = (where: string, { Statement: statements }: PolicyDocument): string[] =>
  statements.flatMap(({ Sid: sid, Effect }, index) =>
    Effect === 'Allow' ? [`${where}.${sid ?? `statement ${index + 1}`}`] : [],
  );

/** What allows something, of all policies: of roles and who may take them on, of nodes, keys, queues and functions. */
export function statementsOf(stack: Stack): readonly string[] {
  return [
    ...stack.roles.flatMap(({ logicalId, assumeRolePolicy, policies }) =>
      [assumeRolePolicy, ...policies.map(({ document }) => document)].flatMap((document) => idsOf(logicalId, document)),
    ),
    ...stack.managedPolicies.flatMap(({ logicalId, document }) => idsOf(logicalId, document)),
    ...stack.keys.flatMap(({ logicalId, policy }) => idsOf(logicalId, policy)),
    ...stack.queues.flatMap(({ logicalId, policies }) => policies.flatMap((document) => idsOf(logicalId, document))),
    ...stack.lambdaPermissions.map(({ logicalId }) => `${logicalId}.statement 1`),
  ];
}

export function withoutStatement(stack: Stack, name: string): Stack {
  const [where, ...rest] = name.split('.');
  const sid = rest.join('.');
  const less = (logicalId: string, document: PolicyDocument): PolicyDocument =>
    logicalId === where ? { ...document, Statement: document.Statement.filter(({ Sid }) => Sid !== sid) } : document;
  return {
    ...stack,
    roles: stack.roles.map((role) => ({
      ...role,
      assumeRolePolicy: less(role.logicalId, role.assumeRolePolicy),
      policies: role.policies.map((one) => ({ ...one, document: less(role.logicalId, one.document) })),
    })),
    managedPolicies: stack.managedPolicies.map((one) => ({ ...one, document: less(one.logicalId, one.document) })),
    keys: stack.keys.map((one) => ({ ...one, policy: less(one.logicalId, one.policy) })),
    queues: stack.queues.map((one) => ({
      ...one,
      policies: one.policies.map((document) => less(one.logicalId, document)),
    })),
    lambdaPermissions: stack.lambdaPermissions.filter(({ logicalId }) => logicalId !== where),
  };
}
