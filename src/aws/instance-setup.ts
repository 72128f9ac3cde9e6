// EC2, for an adoption: how instances were set up before skep came, and their tags.
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstanceAttributeCommand,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import type { EC2Client, Instance, Tag } from '@aws-sdk/client-ec2';

import type { FoundInstance } from '../core/adopt/facts.ts';
import { chunks } from '../core/chunks.ts';
import type { NodeRole } from '../core/names.ts';
import { FILTER_VALUES } from './ec2-filters.ts';

const CLUSTER = 'skep:cluster';
const ROLE = 'skep:role';

/** What EC2 does not show is missing. By filter, since by id one unknown instance fails the whole call. */
export async function instancesSetUp(
  client: EC2Client,
  instances: readonly string[],
): Promise<Map<string, FoundInstance>> {
  const found = new Map<string, FoundInstance>();
  for (const Values of chunks(instances, FILTER_VALUES)) {
    const Filters = [{ Name: 'instance-id', Values }];
    for await (const page of paginateDescribeInstances({ client }, { Filters })) {
      for (const one of (page.Reservations ?? []).flatMap(({ Instances: some = [] }) => some)) {
        found.set(one.InstanceId ?? '', asFound(one));
      }
    }
  }
  return found;
}

function asFound(instance: Instance): FoundInstance {
  const tag = (key: string): string | undefined => instance.Tags?.find(({ Key }) => Key === key)?.Value;
  return {
    state: instance.State?.Name ?? '',
    privateIp: instance.PrivateIpAddress,
    hopLimit: instance.MetadataOptions?.HttpPutResponseHopLimit ?? 1,
    profile: instance.IamInstanceProfile?.Arn,
    vpc: instance.VpcId,
    subnet: instance.SubnetId,
    hasPublicAddress: instance.PublicIpAddress !== undefined,
    securityGroups: [
      ...new Set(
        (instance.NetworkInterfaces ?? []).flatMap(({ Groups = [] }) => Groups.flatMap(({ GroupId }) => GroupId ?? [])),
      ),
    ],
    cluster: tag(CLUSTER),
    roleTag: tag(ROLE),
  };
}

/** What its cloud-init was given; it may be binary, of which the text that is in it is enough. */
export async function userDataOf(client: EC2Client, instance: string): Promise<string> {
  const { UserData: data } = await client.send(
    new DescribeInstanceAttributeCommand({ InstanceId: instance, Attribute: 'userData' }),
  );
  return Buffer.from(data?.Value ?? '', 'base64').toString('utf8');
}

const tagsOf = (cluster: string, role: string): Tag[] => [
  { Key: CLUSTER, Value: cluster },
  { Key: ROLE, Value: role },
];

export async function tagInstances(
  client: EC2Client,
  instances: readonly string[],
  { cluster, role }: { readonly cluster: string; readonly role: NodeRole },
): Promise<void> {
  for (const Resources of chunks(instances, FILTER_VALUES)) {
    await client.send(new CreateTagsCommand({ Resources, Tags: tagsOf(cluster, role) }));
  }
}

/** Only the tags of this cluster: one that somebody has changed since stays. */
export async function untagInstances(
  client: EC2Client,
  instances: readonly string[],
  cluster: string,
  role: string,
): Promise<void> {
  for (const Resources of chunks(instances, FILTER_VALUES)) {
    await client.send(new DeleteTagsCommand({ Resources, Tags: tagsOf(cluster, role) }));
  }
}
