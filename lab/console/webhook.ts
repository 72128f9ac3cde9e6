// The webhook of the lab: where a notice goes that a stack sends to Slack. It takes what Slack takes, and shows what it got.
import { z } from 'zod';

import type { HttpRequest, HttpResponse } from '../aws/protocols/http.ts';

const text = z.strictObject({
  type: z.enum(['plain_text', 'mrkdwn']),
  text: z.string().min(1).max(3000),
  emoji: z.boolean().optional(),
});
/** Slack's limits of an incoming webhook, as its documentation has them. */
const message = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('header'), text: text.extend({ text: z.string().min(1).max(150) }) }),
        z.strictObject({ type: z.literal('section'), text }),
        z.strictObject({ type: z.literal('context'), elements: z.array(text).min(1).max(10) }),
      ]),
    )
    .max(50),
});
export type WebhookMessage = z.infer<typeof message>;

/** In place of what Slack draws at random: whoever reads it anywhere but in its parameter has found a leak. */
const SECRET = 'T0LAB/B0LAB/nobody-may-read-this';
const PATH = `/lab/webhook/${SECRET}`;

export class Webhook {
  /** False: it answers that it is not there now. */
  isUp = true;
  /** How often it was asked, and did not take it. */
  refused = 0;
  readonly messages: WebhookMessage[] = [];

  urlAt(lab: string): string {
    return `${lab}${PATH}`;
  }

  /** Whether a line that nobody but people should read has the secret in it. */
  isIn(line: string): boolean {
    return line.includes(SECRET);
  }

  /** Undefined for a request that is not for it. */
  take(request: HttpRequest): HttpResponse | undefined {
    if (!pathOf(request).startsWith('/lab/webhook/')) {
      return undefined;
    }
    const [status, body] = this.#answer(request);
    this.refused += status === 200 ? 0 : 1;
    return { status, headers: {}, body };
  }

  #answer(request: HttpRequest): [status: number, body: string] {
    if (!this.isUp) {
      return [503, 'service_unavailable'];
    }
    if (pathOf(request) !== PATH || request.method !== 'POST') {
      return [404, 'no_service'];
    }
    const read = message.safeParse(jsonOf(request.body));
    if (!read.success) {
      return [400, 'invalid_blocks'];
    }
    this.messages.push(read.data);
    return [200, 'ok'];
  }
}

export const pathOf = ({ url }: HttpRequest): string => url.split('?', 1)[0] ?? '';

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
