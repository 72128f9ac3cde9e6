// REST with XML, as Route 53 speaks it: the operation by method and path, members in the path, the query and the body.
import { parseXML } from '@aws-sdk/xml-builder';
import XMLBuilder from 'fast-xml-builder';

import { AwsError } from '../services/service.ts';
import type { HttpRequest } from './http.ts';

const VERSION = '/2013-04-01';
const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
  readonly input: (id: string, query: URLSearchParams, body: string) => Record<string, unknown>;
}

const ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/hostedzone\/([^/]+)\/rrset\/?$/,
    operation: 'ChangeResourceRecordSets',
    input: (HostedZoneId, _query, body) => ({ HostedZoneId, ChangeBatch: batchOf(body) }),
  },
  {
    method: 'GET',
    path: /^\/hostedzone\/([^/]+)\/rrset\/?$/,
    operation: 'ListResourceRecordSets',
    input: (HostedZoneId, query) => ({
      HostedZoneId,
      ...queried(query, {
        StartRecordName: 'name',
        StartRecordType: 'type',
        StartRecordIdentifier: 'identifier',
        MaxItems: 'maxitems',
      }),
    }),
  },
  {
    method: 'GET',
    path: /^\/hostedzone\/([^/]+)$/,
    operation: 'GetHostedZone',
    input: (Id) => ({ Id }),
  },
  { method: 'GET', path: /^\/change\/([^/]+)$/, operation: 'GetChange', input: (Id) => ({ Id }) },
];

/** Undefined for what is no request of it. */
export function readRest({
  method,
  url,
  body,
}: Pick<HttpRequest, 'method' | 'url' | 'body'>):
  { readonly operation: string; readonly input: () => Record<string, unknown> } | undefined {
  const { pathname, searchParams } = new URL(url, 'http://lab');
  for (const route of pathname.startsWith(VERSION) ? ROUTES : []) {
    const [, id] = route.path.exec(pathname.slice(VERSION.length)) ?? [];
    if (method === route.method && id !== undefined) {
      return { operation: route.operation, input: () => route.input(decodeURIComponent(id), searchParams, body) };
    }
  }
  return undefined;
}

function queried(query: URLSearchParams, names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([member, name]) => {
      const value = query.get(name);
      return value === null ? [] : [[member, value]];
    }),
  );
}

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function batchOf(body: string): unknown {
  let parsed: unknown;
  try {
    parsed = parseXML(body);
  } catch {
    throw new AwsError('InvalidInput', 'the body is not XML');
  }
  const request = isTree(parsed) ? parsed['ChangeResourceRecordSetsRequest'] : undefined;
  const batch = isTree(request) ? request['ChangeBatch'] : undefined;
  if (!isTree(batch)) {
    throw new AwsError('InvalidInput', 'Invalid XML ; the ChangeBatch is missing');
  }
  const { Changes: changes, ...rest } = batch;
  return { ...rest, Changes: listed(changes, 'Change').map(changeOf) };
}

function changeOf(change: unknown): unknown {
  if (!isTree(change) || !isTree(change['ResourceRecordSet'])) {
    return change;
  }
  const { ResourceRecords: records, MultiValueAnswer: multi, TTL: ttl, ...rest } = change['ResourceRecordSet'];
  return {
    ...change,
    ResourceRecordSet: {
      ...rest,
      ...(ttl === undefined ? {} : { TTL: Number(ttl) }),
      ...(multi === undefined ? {} : { MultiValueAnswer: multi === 'true' }),
      ...(records === undefined ? {} : { ResourceRecords: listed(records, 'ResourceRecord') }),
    },
  };
}

/** One element is no list in XML. */
function listed(value: unknown, item: string): unknown[] {
  const inner = isTree(value) ? value[item] : undefined;
  return inner === undefined || inner === '' ? [] : [inner].flat();
}

/** What the elements of a list are called. */
const ITEMS: Readonly<Record<string, string>> = {
  ResourceRecordSets: 'ResourceRecordSet',
  ResourceRecords: 'ResourceRecord',
  VPCs: 'VPC',
};

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: true });

export function restResponse(operation: string, output: unknown): string {
  return builder.build({ [`${operation}Response`]: { '@_xmlns': NAMESPACE, ...(wire(output) as object) } });
}

export function restError(code: string, message: string, status: number, requestId: string): string {
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  return builder.build({
    ErrorResponse: {
      '@_xmlns': NAMESPACE,
      Error: { Type, Code: code, Message: message },
      RequestId: requestId,
    },
  });
}

function wire(value: unknown): unknown {
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (!isTree(value)) {
    return typeof value === 'boolean' ? String(value) : value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [
        name,
        Array.isArray(inner) ? { [ITEMS[name] ?? 'member']: inner.map((one) => wire(one)) } : wire(inner),
      ]),
  );
}
