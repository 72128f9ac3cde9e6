// Errors of AWS, and of the way to it, in words that say what a person can do.
import { errorName, isDenied } from '../src/aws/errors.ts';
import { UsageError } from './errors.ts';

/** A table that is not there means a stage that is not there. All else is for `inWords`, at the end of the command. */
export async function explained<T>(asked: Promise<T>, stage: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') {
      const region = process.env['AWS_REGION'] ?? 'of the profile';
      throw new UsageError(
        `there is no table skep-${stage} here (region ${region}): is stage ${stage} deployed in this account and region?`,
      );
    }
    throw error;
  }
}

/** Node's codes for a host that cannot be reached, and what each means. */
const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing answers there',
  ENOTFOUND: 'its name cannot be resolved: is the region right, and is there a network?',
  EAI_AGAIN: 'its name cannot be resolved at present: is there a network?',
  ENETUNREACH: 'there is no way to it: is there a network?',
  EHOSTUNREACH: 'there is no way to it: is there a network?',
  ETIMEDOUT: 'it does not answer in time',
  ECONNRESET: 'it ended the connection',
  EPROTO: 'it does not speak TLS: is the address to begin with http:// ?',
};

const EXPIRED = new Set(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired', 'TokenRefreshRequired']);
const UNKNOWN_KEYS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'AuthFailure',
]);

/** @returns what a person can do about it; undefined for an error that skep knows nothing of */
export function inWords(error: unknown): string | undefined {
  const name = errorName(error);
  const message = error instanceof Error ? error.message : String(error);
  if (message === 'Region is missing') {
    return 'no AWS region: set AWS_REGION, or region in ~/.aws/config, or say --region (of the lab on this machine: --lab)';
  }
  if (name === 'CredentialsProviderError') {
    return credentialsText(message);
  }
  if (EXPIRED.has(name)) {
    return `the AWS credentials have expired (${name}): log in again`;
  }
  if (UNKNOWN_KEYS.has(name)) {
    return `AWS does not know these credentials (${name}): are they of another partition, deleted, or mistyped?`;
  }
  if (isDenied(error)) {
    return deniedText(message);
  }
  const code = codeOf(error);
  const meaning = UNREACHED[code];
  return meaning === undefined ? undefined : `AWS was not reached at ${placeOf(error)}: ${meaning} (${code})`;
}

/** The same, of any error: for those who go on without what they asked for. */
export const problemOf = (error: unknown): string =>
  inWords(error) ?? `${errorName(error)}: ${error instanceof Error ? error.message : String(error)}`;

function credentialsText(message: string): string {
  const { AWS_PROFILE: profile } = process.env;
  return profile === undefined
    ? `no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${message})`
    : `profile ${profile} gives no AWS credentials: is it in ~/.aws/config, and are you logged in? (${message})`;
}

/** AWS says who may not do what, and on what; of EC2 it says nothing but the name. */
function deniedText(message: string): string {
  const [, who, action, , what] =
    /User: (\S+) is not authorized to perform: (\S+)( on resource: (\S+))?/.exec(message) ?? [];
  if (action === undefined) {
    return `AWS denies it: ${message}`;
  }
  const on = what === undefined ? '' : ` on ${what}`;
  return `AWS denies ${action}${on} to ${who ?? 'you'}: docs/commands.md lists what each verb needs`;
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map(codeOf).find((code) => code !== '') ?? '';
  }
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function placeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] !== undefined) {
    return placeOf(error.errors[0]);
  }
  const { hostname, address, port } = error as { hostname?: unknown; address?: unknown; port?: unknown };
  if (typeof hostname === 'string') {
    return hostname;
  }
  return typeof address === 'string'
    ? `${address}${typeof port === 'number' ? `:${port}` : ''}`
    : (process.env['AWS_ENDPOINT_URL'] ?? 'its endpoint');
}
