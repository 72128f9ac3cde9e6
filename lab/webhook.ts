// The webhook of the lab: where a notice goes that a stack sends to Slack. It takes what Slack takes, and shows what it got.
import { z } from 'zod';

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
  async take(request: Request): Promise<Response | undefined> {
    if (!new URL(request.url).pathname.startsWith('/lab/webhook/')) {
      return undefined;
    }
    const response = await this.#answer(request);
    this.refused += response.ok ? 0 : 1;
    return response;
  }

  async #answer(request: Request): Promise<Response> {
    if (!this.isUp) {
      return new Response('service_unavailable', { status: 503 });
    }
    if (new URL(request.url).pathname !== PATH || request.method !== 'POST') {
      return new Response('no_service', { status: 404 });
    }
    const read = message.safeParse(await request.json().catch(() => undefined));
    if (!read.success) {
      return new Response('invalid_blocks', { status: 400 });
    }
    this.messages.push(read.data);
    return new Response('ok');
  }
}
