// A request and its answer as plain data: what the endpoint needs of HTTP, and nothing that costs more than it does.

export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Of those who are inside the lab and speak the web's own types. */
export async function plainOf(request: Request): Promise<HttpRequest> {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    url: `${pathname}${search}`,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  };
}

export const webOf = ({ status, headers, body }: HttpResponse): Response => new Response(body, { status, headers });
