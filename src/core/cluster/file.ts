// The file that describes a cluster, skep.yaml: what may stand in it. The JSON Schema for editors is made from this (npm run docs).
import * as z from 'zod';

import { groupLabels } from '../lifecycle/event.ts';
import { clusterName } from '../names.ts';

const cidr = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'a network such as 10.0.0.0/16 is wanted')
  .describe('A network, such as 10.0.0.0/16');
const awsId = (kind: string): z.ZodString =>
  z
    .string()
    .regex(new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`), `an id such as ${kind}-0123456789abcdef0 is wanted`);
const zone = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'a zone such as eu-west-1a is wanted');
const text = (pattern: RegExp, wanted: string): z.ZodString => z.string().regex(pattern, `${wanted} is wanted`);
const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);

/** Hooks end by themselves after it, unless skep keeps them alive. */
const hookTimeout = text(/^[1-9]\d{0,4}[smh]$/, 'a time such as 30m').describe('From 2m to 2h, such as 30m');

const newNetwork = z.strictObject({
  cidr: cidr.describe('Of the VPC: /16 to /24, away from 172.17.0.0/16, which is every Docker’s own'),
  zones: z.array(zone).min(2).max(3).describe('Two or three zones of one region. They stay as they are for ever'),
  egress: z
    .enum(['nat', 'endpoints'])
    .default('nat')
    .describe('nat reaches the internet. endpoints reaches Systems Manager, logs and S3 only'),
});

const givenNetwork = z.strictObject({
  vpc: awsId('vpc'),
  cidrs: z.array(cidr).min(1).describe('All networks of the VPC: the swarm keeps away from them'),
  subnets: z.array(awsId('subnet')).min(1).describe('Private subnets, of as many zones as there are'),
});

const swarm = z.strictObject({
  addressPool: cidr.optional().describe('For overlay networks. Without it one away from the VPC is chosen'),
  subnetSize: whole(16, 29).default(24).describe('Bits of the prefix of each overlay network'),
  dataPathPort: whole(1024, 49_151).default(4789).describe('For VXLAN'),
});

/** Each member becomes a tag of the group. For a member that is left out, skep does what docs/warnings.md says. */
const replacement = z.strictObject({
  down: z.boolean().optional().describe('Whether an instance is replaced whose node stays down'),
  announced: text(/^(now|never|([1-9]\d?|[1-6]\d\d|7[01]\d|720)h)$/, 'now, never, or hours such as 24h, 720h at most')
    .optional()
    .describe('How long before the date that AWS has announced for it an instance is replaced'),
  share: whole(1, 100).optional().describe('How many of a hundred instances may be on their way out at once'),
  impaired: z.boolean().optional().describe('Whether an instance is replaced whose status checks fail'),
  recommended: z.enum(['ignore', 'drain']).optional().describe('What is done where EC2 recommends to rebalance'),
});

const group = z.strictObject({
  role: z.enum(['manager', 'worker']),
  size: whole(0, 1000).describe('How many instances there are at least. Of managers: 1, 3 or 5'),
  max: whole(0, 1000)
    .optional()
    .describe('How many scaling may make of them. Workers only; without it the size is fixed'),
  types: z
    .array(text(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type such as t4g.small'))
    .min(1)
    .max(4)
    .describe('The first is wanted, the others are taken where there is no capacity. All have the same architecture'),
  image: awsId('ami').optional().describe('Instead of the file’s own'),
  rootDevice: text(/^\/dev\/[a-z0-9]{2,12}$/, 'a device such as /dev/xvda')
    .optional()
    .describe('Instead of the file’s own'),
  rootGiB: whole(8, 16_384).default(30),
  spotPercent: whole(0, 100).default(0).describe('How many of a hundred instances are spot. Workers only'),
  hookTimeout: hookTimeout.default('30m'),
  labels: groupLabels.default({}).describe('Labels of the nodes'),
  availability: z.enum(['active', 'drain']).default('active').describe('drain: managers that run no tasks'),
  loadBalancer: z.boolean().default(false).describe('Whether the load balancer sends to this group'),
  replace: replacement.default({}).describe('When skep has an instance of the group replaced'),
  dnsName: text(
    /^[a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
    'a whole name such as web.blue.internal',
  )
    .optional()
    .describe('The name in the zone of dns under which its Ready nodes are found'),
  policy: text(/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]{1,512}$/, 'the ARN of a managed policy')
    .optional()
    .describe('A managed policy of your own for the nodes'),
  script: z
    .string()
    .max(4096)
    .regex(/^#!\//, 'a script begins with a line such as #!/bin/sh')
    .optional()
    .describe('Runs as root at the first boot, after Docker was installed'),
});

const loadBalancer = z.strictObject({
  scheme: z.enum(['internal', 'internet-facing']),
  port: whole(1, 65_535).default(443).describe('Where it listens, and where it finds the service on the nodes'),
  clients: cidr.describe('Who may connect'),
  subnets: z
    .array(awsId('subnet'))
    .min(1)
    .optional()
    .describe('Public ones for internet-facing. Without it: the nodes’ own'),
});

/** Of CloudWatch Logs. */
const RETENTION = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const clusterFile = z
  .strictObject({
    cluster: clusterName.describe('The name of the cluster'),
    stage: clusterName.default('dev').describe('The stage that skep was deployed as'),
    network: z
      .strictObject({
        new: newNetwork.optional().describe('A network of its own'),
        given: givenNetwork.optional().describe('A network that is there'),
      })
      .describe('Either new or given'),
    swarm: swarm.prefault({}).describe('What cannot be changed once the swarm is founded'),
    image: awsId('ami').describe('Amazon Linux 2023, Debian 12 or Ubuntu 24.04, by its id: nothing moves by itself'),
    rootDevice: text(/^\/dev\/[a-z0-9]{2,12}$/, 'a device such as /dev/xvda')
      .default('/dev/xvda')
      .describe('As the image has it. Ubuntu has /dev/sda1'),
    groups: z
      .record(text(/^[a-z][a-z0-9-]{0,31}$/, 'a name of 1 to 32 of a-z, 0-9 and -, which begins with a letter'), group)
      .describe('Auto Scaling groups by name'),
    registry: z.boolean().default(false).describe('Whether there is a bucket for the images of a private registry'),
    dns: text(
      /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
      'a name such as blue.internal',
    )
      .optional()
      .describe('A private zone of this name, in which the managers are found as managers.CLUSTER'),
    logs: z
      .strictObject({ retentionDays: z.literal(RETENTION).default(30) })
      .prefault({})
      .describe('Of the log group for containers'),
    loadBalancer: loadBalancer.optional(),
  })
  .describe('A cluster kept by skep');

export type ClusterFile = z.output<typeof clusterFile>;
export type FileGroup = z.output<typeof group>;

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** @example secondsOf('30m') // 1800 */
export function secondsOf(time: string): number {
  return Number(time.slice(0, -1)) * (UNITS[time.slice(-1)] ?? Number.NaN);
}
