// Instance metadata, version 2 only, as an instance sees it.
import type { Ec2 } from './ec2.ts';

/** Access key ids are names in the lab: they say who calls, no more. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export class InstanceMetadata {
  readonly #ec2: Ec2;
  readonly #credentials: (instanceId: string) => Credentials;
  readonly #region: string;

  constructor(ec2: Ec2, region: string, credentials: (instanceId: string) => Credentials) {
    this.#ec2 = ec2;
    this.#region = region;
    this.#credentials = credentials;
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
    const role = `${instance.tags['skep:role'] ?? 'no'}-node`;
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
        return role;
      case `iam/security-credentials/${role}`: {
        const { accessKeyId, secretAccessKey, sessionToken } = this.#credentials(instanceId);
        return JSON.stringify({
          Code: 'Success',
          Type: 'AWS-HMAC',
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          Token: sessionToken,
        });
      }
      default:
        return undefined;
    }
  }
}
