// Launch templates: numbered versions, each of which stays as it was.
import { z } from 'zod';

import type { Json, JsonObject } from '../stack/stack.ts';
import type { Account, AccountRecord } from './account.ts';
import { HandlerError, hexId, textOf, texts } from './handler.ts';
import type { Handler } from './handler.ts';

/** How a group names one. */
export const templateOf = z.strictObject({
  LaunchTemplateId: z.string().optional(),
  LaunchTemplateName: z.string().optional(),
  Version: z.union([z.string(), z.number()]).transform(String),
});

export class LaunchTemplates {
  readonly #account: Account;
  readonly #hasProfile: (nameOrArn: string) => boolean;
  readonly #versions = new Map<string, JsonObject[]>();

  constructor(account: Account, hasProfile: (nameOrArn: string) => boolean) {
    this.#account = account;
    this.#hasProfile = hasProfile;
  }

  get handler(): Handler {
    const add = (record: AccountRecord): void => {
      this.#addVersion(record);
    };
    return {
      nameProperty: 'LaunchTemplateName',
      idOf: hexId('lt'),
      attributesOf: (id) => ({ LaunchTemplateId: id, LatestVersionNumber: '1', DefaultVersionNumber: '1' }),
      renewed: (id) => ({ LatestVersionNumber: String(this.#versions.get(id)?.length ?? 1) }),
      effects: {
        create: add,
        update: add,
        remove: ({ id }) => {
          this.#versions.delete(id);
        },
      },
    };
  }

  #addVersion(record: AccountRecord): void {
    const data = record.properties['LaunchTemplateData'];
    const versions = this.#versions.get(record.id) ?? [];
    const last = versions.at(-1);
    if (last === undefined || JSON.stringify(last) !== JSON.stringify(data)) {
      versions.push(asObject(data));
    }
    this.#versions.set(record.id, versions);
  }

  /** The profile of what is launched from it in that VPC. @throws {HandlerError} where nothing could be launched from it */
  profileFor(wanted: z.output<typeof templateOf>, vpcId: string): string | undefined {
    const data = this.#dataOf(wanted);
    const { ImageId: image, IamInstanceProfile: profile } = data;
    if (!this.#account.exists('AWS::EC2::Image', textOf(image))) {
      throw unusable(`The image id '[${textOf(image)}]' does not exist`);
    }
    for (const id of securityGroupsOf(data)) {
      const group = this.#account.find('AWS::EC2::SecurityGroup', id);
      if (group === undefined) {
        throw unusable(`The security group '${id}' does not exist`);
      }
      if (group.properties['VpcId'] !== vpcId) {
        throw unusable(`Security group ${id} and the subnets of the group belong to different networks.`);
      }
    }
    const { Arn, Name } = asObject(profile);
    const named = Arn ?? Name;
    if (typeof named === 'string' && !this.#hasProfile(named)) {
      throw unusable(`Invalid IamInstanceProfile: ${named}`);
    }
    return typeof named === 'string' ? named : undefined;
  }

  securityGroupsFor(wanted: z.output<typeof templateOf>): readonly string[] {
    return securityGroupsOf(this.#dataOf(wanted));
  }

  #dataOf({
    LaunchTemplateId: id,
    LaunchTemplateName: name,
    Version: version,
  }: z.output<typeof templateOf>): JsonObject {
    const found = this.#account
      .all('AWS::EC2::LaunchTemplate')
      .find((one) => one.id === id || (name !== undefined && one.properties['LaunchTemplateName'] === name));
    if (found === undefined) {
      throw unusable(`The specified launch template, with template ID ${id ?? name ?? ''}, does not exist.`);
    }
    const versions = this.#versions.get(found.id) ?? [];
    const data =
      version === '$Latest' ? versions.at(-1) : version === '$Default' ? versions[0] : versions[Number(version) - 1];
    if (data === undefined) {
      throw unusable(`The specified launch template version, ${version}, does not exist.`);
    }
    return data;
  }
}

/** They stand at the instance, or at its network interfaces. */
function securityGroupsOf(data: JsonObject): readonly string[] {
  const interfaces = data['NetworkInterfaces'];
  const ofInterfaces = Array.isArray(interfaces)
    ? interfaces.flatMap((one: Json) => texts(asObject(one)['Groups']))
    : [];
  return [...texts(data['SecurityGroupIds']), ...ofInterfaces];
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

const unusable = (why: string): HandlerError =>
  new HandlerError(
    'InvalidRequest',
    `You must use a valid fully-formed launch template. ${why} (Service: AutoScaling, Status Code: 400)`,
  );
