// Who may ask the page's server. It listens on this machine only, and that is not enough: any page that a browser here has open can send
// requests to 127.0.0.1, under a name of its own (DNS rebinding) or from another origin; and other people may have accounts here.

export interface ReceivedRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly contentType: string | undefined;
  readonly cookie: string | undefined;
}

export interface Own {
  readonly port: number;
  /** Made anew at each start: only the person who was told the address has it. */
  readonly key: string;
}

export interface Refusal {
  readonly status: 403 | 421;
  readonly because: string;
}

export const cookieName = (port: number): string => `skep-page-${port}`;

/** @returns why not; undefined where it may */
export function refusalOf(received: ReceivedRequest, own: Own): Refusal | undefined {
  return ofAddress(received, own) ?? (hasKey(received, own) ? undefined : { status: 403, because: NO_KEY });
}

const NO_KEY = 'Open the address that skep printed: it has a key in it.';

/** The same, for the first request, which brings the key itself. */
export function ofAddress({ method, host, origin, contentType }: ReceivedRequest, { port }: Own): Refusal | undefined {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (host === undefined || !names.includes(host)) {
    return { status: 421, because: `This page answers on 127.0.0.1:${port} only.` };
  }
  // A browser sends an Origin with all that another page could change anything by; a request that only reads has none, or ours.
  if (origin !== undefined && !names.map((name) => `http://${name}`).includes(origin)) {
    return { status: 403, because: 'Another page may not ask this one.' };
  }
  if (method === 'GET' || method === 'HEAD') {
    return undefined;
  }
  return method === 'POST' && origin !== undefined && contentType === 'application/json'
    ? undefined
    : { status: 403, because: 'A change is asked for by this page itself, in JSON.' };
}

function hasKey({ cookie }: ReceivedRequest, { port, key }: Own): boolean {
  return (cookie ?? '').split(/;\s*/).includes(`${cookieName(port)}=${key}`);
}
