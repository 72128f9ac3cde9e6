// Instance metadata, version 2 only, as an instance sees it.
import type { Credentials } from '../iam/access-keys.ts';
import type { Ec2 } from './ec2.ts';

/** The role of an instance, and credentials of it. */
export interface InstanceRole {
  readonly name: string;
  readonly credentials: Credentials;
}

export class InstanceMetadata {
  readonly #ec2: Ec2;
  readonly #roleOf: (instanceId: string) => InstanceRole | undefined;
  readonly #region: string;

  /** @param roleOf undefined for an instance without a profile */
  constructor(ec2: Ec2, region: string, roleOf: (instanceId: string) => InstanceRole | undefined) {
    this.#ec2 = ec2;
    this.#region = region;
    this.#roleOf = roleOf;
  }

  answer(instanceId: string, request: Request): Response {
    const path = new URL(request.url).pathname;
    const token = `token-of-${instanceId}`;
    if (request.method === 'PUT' && path === '/latest/api/token') {
      return request.headers.has('x-aws-ec2-metadata-token-ttl-seconds')
        ? new Response(token)
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
    });
  }
}
