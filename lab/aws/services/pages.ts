// Lists come in pages, as AWS gives them: who does not ask for the next one misses the rest.
import { AwsError } from './service.ts';

export interface PageRequest {
  /** Undefined or 0: the operation's own. */
  readonly limit: number | undefined;
  readonly token: string | undefined;
}

/**
 * @param own how many there are on a page unless asked otherwise
 * @param badToken what the service calls a token that it did not give
 * @throws {AwsError} for a token that is none
 */
export function pageOf<T>(
  all: readonly T[],
  { limit, token }: PageRequest,
  own: number,
  badToken: string,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const from = token === undefined ? 0 : offsetOf(token, badToken);
  const size = limit === undefined || limit === 0 ? own : limit;
  const to = from + size;
  return { items: all.slice(from, to), next: to < all.length ? tokenOf(to) : undefined };
}

const tokenOf = (offset: number): string => Buffer.from(`page:${offset}`).toString('base64url');

function offsetOf(token: string, badToken: string): number {
  const [, offset] = /^page:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (offset === undefined) {
    throw new AwsError(badToken, 'the token for the next page is not valid');
  }
  return Number(offset);
}
