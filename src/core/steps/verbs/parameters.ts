// Parameters that more than one document takes. Lists have no counted end in their patterns: the agent's engine (RE2) refuses nested
// repetitions of more than 1,000. The sender and the script count.
import { needed } from './verb.ts';
import type { Parameter } from './verb.ts';

/** Of every document; documents/lib/common.sh reads them. `notAfter` and `executionTimeout` are the command's times (verbs.ts). */
export const COMMON: Readonly<Record<'cluster' | 'epoch', Parameter>> = {
  cluster: {
    description: "the cluster's name",
    pattern: '^[a-z][a-z0-9-]{0,31}$',
    value: ({ plan }) => needed(plan.cluster, 'cluster'),
  },
  // A manager that missed a recovery has a swarm of the very same id: this is what it is told by.
  epoch: {
    description: "the cluster's epoch, which each recovery raises",
    preset: '0',
    pattern: '^(0|[1-9][0-9]{0,8})$',
    value: ({ plan }) => String(plan.swarm?.epoch ?? 0),
  },
};

/**
 * Of every document that runs on a manager; documents/lib/node.sh reads it. Somebody may have edited the record so that it
 * names a manager of another cluster, which knows nothing of this one's nodes.
 */
export const OF_MANAGERS: Readonly<Record<'swarmId', Parameter>> = {
  swarmId: {
    description: "the id of the cluster's swarm: a manager of another one is not meant",
    preset: 'none',
    pattern: '^([0-9a-z]{25}|none)$',
    value: ({ plan }) => plan.swarm?.swarmId ?? 'none',
  },
};

export const instanceId: Parameter = {
  description: 'the instance that is meant',
  pattern: '^i-([0-9a-f]{8}|[0-9a-f]{17})$',
  value: ({ plan }) => plan.instance ?? 'none',
};

export const nodeId: Parameter = {
  description: 'the id of its node, or none where it is not known',
  pattern: '^([0-9a-z]{25}|none)$',
  value: ({ node }) => node.nodeId,
};

/** Most instances have one or two. At one that is left out the node is looked up by its address, and goes on after that. */
export const MOST_ADDRESSES = 64;

/** Of what takes a node out. A command without it is one of an execution that began before: there nothing is compared. */
export const provenAt: Parameter = {
  description:
    'at which of these the managers must see a node that bears no label, as EC2 has them, separated by commas; none; unasked where EC2 was not asked yet; any where nothing is compared',
  preset: 'any',
  pattern: '^(any|unasked|none|[0-9]{1,3}(\\.[0-9]{1,3}){3}(,[0-9]{1,3}(\\.[0-9]{1,3}){3})*)$',
  maxChars: MOST_ADDRESSES * 16,
  value: ({ addresses }) =>
    addresses === undefined
      ? 'unasked'
      : listOrNone(addresses.filter((one) => IPV4.test(one)).slice(0, MOST_ADDRESSES)),
};
const IPV4 = /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/;

export const stage: Parameter = {
  description: "the stage of the stack, part of the parameters' names",
  pattern: '^[a-zA-Z][a-zA-Z0-9-]{0,31}$',
  value: (facts) => facts.stage,
};

export const tokenKey: Parameter = {
  description: 'the ARN of the KMS key that protects the join tokens',
  pattern: '^arn:aws[a-z-]{0,20}:kms:[a-z0-9-]{1,30}:[0-9]{12}:(key|alias)/[a-zA-Z0-9/_-]{1,256}$',
  value: (facts) => facts.tokenKey,
};

export const dataPathPort: Parameter = {
  description: 'the UDP port of overlay traffic',
  pattern: '^[1-9][0-9]{3,4}$',
  value: ({ config }) => String(config.dataPathPort),
};

export const yesOrNo = (flag: boolean): string => (flag ? 'yes' : 'no');
export const YES_OR_NO = '^(yes|no)$';
export const listOrNone = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(','));
