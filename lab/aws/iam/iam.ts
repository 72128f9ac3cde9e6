// IAM: who may do what. Every call of the endpoint is held against the role of whoever makes it, as the packaged template has it.
import { AwsError, UnknownOperation } from '../services/service.ts';
import type { Caller } from '../services/service.ts';
import type { Place, Stack, StackKey } from '../stack/stack.ts';
import { AccessKeys } from './access-keys.ts';
import type { Credentials } from './access-keys.ts';
import { defaultKeyOf } from './default-key.ts';
import { decide, decisive } from './decision.ts';
import type { Decision, ResourcePolicy } from './decision.ts';
import { needsOf } from './operations.ts';
import type { Need, Resources } from './operations.ts';
import { compilePolicy } from './policy.ts';
import type { Ask, Asker, Policy } from './policy.ts';
import { Roles } from './principals.ts';
import type { InstanceProfile, Role } from './principals.ts';
import { accessDenied, wordsOf } from './refusal.ts';

/** Something that was not allowed. */
export interface Denial {
  readonly who: string;
  readonly action: string;
  readonly resource: string;
  /** As AWS words it. */
  readonly message: string;
}

/** What IAM must know of the services, which know more than the request says. */
export interface Facts {
  readonly groupArn: (name: string) => string;
  readonly groupTags: (name: string) => Readonly<Record<string, string>>;
  readonly groupOf: (instanceId: string) => string | undefined;
  readonly instanceTags: (instanceId: string) => Readonly<Record<string, string>>;
  /** Which key the parameter is encrypted with; undefined where it is not, or does not exist. */
  readonly parameterKey: (name: string) => string | undefined;
  readonly profileOf: (instanceId: string) => InstanceProfile | undefined;
}

/** A role that somebody has taken on. */
interface Session {
  readonly role: Role;
  readonly arn: string;
}

/** AWS's managed policy AdministratorAccess. */
const ADMINISTRATOR: Policy = compilePolicy(
  { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  'AdministratorAccess',
);

export class Iam {
  readonly keys = new AccessKeys();
  readonly denials: Denial[] = [];
  /** Called for each statement without which a call would not have been allowed. */
  readonly onNeeded: ((statement: string) => void) | undefined;
  readonly #place: Place;
  #stacks: readonly Stack[];
  #roles: Roles;
  /** By kind and name of who has taken it on. */
  #roleArns: ReadonlyMap<string, string>;
  readonly #facts: Facts;
  readonly #resources: Resources;
  readonly #decisions = new WeakMap<Role, Map<string, Decision>>();
  /** By whatever a key can be called by. */
  readonly #kms = new Map<string, { readonly arn: string; readonly policy: ResourcePolicy }>();

  /** @throws StackError for policies that the lab would not play as AWS does */
  constructor(stacks: readonly [Stack, ...Stack[]], facts: Facts, onNeeded?: (statement: string) => void) {
    this.onNeeded = onNeeded;
    this.#stacks = stacks;
    [this.#place] = stacks;
    this.#roles = new Roles(stacks);
    this.#roleArns = roleArnsOf(stacks);
    this.#facts = facts;
    this.#addKeys();
    this.#resources = this.#makeResources();
  }

  /** From here on these are deployed, and nothing else. */
  deploy(stacks: readonly Stack[]): void {
    this.#stacks = stacks;
    this.#roles = new Roles(stacks);
    this.#roleArns = roleArnsOf(stacks);
    this.#kms.clear();
    this.#addKeys();
  }

  #addKeys(): void {
    for (const key of [defaultKeyOf(this.#place), ...this.#stacks.flatMap(({ keys }) => keys)]) {
      this.#addKey(key);
    }
  }

  #addKey({ logicalId, id, arn, aliases, policy }: StackKey): void {
    const compiled = { arn, policy: { policy: compilePolicy(policy, logicalId), alone: true } };
    for (const name of [id, arn, ...aliases, ...aliases.map((alias) => aliasArn(arn, alias))]) {
      this.#kms.set(name, compiled);
    }
  }

  #makeResources(): Resources {
    const { partition, region, account } = this.#place;
    const key = (name: string): ReturnType<Resources['key']> => this.#kms.get(name);
    return {
      ...this.#facts,
      arn: (service, rest) => `arn:${partition}:${service}:${region}:${account}:${rest}`,
      key,
      keyOfParameter: (name) => key(this.#facts.parameterKey(name) ?? ''),
      viaService: (service) => `${service}.${region}.amazonaws.com`,
    };
  }

  callerOf(accessKeyId: string, sessionToken: string | null): Caller | undefined {
    return this.keys.callerOf(accessKeyId, sessionToken);
  }

  /** @throws {AwsError} where the caller may not, or where the lab does not know what the operation needs */
  authorize(caller: Caller, service: string, operation: string, input: Record<string, unknown>): void {
    const needs = needsOf(service, operation, input, this.#resources);
    if (needs === undefined) {
      throw new UnknownOperation(service, `${operation} (lab/aws/iam/operations.ts does not say what it needs)`);
    }
    if (caller.kind === 'person') {
      this.#authorizePerson(caller, service, needs);
      return;
    }
    const session = this.#sessionOf(caller);
    for (const need of needs) {
      const decision = caller.kind === 'instance' ? this.#decide(session, need) : this.#decided(session, need);
      if (!decision.allowed) {
        const refused = { who: session.arn, action: need.action, resource: need.resource, decision };
        this.#note(session.role.name, need, wordsOf(refused));
        throw accessDenied(service, refused);
      }
    }
  }

  /** A person's own policy allows everything; a key's policy has to let the account in all the same. */
  #authorizePerson(caller: Caller, service: string, needs: readonly Need[]): void {
    const { account } = this.#place;
    for (const need of needs.filter(({ action }) => action.startsWith('kms:'))) {
      const context = contextOf(need, { 'aws:PrincipalAccount': account, 'kms:CallerAccount': account });
      const ask = { action: need.action, resource: need.resource ?? '*', context };
      const decision = this.#hold(ask, { account }, ADMINISTRATOR, need.policy);
      if (!decision.allowed) {
        throw accessDenied(service, {
          who: this.arnOf(caller),
          action: need.action,
          resource: need.resource,
          decision,
        });
      }
    }
  }

  /** Whether a role may, without an error: for what AWS does on somebody's behalf. A refusal is noted. */
  may(role: Role | undefined, need: Need, session: string): boolean {
    if (role === undefined) {
      this.#note(session, need, `${session} has no role`);
      return false;
    }
    const arn = this.#sessionArn(role, session);
    const decision = this.#decide({ role, arn }, need);
    if (!decision.allowed) {
      this.#note(role.name, need, wordsOf({ who: arn, action: need.action, resource: need.resource, decision }));
    }
    return decision.allowed;
  }

  /** Whether a service may on its own account, by the policy of the resource or of the role that it wants to take on. */
  serviceMay(service: string, need: Need & { readonly policy: ResourcePolicy }): boolean {
    const ask = { action: need.action, resource: need.resource ?? '*', context: contextOf(need) };
    const decision = this.#hold(ask, { service }, [], need.policy);
    if (!decision.allowed) {
      this.#note(service, need, wordsOf({ who: service, action: need.action, resource: need.resource, decision }));
    }
    return decision.allowed;
  }

  role(arn: string): Role | undefined {
    return this.#roles.find(arn);
  }

  /** As instance metadata tells it, with new credentials; undefined for an instance without a profile. */
  instanceRole(instanceId: string): { readonly name: string; readonly credentials: Credentials } | undefined {
    const role = this.roleOfInstance(instanceId);
    return role === undefined
      ? undefined
      : { name: role.name, credentials: this.keys.issue({ kind: 'instance', name: instanceId }) };
  }

  roleOfInstance(instanceId: string): Role | undefined {
    const profile = this.#facts.profileOf(instanceId);
    return profile === undefined ? undefined : this.#roles.ofInstance(profile);
  }

  get account(): string {
    return this.#place.account;
  }

  /** What IAM's simulator says: by the policies of the role alone. */
  simulate(role: Role, ask: Ask): Decision {
    return decide(ask, { roleArn: role.arn, account: this.#place.account }, role.policy);
  }

  /** The role that a profile has, as it is now. */
  roleOfProfile(profile: InstanceProfile): Role | undefined {
    return this.#roles.ofInstance(profile);
  }

  /** As sts:GetCallerIdentity has it. */
  arnOf(caller: Caller): string {
    return caller.kind === 'person'
      ? `arn:${this.#place.partition}:iam::${this.#place.account}:user/${caller.name}`
      : this.#sessionOf(caller).arn;
  }

  #sessionOf(caller: Caller): Session {
    const role = this.#roleOf(caller);
    if (role === undefined) {
      throw new AwsError('InternalFailure', `the ${caller.kind} ${caller.name} has no role in the lab`, 500);
    }
    return { role, arn: this.#sessionArn(role, caller.name) };
  }

  #roleOf({ kind, name }: Caller): Role | undefined {
    if (kind === 'instance') {
      return this.roleOfInstance(name);
    }
    return this.role(this.#roleArns.get(`${kind} ${name}`) ?? '');
  }

  #sessionArn({ name }: Role, session: string): string {
    return `arn:${this.#place.partition}:sts::${this.#place.account}:assumed-role/${name}/${session}`;
  }

  /**
   * As it was decided before for the same role of a function or a machine, which is never changed: all else that counts is in the need. One with
   * a policy of its own is left out, and so is everything where each statement is counted.
   */
  #decided(session: Session, need: Need): Decision {
    if (need.policy !== undefined || this.onNeeded !== undefined) {
      return this.#decide(session, need);
    }
    const ofRole = this.#decisions.get(session.role) ?? new Map<string, Decision>();
    this.#decisions.set(session.role, ofRole);
    const key = `${need.action} ${need.resource ?? ''} ${need.keys === undefined ? '' : JSON.stringify(need.keys)}`;
    const decision = ofRole.get(key) ?? this.#decide(session, need);
    ofRole.set(key, decision);
    return decision;
  }

  #decide({ role }: Session, need: Need): Decision {
    const { account } = this.#place;
    const context = contextOf(need, {
      'aws:PrincipalArn': role.arn,
      'aws:PrincipalAccount': account,
      ...Object.fromEntries(Object.entries(role.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
      ...(need.action.startsWith('kms:') ? { 'kms:CallerAccount': account } : {}),
    });
    const ask = { action: need.action, resource: need.resource ?? '*', context };
    return this.#hold(ask, { roleArn: role.arn, account }, role.policy, need.policy);
  }

  #hold(ask: Ask, asker: Asker, identity: Policy, resource: ResourcePolicy | undefined): Decision {
    const decision = decide(ask, asker, identity, resource);
    if (decision.allowed && this.onNeeded !== undefined) {
      for (const { name } of decisive(ask, asker, identity, resource)) {
        this.onNeeded(name);
      }
    }
    return decision;
  }

  #note(who: string, { action, resource }: Need, message: string): void {
    this.denials.push({ who, action, resource: resource ?? '*', message });
  }
}

/** @example arn:aws:kms:eu-west-1:123456789012:alias/skep-dev-join-token */
const aliasArn = (key: string, alias: string): string => key.replace(/[^:]*$/, alias);

/** By which Parameter Store takes them. */
export const keyArns = (keys: readonly StackKey[]): string[] =>
  keys.flatMap(({ arn, aliases }) => [arn, ...aliases.map((alias) => aliasArn(arn, alias))]);

/** Of two with one name the first counts. */
const roleArnsOf = (stacks: readonly Stack[]): ReadonlyMap<string, string> =>
  new Map(
    stacks
      .flatMap(({ functions, stateMachines }) => [
        ...functions.map(({ name, roleArn }) => [`function ${name}`, roleArn] as const),
        ...stateMachines.map(({ name, roleArn }) => [`machine ${name}`, roleArn] as const),
      ])
      .toReversed(),
  );

function contextOf({ keys = {} }: Need, more: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> {
  return new Map(Object.entries({ ...more, ...keys }).map(([key, value]) => [key.toLowerCase(), value]));
}
