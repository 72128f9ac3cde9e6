// What a request asks for: the protocol by its headers, the operation and its input by its body; and what AWS says of those that ask for nothing.
import { z } from 'zod';

import { AwsError, UnknownOperation } from '../services/service.ts';
import type { HttpRequest } from './http.ts';
import { parseForm } from './query.ts';
import { readRest } from './rest.ts';

type Protocol = 'json' | 'query' | 'ec2' | 'rest';

export interface ReadRequest {
  readonly protocol: Protocol;
  /** As in an ARN; empty where nothing in the request tells. */
  readonly service: string;
  readonly operation: string;
  /** The input, as the SDK names its members. @throws {AwsError} for what is no request of that protocol. */
  readonly input: () => Record<string, unknown>;
}

/** Bytes. DynamoDB takes 16 MiB, Step Functions 1 MiB; of the others AWS publishes nothing. */
export const REQUEST_LIMIT = 1_048_576;
export const DYNAMODB_REQUEST_LIMIT = 16 * REQUEST_LIMIT;

const TARGETS: Readonly<Record<string, string>> = {
  AmazonSSM: 'ssm',
  AWSStepFunctions: 'states',
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  // What an SSM agent asks for its commands.
  EC2WindowsMessageDeliveryService: 'ec2messages',
};

const VERSIONS: Readonly<Record<string, string>> = {
  '2011-01-01': 'autoscaling',
  '2016-11-15': 'ec2',
  '2011-06-15': 'sts',
  '2010-03-31': 'sns',
  '2010-05-15': 'cloudformation',
  '2010-05-08': 'iam',
  // Of older SDKs, and of the aws command; newer ones speak JSON.
  '2012-11-05': 'sqs',
};

const SIGNATURE = /^AWS4-HMAC-SHA256 .*Credential=[^/,]+\/\d{8}\/[^/,]+\/([^/,]+)\/aws4_request/;

const filters = z.array(z.strictObject({ Name: z.string(), Value: z.array(z.string()) }));

export function readRequest(request: HttpRequest): ReadRequest {
  const { headers, body } = request;
  const { authorization, 'x-amz-target': target } = headers;
  const signature = SIGNATURE.exec(authorization ?? '');
  const read = target === undefined ? readUntargeted(request, signature?.[1] ?? '') : readJson(target, body);
  const refused =
    authorization === undefined || signature === null ? unsigned(authorization, read) : oversized(read, body);
  return refused === undefined
    ? read
    : {
        ...read,
        input: () => {
          throw refused;
        },
      };
}

function unsigned(authorization: string | undefined, { protocol }: ReadRequest): AwsError {
  const json = protocol === 'json';
  if (authorization === undefined) {
    const code = json ? 'MissingAuthenticationTokenException' : 'MissingAuthenticationToken';
    return new AwsError(code, 'Request is missing Authentication Token', json ? 400 : 403);
  }
  const code = json ? 'IncompleteSignatureException' : 'IncompleteSignature';
  return new AwsError(code, 'the Authorization header is not of the form of AWS4-HMAC-SHA256');
}

function oversized({ protocol, service }: ReadRequest, body: string): AwsError | undefined {
  const limit = service === 'dynamodb' ? DYNAMODB_REQUEST_LIMIT : REQUEST_LIMIT;
  return Buffer.byteLength(body) > limit ? tooLarge(protocol) : undefined;
}

function tooLarge(protocol: Protocol): AwsError {
  const code = protocol === 'json' ? 'RequestEntityTooLargeException' : 'RequestEntityTooLarge';
  return new AwsError(code, 'the request is larger than the service takes', 413);
}

function readJson(target: string, body: string): ReadRequest {
  const [, prefix = '', operation = ''] = /^([^.]*)\.(.*)$/.exec(target) ?? [];
  return {
    protocol: 'json',
    service: Object.hasOwn(TARGETS, prefix) ? (TARGETS[prefix] ?? prefix) : prefix,
    operation,
    input: () => parseJson(body),
  };
}

function parseJson(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body === '' ? '{}' : body);
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON');
  }
  if (!isObject(value)) {
    throw new AwsError('SerializationException', 'the body is not a JSON object');
  }
  return value;
}

/** Not by a schema of any members: it copies them all, for each call. */
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** No target: one of the two Query protocols, or REST, which the lab speaks for Route 53 alone. */
function readUntargeted({ method, url, body }: HttpRequest, scope: string): ReadRequest {
  const rest = scope === 'route53' ? readRest({ method, url, body }) : undefined;
  if (rest !== undefined) {
    return { protocol: 'rest', service: scope, ...rest };
  }
  const form = new URLSearchParams(body);
  const service = scope === '' ? (VERSIONS[form.get('Version') ?? ''] ?? '') : scope;
  if (!Object.values(VERSIONS).includes(service)) {
    const operation = `${method} ${url.replace(/[?#].*/s, '')}`;
    return {
      protocol: 'json',
      service,
      operation,
      input: () => {
        throw new UnknownOperation(service, operation);
      },
    };
  }
  return {
    protocol: service === 'ec2' ? 'ec2' : 'query',
    service,
    operation: form.get('Action') ?? '',
    input: () => readForm(service, form),
  };
}

function readForm(service: string, form: URLSearchParams): Record<string, unknown> {
  if (form.get('Action') === null) {
    throw new AwsError('MissingAction', 'the request has no parameter Action');
  }
  const version = form.get('Version') ?? '';
  if (!Object.hasOwn(VERSIONS, version) || VERSIONS[version] !== service) {
    throw new AwsError('NoSuchVersion', `${service} has no version ${version}`);
  }
  form.delete('Action');
  form.delete('Version');
  const members = parseForm(form);
  return (FORMS[service] ?? ((it) => it))(members);
}

/** Services whose forms name members in their own way. */
const FORMS: Readonly<Record<string, (members: Record<string, unknown>) => Record<string, unknown>>> = {
  ec2: fromEc2Form,
  sns: fromSnsForm,
  sqs: ({ AttributeName, ...rest }) =>
    AttributeName === undefined ? rest : { ...rest, AttributeNames: AttributeName },
};

const entries = z.strictObject({ entry: z.array(z.strictObject({ Name: z.string(), Value: z.unknown() })) });

/** A map comes as numbered entries of a name and a value. */
function fromSnsForm({ MessageAttributes, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const given = entries.safeParse(MessageAttributes);
  const read = given.success
    ? Object.fromEntries(given.data.entry.map(({ Name, Value }) => [Name, Value]))
    : MessageAttributes;
  return MessageAttributes === undefined ? rest : { ...rest, MessageAttributes: read };
}

/** As they are on the wire, and as the SDK has them. */
const EC2_LISTS: Readonly<Record<string, string>> = {
  InstanceId: 'InstanceIds',
  GroupId: 'GroupIds',
  ResourceId: 'Resources',
  Tag: 'Tags',
};

/** EC2's form names lists in the singular. What is no list there is a member of that very name. */
function fromEc2Form({ Filter, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const given = filters.optional().safeParse(Filter);
  if (!given.success) {
    throw new AwsError('InvalidParameterValue', 'the filters are not of the form Filter.1.Name, Filter.1.Value.1');
  }
  const named = Object.entries(rest).map(([name, value]) => [
    Array.isArray(value) ? (EC2_LISTS[name] ?? name) : name,
    value,
  ]);
  return {
    ...(Object.fromEntries(named) as Record<string, unknown>),
    ...(given.data === undefined ? {} : { Filters: given.data.map(({ Name, Value }) => ({ Name, Values: Value })) }),
  };
}
