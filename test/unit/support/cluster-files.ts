// The file of a cluster of three managers and some workers; tests change what they are about.
import { checkFile } from '../../../src/core/cluster/mistakes.ts';
import type { ClusterFile } from '../../../src/core/cluster/file.ts';

export const RAW = {
  cluster: 'blue',
  network: { new: { cidr: '10.0.0.0/16', zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] } },
  image: 'ami-0123456789abcdef0',
  groups: {
    web: {
      role: 'worker',
      size: 2,
      max: 6,
      types: ['m7g.large', 'm6g.large'],
      spotPercent: 30,
      labels: { tier: 'web' },
    },
    managers: { role: 'manager', size: 3, types: ['t4g.small'] },
  },
};

/** A network that is there already. */
export const GIVEN = {
  given: {
    vpc: 'vpc-0123456789abcdef0',
    cidrs: ['10.0.0.0/16'],
    subnets: ['subnet-0123456789abcdef0', 'subnet-0fedcba9876543210'],
  },
};

/** @throws where it has a mistake */
export function fileOf(raw: unknown): ClusterFile {
  const { file, mistakes } = checkFile(raw);
  if (file === undefined) {
    throw new Error(JSON.stringify(mistakes));
  }
  return file;
}

export const NETWORK = 'skep-dev-Swarm-blue-Network';
export const CLUSTER = 'skep-dev-Swarm-blue';
export const MANAGERS = 'skep-dev-Swarm-blue-Group-managers';
export const WEB = 'skep-dev-Swarm-blue-Group-web';

export type Raw = Readonly<Record<string, unknown>>;

/** The groups, one of them changed. */
export const withGroup = (name: keyof typeof RAW.groups, changes: Raw): { groups: Raw } => ({
  groups: { ...RAW.groups, [name]: { ...RAW.groups[name], ...changes } },
});

export const INTERNAL = { scheme: 'internal', clients: '10.0.0.0/8' };
