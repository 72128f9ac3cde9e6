// Roles, policies and instance profiles that a template makes. The lab's IAM holds the nodes to them.
import { z } from 'zod';

import { AMAZON_SSM_MANAGED_INSTANCE_CORE } from '../iam/managed-policies.ts';
import { compilePolicy } from '../iam/policy.ts';
import type { Policy } from '../iam/policy.ts';
import type { Role } from '../iam/principals.ts';
import { policyDocument } from '../stack/schemas.ts';
import type { Json } from '../stack/stack.ts';
import { StackError } from '../stack/stack.ts';
import type { Account, AccountRecord } from './account.ts';
import { HandlerError, textOf, texts } from './handler.ts';
import type { Handler, Wanted } from './handler.ts';

const tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() })).default([]);
const role = z.strictObject({
  RoleName: z.string().optional(),
  Description: z.string().optional(),
  Path: z.literal('/').optional(),
  MaxSessionDuration: z.json().optional(),
  AssumeRolePolicyDocument: policyDocument,
  ManagedPolicyArns: z.array(z.string()).max(10).default([]),
  Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument })).default([]),
  Tags: tags,
});
const managedPolicy = z.strictObject({
  ManagedPolicyName: z.string().optional(),
  Description: z.string().optional(),
  Path: z.literal('/').optional(),
  PolicyDocument: policyDocument,
});
const profile = z.strictObject({
  InstanceProfileName: z.string().optional(),
  Path: z.literal('/').optional(),
  Roles: z.array(z.string()).length(1),
});

/** A policy of the service, which groups import. */
interface ServicePolicy {
  readonly arn: string;
  readonly policy: Policy;
}

export class MadeRoles {
  readonly #account: Account;
  readonly #ofService: ReadonlyMap<string, Policy>;
  readonly #core: Policy = compilePolicy(AMAZON_SSM_MANAGED_INSTANCE_CORE, 'AmazonSSMManagedInstanceCore');

  constructor(account: Account, ofService: readonly ServicePolicy[]) {
    this.#account = account;
    this.#ofService = new Map(ofService.map(({ arn, policy }) => [arn, policy]));
  }

  /** The role of a profile, as it is now: where EC2 may take it on. */
  ofProfile(nameOrArn: string): Role | undefined {
    const record = this.#profile(nameOrArn);
    const [name = ''] = record === undefined ? [] : texts(record.properties['Roles']);
    const found = this.#account.find('AWS::IAM::Role', name);
    const made = found === undefined ? undefined : this.#compile(found);
    return made !== undefined && trustsEc2(made) ? made : undefined;
  }

  hasProfile(nameOrArn: string): boolean {
    return this.#profile(nameOrArn) !== undefined;
  }

  #profile(nameOrArn: string): AccountRecord | undefined {
    return this.#account
      .all('AWS::IAM::InstanceProfile')
      .find(({ id, attributes }) => id === nameOrArn || attributes['Arn'] === nameOrArn);
  }

  #compile({ id, properties, attributes }: AccountRecord): Role {
    const it = parse(role, properties);
    const managed = it.ManagedPolicyArns.flatMap((arn) => this.#managed(arn));
    const inline = it.Policies.flatMap(({ PolicyDocument, PolicyName }) => compiled(PolicyDocument, PolicyName));
    return {
      name: id,
      arn: textOf(attributes['Arn']),
      tags: Object.fromEntries(it.Tags.map(({ Key, Value }) => [Key, Value])),
      trust: compiled(it.AssumeRolePolicyDocument, id),
      policy: [...managed, ...inline],
    };
  }

  #managed(arn: string): Policy {
    if (arn === `arn:${this.#account.place.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`) {
      return this.#core;
    }
    const made = this.#account.find('AWS::IAM::ManagedPolicy', arn);
    const policy =
      this.#ofService.get(arn) ??
      (made === undefined ? undefined : compiled(parse(managedPolicy, made.properties).PolicyDocument, arn));
    if (policy === undefined) {
      throw new HandlerError('NotFound', `Policy ${arn} does not exist or is not attachable. ${IAM_404}`);
    }
    return policy;
  }

  get handlers(): Readonly<Record<string, Handler>> {
    const check = (record: AccountRecord): void => {
      this.#compile(record);
    };
    return {
      'AWS::IAM::Role': {
        seconds: 5,
        nameProperty: 'RoleName',
        idOf: (_wanted, name) => name.slice(0, 64),
        attributesOf: (id, wanted) => ({ Arn: iamArn(wanted, `role/${id}`), RoleId: roleId(wanted) }),
        heldBy: {
          types: ['AWS::IAM::InstanceProfile'],
          message: () => `Cannot delete entity, must remove roles from instance profile first. ${IAM_409}`,
        },
        effects: { create: check, update: check },
      },
      'AWS::IAM::ManagedPolicy': {
        seconds: 5,
        nameProperty: 'ManagedPolicyName',
        idOf: (wanted, name) => iamArn(wanted, `policy/${name.slice(0, 128)}`),
        attributesOf: (id) => ({ PolicyArn: id }),
        heldBy: {
          types: ['AWS::IAM::Role'],
          message: () => `Cannot delete a policy attached to entities. ${IAM_409}`,
        },
        effects: { create: checkManagedPolicy, update: checkManagedPolicy },
      },
      'AWS::IAM::InstanceProfile': {
        seconds: 10,
        nameProperty: 'InstanceProfileName',
        idOf: (_wanted, name) => name.slice(0, 128),
        attributesOf: (id, wanted) => ({ Arn: iamArn(wanted, `instance-profile/${id}`) }),
        refers: { Roles: 'AWS::IAM::Role' },
        effects: { create: checkProfile, update: checkProfile },
      },
    };
  }
}

const IAM_404 = '(Service: Iam, Status Code: 404)';
const IAM_409 = '(Service: Iam, Status Code: 409)';

const checkProfile = ({ properties }: AccountRecord): void => {
  parse(profile, properties);
};
const checkManagedPolicy = ({ id, properties }: AccountRecord): void => {
  compiled(parse(managedPolicy, properties).PolicyDocument, id);
};

const iamArn = ({ account: { place } }: Wanted, rest: string): string =>
  `arn:${place.partition}:iam::${place.account}:${rest}`;

const roleId = ({ random }: Wanted): string => `AROA${random.hex(16).toUpperCase()}`;

function trustsEc2({ trust, arn }: Role): boolean {
  const ask = { action: 'sts:AssumeRole', resource: arn, context: new Map<string, string>() };
  const concerned = trust.filter(
    ({ covers, means }) => covers(ask) && means({ service: 'ec2.amazonaws.com' }) !== undefined,
  );
  return concerned.length > 0 && concerned.every(({ effect }) => effect === 'Allow');
}

function parse<S extends z.ZodType>(schema: S, properties: Json): z.output<S> {
  const parsed = schema.safeParse(properties);
  if (!parsed.success) {
    throw new HandlerError('InvalidRequest', `not as the lab knows it: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function compiled(document: Parameters<typeof compilePolicy>[0], where: string): Policy {
  try {
    return compilePolicy(document, where);
  } catch (error) {
    if (error instanceof StackError) {
      throw new HandlerError('InvalidRequest', `${error.message} (Service: Iam, Status Code: 400)`);
    }
    throw error;
  }
}
