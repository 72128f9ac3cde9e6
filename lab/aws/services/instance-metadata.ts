// Instance metadata, version 2 only, as an instance sees it.
import type { Credentials } from '../iam/access-keys.ts';
import type { Clock } from '../../time/clock.ts';
import type { Ec2 } from './ec2.ts';

/** The role of an instance, and credentials of it. */
export interface InstanceRole {
  readonly name: string;
  readonly credentials: Credentials;
}

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
/** About six hours, ms. In the lab they are good for ever. */
const VALID_FOR = 21_600_000;

export class InstanceMetadata {
  readonly #ec2: Ec2;
  readonly #roleOf: (instanceId: string) => InstanceRole | undefined;
  readonly #region: string;
  readonly #clock: Pick<Clock, 'now'>;

  /** @param roleOf undefined for an instance without a profile */
  constructor(
    ec2: Ec2,
    region: string,
    roleOf: (instanceId: string) => InstanceRole | undefined,
    clock: Pick<Clock, 'now'>,
  ) {
    this.#ec2 = ec2;
    this.#region = region;
    this.#clock = clock;
    this.#roleOf = roleOf;
  }

  answer(instanceId: string, request: Request): Response {
    const path = new URL(request.url).pathname;
    const token = `token-of-${instanceId}`;
    if (request.method === 'PUT' && path === '/latest/api/token') {
      return request.headers.has(TTL)
        ? new Response(token, { headers: { [TTL]: request.headers.get(TTL) ?? '' } })
        : new Response('Missing or Invalid Parameters', { status: 400 });
    }
    if (request.headers.get('x-aws-ec2-metadata-token') !== token) {
      return new Response('Unauthorized', { status: 401 });
    }
    const value = this.#value(instanceId, path);
    return value === undefined ? new Response('Not Found', { status: 404 }) : new Response(value);
  }

  #value(instanceId: string, path: string): string | undefined {
    const instance = this.#ec2.instances.get(instanceId);
    if (instance === undefined) {
      return undefined;
    }
    if (path === '/latest/dynamic/instance-identity/document') {
      // Where an SDK looks for the region, and with it an SSM agent.
      return JSON.stringify({
        ...{ instanceId, region: this.#region, availabilityZone: instance.zone, privateIp: instance.privateIp },
        version: '2017-09-30',
      });
    }
    switch (path.replace(/^\/latest\/meta-data\//, '').replace(/\/$/, '')) {
      case 'instance-id':
        return instanceId;
      case 'local-ipv4':
        return instance.privateIp;
      case 'placement/availability-zone':
        return instance.zone;
      case 'placement/region':
        return this.#region;
      case 'services/domain':
        return 'amazonaws.com';
      case 'iam/security-credentials':
        return this.#roleOf(instanceId)?.name;
      default:
        return this.#credentialsAt(instanceId, path);
    }
  }

  #credentialsAt(instanceId: string, path: string): string | undefined {
    const role = this.#roleOf(instanceId);
    if (role === undefined || path !== `/latest/meta-data/iam/security-credentials/${role.name}`) {
      return undefined;
    }
    const { accessKeyId, secretAccessKey, sessionToken } = role.credentials;
    return JSON.stringify({
      Code: 'Success',
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      LastUpdated: this.#at(0),
      Expiration: this.#at(VALID_FOR),
    });
  }

  /** A time, without its milliseconds. */
  #at(later: number): string {
    return new Date(this.#clock.now() + later).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}
