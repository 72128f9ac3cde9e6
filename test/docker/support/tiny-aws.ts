// The little of AWS that documents talk to: instance metadata version 2 and Parameter Store. It refuses what AWS refuses.
import { z } from 'zod';

import type { MachineSurroundings } from '../../../lab/nodes/machines.ts';

const getRequest = z.strictObject({ Name: z.string(), WithDecryption: z.literal(true) });
const putRequest = z.strictObject({
  Name: z.string(),
  Value: z.string(),
  Type: z.literal('SecureString'),
  KeyId: z.string().startsWith('arn:aws:kms:'),
  Overwrite: z.literal(true),
});

export class TinyAws implements MachineSurroundings {
  readonly parameters = new Map<string, { value: string; keyId: string }>();
  /** What a parameter becomes with each time that it is read, by its name. */
  readonly next = new Map<string, string[]>();
  readonly addresses = new Map<string, string>();
  /** Calls as "GetParameter /skep/...". */
  readonly calls: string[] = [];
  /** How many of the next calls are throttled, by instance. */
  readonly throttled = new Map<string, number>();
  /** Instances whose metadata service does not answer. */
  readonly withoutMetadata = new Set<string>();

  metadata(instanceId: string, request: Request): Promise<Response> {
    return Promise.resolve(this.#metadata(instanceId, request));
  }

  async aws(request: Request): Promise<Response> {
    const refusal = unsigned(request);
    if (refusal !== undefined) return failure(400, refusal);
    const caller = request.headers.get('x-amz-security-token')?.split('/')[0] ?? '';
    const left = this.throttled.get(caller) ?? 0;
    this.throttled.set(caller, left - 1);
    if (left > 0) return failure(400, 'ThrottlingException');
    const body: unknown = await request.json();
    const action = request.headers.get('x-amz-target');
    if (action === 'AmazonSSM.GetParameter') return this.#get(getRequest.parse(body));
    if (action === 'AmazonSSM.PutParameter') return this.#put(putRequest.parse(body));
    return failure(400, 'UnknownOperationException');
  }

  #metadata(instanceId: string, request: Request): Response {
    if (this.withoutMetadata.has(instanceId)) return new Response('', { status: 403 });
    const path = new URL(request.url).pathname.replace('/latest/', '');
    if (path === 'api/token') {
      const isRight = request.method === 'PUT' && request.headers.has('x-aws-ec2-metadata-token-ttl-seconds');
      return new Response(isRight ? `imds-${instanceId}` : '', { status: isRight ? 200 : 400 });
    }
    if (request.headers.get('x-aws-ec2-metadata-token') !== `imds-${instanceId}`)
      return new Response('', { status: 401 });
    const value = this.#values(instanceId)[path];
    return value === undefined ? new Response('', { status: 404 }) : new Response(value);
  }

  #values(instanceId: string): Record<string, string> {
    const credentials = {
      Code: 'Success',
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: SECRET,
      Token: `${instanceId}/session==`,
    };
    return {
      'meta-data/instance-id': instanceId,
      'meta-data/local-ipv4': this.addresses.get(instanceId) ?? '',
      'meta-data/placement/availability-zone': 'eu-west-1a',
      'meta-data/placement/region': 'eu-west-1',
      'meta-data/services/domain': 'amazonaws.com',
      'meta-data/iam/security-credentials/': 'node',
      'meta-data/iam/security-credentials/node': JSON.stringify(credentials, null, 2),
    };
  }

  #get({ Name }: z.infer<typeof getRequest>): Response {
    this.calls.push(`GetParameter ${Name}`);
    const parameter = this.parameters.get(Name);
    if (!parameter) return failure(400, 'ParameterNotFound');
    const value = this.next.get(Name)?.shift();
    if (value !== undefined) this.parameters.set(Name, { ...parameter, value });
    return Response.json({ Parameter: { Name, Type: 'SecureString', Value: parameter.value, Version: 1 } });
  }

  #put({ Name, Value, KeyId }: z.infer<typeof putRequest>): Response {
    this.calls.push(`PutParameter ${Name}`);
    this.parameters.set(Name, { value: Value, keyId: KeyId });
    return Response.json({ Tier: 'Standard', Version: 1 });
  }
}

export const SECRET = 'secretAccessKey/of+theRole0123456789';

/** Why AWS would refuse the signature's form. The signature itself is curl's affair. */
function unsigned(request: Request): string | undefined {
  const authorization = request.headers.get('authorization') ?? '';
  const scope = /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/\d{8}\/eu-west-1\/ssm\/aws4_request, /;
  if (!scope.test(authorization)) return 'IncompleteSignatureException';
  if (request.headers.get('x-amz-security-token')?.endsWith('/session==') !== true)
    return 'UnrecognizedClientException';
  if (request.headers.get('content-type') !== 'application/x-amz-json-1.1') return 'SerializationException';
  return undefined;
}

function failure(status: number, type: string): Response {
  return Response.json({ __type: type, message: `refused by the test: ${type}` }, { status });
}
