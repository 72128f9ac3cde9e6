// What an event is to skep: what it looks like, an example of it, and what it means. One file per event stands beside this one, and
// all.ts lists them.
import * as z from 'zod';

/** Times in epoch seconds. */
export type Meaning =
  /** A group waits in a lifecycle hook: the state machines are its target, and read all of it. */
  | { readonly kind: 'hook'; readonly instance: string; readonly transition: 'launch' | 'terminate' }
  /** AWS takes the instance then, whatever anybody does. */
  | { readonly kind: 'interruption'; readonly instance: string; readonly at: number }
  /** AWS has announced what it will do to the instance: EC2's code of it, and when it comes at the earliest. */
  | { readonly kind: 'announced'; readonly instance: string; readonly code: string; readonly at: number }
  /** EC2 recommends to have another one in its place: it may take this one soon. */
  | { readonly kind: 'recommended'; readonly instance: string };

/** What EventBridge puts around every event. Whose account and region it is says nothing about whose instance it names. */
const envelope = z.object({
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime({ offset: true }),
  detail: z.unknown(),
});

export interface EventUnit {
  readonly source: string;
  /** EventBridge's `detail-type`. */
  readonly type: string;
  /** As AWS documents it; a test reads it. */
  readonly example: Readonly<Record<string, unknown>>;
  /** @returns what it means for each instance that it names; what is wrong with it, where it is not what it should be */
  readonly read: (raw: unknown) => readonly Meaning[] | { readonly problem: string };
}

interface Described<Detail extends z.ZodType> {
  readonly source: string;
  readonly type: string;
  readonly detail: Detail;
  readonly example: Readonly<Record<string, unknown>>;
  /** @param time of the event, epoch seconds */
  readonly means: (detail: z.output<Detail>, time: number) => readonly Meaning[];
}

export function defineEvent<Detail extends z.ZodType>({ detail, means, ...unit }: Described<Detail>): EventUnit {
  return {
    ...unit,
    read: (raw) => {
      const around = envelope.safeParse(raw);
      if (!around.success) {
        return { problem: z.prettifyError(around.error) };
      }
      const inside = detail.safeParse(around.data.detail);
      return inside.success
        ? means(inside.data, Math.floor(Date.parse(around.data.time) / 1000))
        : { problem: z.prettifyError(inside.error) };
    },
  };
}

const named = z.object({ source: z.string(), 'detail-type': z.string() });

/** The unit of an event, by its source and type. Undefined for an event that skep does not know, which is no error. */
export function unitOf(units: readonly EventUnit[], raw: unknown): EventUnit | undefined {
  const { data } = named.safeParse(raw);
  return units.find(({ source, type }) => source === data?.source && type === data['detail-type']);
}
