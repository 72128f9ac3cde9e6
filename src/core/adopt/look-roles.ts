// What the roles of the instances may: what is asked of IAM about each, and what is found where it says no.
import type { NodeRole } from '../names.ts';
import type { AdoptFacts, FoundRole } from './facts.ts';
import { finding } from './findings.ts';
import type { AdoptFinding } from './findings.ts';

/** Some actions on one resource, with what IAM is told of the request: as documents ask for it. */
export interface RoleAsk {
  readonly actions: readonly string[];
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface RoleQuestion {
  readonly stage: string;
  readonly cluster: string;
  readonly role: NodeRole;
  /** The ARN of the key of the join tokens. */
  readonly key: string;
  /** An instance with it has an agent that SSM does not hear of: otherwise the agent itself is the proof. */
  readonly isSilent: boolean;
}

/** What the agent itself needs, of AmazonSSMManagedInstanceCore. */
const OF_AGENT = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:OpenControlChannel',
];

/** By the policies alone, as if the role had its tags: those are looked at by themselves. */
export function asksOf({ stage, cluster, role, key, isSilent }: RoleQuestion): RoleAsk[] {
  const [, partition = '', , region = '', account = ''] = key.split(':');
  const tokenOf = (which: NodeRole): string =>
    `arn:${partition}:ssm:${region}:${account}:parameter/skep/${stage}/${cluster}/join-token/${which}`;
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  // All that the policies of nodes ask for: where a key is missing IAM could not tell.
  const ask = (which: NodeRole, resource: string, actions: readonly string[]): RoleAsk => ({
    actions,
    resource,
    context: {
      'aws:PrincipalTag/skep:cluster': cluster,
      'aws:PrincipalTag/skep:role': role,
      'kms:ViaService': `ssm.${region}.${domain}`,
      'kms:EncryptionContext:PARAMETER_ARN': tokenOf(which),
    },
  });
  const onToken = (which: NodeRole, ...actions: string[]): RoleAsk => ask(which, tokenOf(which), actions);
  const onKey = (which: NodeRole, ...actions: string[]): RoleAsk => ask(which, key, actions);
  const ofTokens =
    role === 'worker'
      ? [onToken('worker', 'ssm:GetParameter'), onKey('worker', 'kms:Decrypt')]
      : [
          onToken('manager', 'ssm:GetParameter', 'ssm:PutParameter'),
          onToken('worker', 'ssm:PutParameter'),
          onKey('manager', 'kms:Decrypt', 'kms:Encrypt'),
          onKey('worker', 'kms:Encrypt'),
        ];
  return [...ofTokens, ...(isSilent ? [ask(role, '*', OF_AGENT)] : [])];
}

export const roleFindings = ({ groups, cluster }: AdoptFacts): AdoptFinding[] =>
  groups.flatMap(({ name, role, roles }) =>
    roles.flatMap(({ profile, found }) =>
      'unseen' in found
        ? [finding('NotLookedAt', name, `what the role of ${shortOf(profile)} may: ${found.unseen}`)]
        : ofRole(name, role, cluster, found.seen),
    ),
  );

function ofRole(group: string, role: NodeRole, cluster: string, found: FoundRole): AdoptFinding[] {
  const lacks = role === 'manager' ? 'ManagerRoleLacks' : 'RoleLacks';
  const untagged = [
    ...(found.cluster === cluster ? [] : [`skep:cluster=${cluster}`]),
    ...(found.roleTag === role ? [] : [`skep:role=${role}`]),
  ];
  const resources = [...new Set(found.lacks.map(({ resource }) => resource))];
  const denied = resources.map((resource) => {
    const actions = found.lacks.filter((one) => one.resource === resource).map(({ action }) => action);
    return `${[...new Set(actions)].join(', ')} on ${resource}`;
  });
  return [
    ...(untagged.length === 0 ? [] : [finding(lacks, group, `role ${found.name} has no tag ${untagged.join(', ')}`)]),
    ...(denied.length === 0 ? [] : [finding(lacks, group, `role ${found.name} may not ${denied.join('; ')}`)]),
    ...found.unclear.map((why) => finding('NotLookedAt', group, `what role ${found.name} may: ${why}`)),
  ];
}

const shortOf = (arn: string): string => arn.replace(/^.*:instance-profile\//, '');
