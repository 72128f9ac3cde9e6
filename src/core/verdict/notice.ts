// Telling people of a change: which notices are still to be sent, by whom, and when one is given up.
import * as z from 'zod';

import { LEVELS } from './findings.ts';
import type { Judgement, Reason, Verdict } from './verdict.ts';

export const TARGETS = ['topic', 'webhook'] as const;
export type Target = (typeof TARGETS)[number];

const reasonSchema = z.object({
  name: z.string(),
  level: z.enum(['degraded', 'critical']),
  what: z.string(),
  next: z.string(),
});

export const noticeSchema = z.object({
  /** The same in every try, so that a person who gets a notice twice sees that it is the same. */
  id: z.string(),
  from: z.enum(LEVELS),
  to: z.enum(LEVELS),
  reasons: z.array(reasonSchema),
  /** Since when it is so, and since when it was as before; epoch seconds. */
  at: z.number(),
  before: z.number().optional(),
  /** The addressees that have not got it yet. */
  due: z.array(z.enum(TARGETS)),
  tries: z.int(),
});
export type Notice = z.infer<typeof noticeSchema>;

/** What is still to be sent, and who is at it. */
export interface Outbox {
  readonly notices: readonly Notice[];
  readonly sender: { readonly execution: string; readonly until: number } | undefined;
}

/** A function ends within this time. A sender that has not recorded by then that it has sent has died before. Seconds. */
export const SENDING = 150;
/** One try with each tidy: what nobody took for an hour is old news. */
export const MOST_TRIES = 6;
/** A person who gets more than that at once reads none. */
const MOST_NOTICES = 5;

/**
 * The outbox with the verdict's change in it, and what of it this execution sends now. Sending comes after this is written: a function
 * that dies in between leaves what it had, and the next tidy sends it, under the same id. So everything is told at least once, and
 * twice only if a function dies between telling and writing that it told.
 */
export function toSend(
  outbox: Outbox,
  last: Verdict | undefined,
  { verdict, changed }: Pick<Judgement, 'verdict' | 'changed'>,
  by: { readonly cluster: string; readonly execution: string; readonly now: number },
): { readonly outbox: Outbox; readonly send: readonly Notice[] } {
  const { cluster, execution, now } = by;
  const { sender } = outbox;
  const notices = changed ? [...outbox.notices, noticeOf(cluster, last, verdict)] : outbox.notices;
  const anothers = sender !== undefined && sender.execution !== execution && sender.until > now;
  if (notices.length === 0) {
    return { outbox: { notices, sender: undefined }, send: [] };
  }
  if (anothers) {
    // Its sender takes off what it has sent, and leaves what came meanwhile to the next.
    return { outbox: { notices, sender }, send: [] };
  }
  const tried = notices
    .map((notice) => ({ ...notice, tries: notice.tries + 1 }))
    .filter(({ tries }) => tries <= MOST_TRIES)
    .slice(-MOST_NOTICES);
  return { outbox: { notices: tried, sender: { execution, until: now + SENDING } }, send: tried };
}

/** What is left when some were sent. */
export function afterSending(notices: readonly Notice[], sent: ReadonlyMap<string, readonly Target[]>): Notice[] {
  return notices
    .map((notice) => ({
      ...notice,
      due: notice.due.filter((target) => sent.get(notice.id)?.includes(target) !== true),
    }))
    .filter(({ due }) => due.length > 0);
}

function noticeOf(cluster: string, last: Verdict | undefined, { level, reasons, asOf, version }: Verdict): Notice {
  return {
    id: `${cluster}-${version}-${asOf}`,
    from: last?.level ?? 'healthy',
    to: level,
    reasons: reasons.map((reason: Reason) => ({ ...reason })),
    at: asOf,
    ...(last === undefined ? {} : { before: last.since }),
    due: [...TARGETS],
    tries: 0,
  };
}
