// What an adoption is decided from: the groups that a person names, their instances, and what the engines on them say of themselves.
import * as z from 'zod';

import type { HookFacts } from '../lifecycle/hooks.ts';
import type { ClusterState } from '../model.ts';
import { nodeRole } from '../names.ts';
import type { NodeRole } from '../names.ts';
import type { KnownNode, SwarmNode } from '../tidy/facts.ts';

const idOrNone = z.string().regex(/^([0-9a-z]{25})?$/);
const ipOrNone = z.string().regex(/^([0-9]{1,3}(\.[0-9]{1,3}){3})?$/);
/** `20.10.24`, `28.2.2+dfsg1`. */
const version = z
  .string()
  .regex(/^[0-9A-Za-z.+~:_-]{0,60}$/)
  .catch('');

/** What a swarm was founded with, as one of its managers tells it. */
const foundedWith = z.object({
  subnetSize: z.int().min(8).max(30),
  dataPathPort: z.int().min(1024).max(65_535),
  autolock: z.boolean(),
  pools: z
    .array(z.string().regex(/^[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,2}$/))
    .min(1)
    .max(20),
});

/** What the survey document tells, as far as an adoption asks. An instance is anybody's until it has proved whose it is. */
export const adoptSurvey = z.object({
  state: z.string().max(20),
  manager: z.boolean(),
  leader: z.boolean(),
  nodeId: idOrNone,
  swarmId: idOrNone,
  /** Of a manager: which recovery it has seen, where skep has recovered the swarm before. */
  epoch: z.string().regex(/^(\d{1,9}|fenced)$/),
  engine: version.default(''),
  address: ipOrNone.catch('').default(''),
  curl: version.default(''),
  certificate: z
    .object({ swarmId: idOrNone, nodeId: idOrNone, role: z.union([nodeRole, z.literal('')]) })
    .optional()
    .catch(undefined),
  founded: foundedWith.optional().catch(undefined),
});
export type AdoptSurvey = z.infer<typeof adoptSurvey>;

/** What was looked at; or in words, why it was not: a right that the person lacks. Never taken for good. */
export type IfPermitted<T> = { readonly seen: T } | { readonly unseen: string };

export interface FoundGroup {
  /** Its tags skep:cluster and skep:role. */
  readonly cluster: string | undefined;
  readonly roleTag: string | undefined;
  readonly healthCheckType: string;
  readonly suspended: readonly string[];
  /** What its terminate hook abandons is retained. */
  readonly retains: boolean;
  /** Its maintenance policy launches before it terminates. */
  readonly launchesFirst: boolean;
  readonly hooks: readonly HookFacts[];
  /** Where its next instances come. */
  readonly subnets: readonly string[];
  readonly instances: readonly { readonly instance: string; readonly lifecycle: string; readonly zone: string }[];
}

/** As EC2 shows it. */
export interface FoundInstance {
  readonly state: string;
  readonly privateIp: string | undefined;
  readonly hopLimit: number;
  /** The ARN of its instance profile. */
  readonly profile: string | undefined;
  readonly vpc: string | undefined;
  readonly subnet: string | undefined;
  readonly hasPublicAddress: boolean;
  readonly securityGroups: readonly string[];
  readonly cluster: string | undefined;
  readonly roleTag: string | undefined;
}

/** Whom one rule of a security group lets in. */
export interface Ingress {
  /** `tcp`, `udp`, or `-1` for all. */
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly groups: readonly string[];
  readonly networks: readonly string[];
  /** By lists of addresses that nobody has looked into: they may be everybody. */
  readonly others: boolean;
}

/** Something that a role may not, for want of a policy that allows it, or since one forbids it. */
interface Lacking {
  readonly action: string;
  readonly resource: string;
}

/** The role of an instance profile, asked about for one role in the swarm. */
export interface FoundRole {
  readonly name: string;
  readonly cluster: string | undefined;
  readonly roleTag: string | undefined;
  readonly lacks: readonly Lacking[];
  /** Of what IAM could not tell, in words. */
  readonly unclear: readonly string[];
}

/** As a route table has it; of what is not used any more nothing is told. */
interface Route {
  readonly network: string;
  /** `local`: the network is the VPC's own. */
  readonly gateway: 'local' | 'internet' | 'other';
}

export interface VpcFacts {
  readonly tables: readonly {
    readonly vpc: string;
    readonly isMain: boolean;
    readonly subnets: readonly string[];
    readonly routes: readonly Route[];
  }[];
  /** Those that answer under the service's own name. */
  readonly endpoints: readonly { readonly vpc: string; readonly service: string }[];
}

export type SurveyResult = AdoptSurvey | { readonly error: string; readonly cause: string };

export interface AdoptFacts {
  readonly stage: string;
  readonly cluster: string;
  readonly groups: readonly {
    readonly name: string;
    readonly role: NodeRole;
    /** Undefined where Auto Scaling has none of this name. */
    readonly found: FoundGroup | undefined;
    /** Of one of its instances; undefined where it has none. */
    readonly userData: IfPermitted<string> | undefined;
    /** One for each instance profile of its instances. */
    readonly roles: readonly { readonly profile: string; readonly found: IfPermitted<FoundRole> }[];
  }[];
  /** Those that EC2 shows. */
  readonly instances: ReadonlyMap<string, FoundInstance>;
  /** Of the security groups of the instances. */
  readonly ingress: IfPermitted<ReadonlyMap<string, readonly Ingress[]>>;
  readonly network: IfPermitted<VpcFacts>;
  readonly agents: ReadonlyMap<string, 'online' | 'lost' | 'never'>;
  /** By instance: of those whose agents are online. */
  readonly surveys: ReadonlyMap<string, SurveyResult>;
  /** As a manager of the named groups that has a leader sees it; undefined where there is none. */
  readonly nodes: readonly SwarmNode[] | undefined;
  /** What the table has of the cluster. */
  readonly state: ClusterState | undefined;
  readonly founder: string | undefined;
  readonly known: readonly KnownNode[];
}

/** An instance and the node that it proved to be. */
export interface AdoptedNode {
  readonly instance: string;
  readonly group: string;
  readonly role: NodeRole;
  readonly zone: string;
  readonly nodeId: string;
  /** `ip:2377` */
  readonly address: string;
  readonly availability: SwarmNode['availability'];
}

/** Whose swarm it is: the manager that the others agree with, and what it tells. */
export interface Leading {
  readonly instance: string;
  readonly swarmId: string;
  readonly epoch: number;
  readonly founded: NonNullable<AdoptSurvey['founded']>;
}

export const hasAnswered = (asked: SurveyResult | undefined): asked is AdoptSurvey =>
  asked !== undefined && !('error' in asked);

/** The first manager of the named groups that has a leader and says what its swarm was founded with. */
export function leadingOf({ groups, surveys }: Pick<AdoptFacts, 'groups' | 'surveys'>): Leading | undefined {
  const managers = groups.filter(({ role }) => role === 'manager').flatMap(({ found }) => found?.instances ?? []);
  return managers.flatMap(({ instance }): Leading[] => {
    const told = surveys.get(instance);
    return hasAnswered(told) && isLeading(told)
      ? [{ instance, swarmId: told.swarmId, epoch: Number(told.epoch), founded: told.founded }]
      : [];
  })[0];
}

const isLeading = (told: AdoptSurvey): told is AdoptSurvey & Pick<Leading, 'founded'> =>
  told.state === 'active' &&
  told.leader &&
  told.swarmId !== '' &&
  told.epoch !== 'fenced' &&
  told.founded !== undefined;
