// The webhook that people are told by: Slack's, or one that takes the same. Its URL is a secret: whoever has it may post there.
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';

import { errorName } from './errors.ts';

/** One try, with connecting. ms. */
const TIMEOUT = 3000;
const PAUSES = [500, 1500];

export type Posted = { readonly ok: true } | { readonly ok: false; readonly because: string };

/** @returns undefined where nobody has set one up */
export async function webhookUrl(client: SSMClient, parameter: string): Promise<string | undefined> {
  try {
    const { Parameter: found } = await client.send(new GetParameterCommand({ Name: parameter, WithDecryption: true }));
    return found?.Value?.trim();
  } catch (error) {
    if (errorName(error) === 'ParameterNotFound') {
      return undefined;
    }
    throw error;
  }
}

/** Never throws, and never says the URL: neither its own words nor those of an error that has it in them. */
export async function postTo(url: string, message: unknown, sleep: (ms: number) => Promise<void>): Promise<Posted> {
  if (!isAllowed(url)) {
    return { ok: false, because: 'its parameter holds no https URL' };
  }
  let because = '';
  for (const pause of [0, ...PAUSES]) {
    await sleep(pause);
    const { status, problem } = await tryOnce(url, message);
    if (status !== undefined && status < 300) {
      return { ok: true };
    }
    because = problem;
    // What it refuses once it refuses again; but for too many at once.
    if (status !== undefined && status < 500 && status !== 429) {
      break;
    }
  }
  return { ok: false, because };
}

/** Plain http only where nobody can listen: this very machine. */
function isAllowed(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && parsed.hostname === '127.0.0.1');
}

async function tryOnce(
  url: string,
  message: unknown,
): Promise<{ readonly status: number | undefined; readonly problem: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      // A redirect would send the message to a place that nobody has chosen.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    await response.body?.cancel();
    return { status: response.status, problem: `it answered ${response.status}` };
  } catch (error) {
    return { status: undefined, problem: `it does not answer (${reasonOf(error)})` };
  }
}

/** `fetch failed` says nothing, and the message of what lies under it may have the address in it: codes and names do not. */
function reasonOf(error: unknown): string {
  const read = z.object({ name: z.string(), cause: z.object({ code: z.string() }).optional() }).safeParse(error).data;
  return read?.cause?.code ?? read?.name ?? 'no reason is given';
}
