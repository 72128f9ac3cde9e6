// Whether the page of the swarm that a document has printed can be read. It is read before an execution hears of it: so a manager whose page
// nobody can read costs one try, and not the whole tidy, hand-over or rebalance.
import type * as z from 'zod';

import type { Verb } from '../core/names.ts';
import { inspectPage, readSwarm } from './inspect-page.ts';
import { unreadable } from './packed.ts';
import { readNodes, readServices, shiftPage } from './services-page.ts';
import type { ShiftPage } from './services-page.ts';

type Output = Readonly<Record<string, unknown>>;

/** Which of its members a page that is none has wrong: never what stands in there. */
function parsed<Page>(schema: z.ZodType<Page>, output: Output): Page {
  const read = schema.safeParse(output);
  if (read.success) {
    return read.data;
  }
  const wrong = [...new Set(read.error.issues.map(({ path: [member] }) => String(member)))];
  return unreadable(`${wrong.join(', ')}: not what this version understands`);
}

const READ: Readonly<Partial<Record<Verb, (output: Output) => unknown>>> = {
  inspect: (output) => readSwarm([parsed(inspectPage, output)], []),
  shift: (output) => {
    const page = parsed(shiftPage, output);
    return [readNodes(page), readServices(page, String)];
  },
};

/** @returns undefined where it can be read, or is no page at all of what it tells */
export function whyUnreadable(verb: Verb, output: Output): string | undefined {
  try {
    READ[verb]?.(output);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const page = shiftPage.shape;

/** In place of a page of services or nodes that nobody can read: where the next one begins, and what is known of all of them, is left of it. */
export function withoutContents(output: Output, unreadable: string): ShiftPage {
  const digest = page.digest.safeParse(output['digest']).data;
  const next = page.next.safeParse(output['next']).data;
  return shiftPage.parse({ unreadable, ...(digest && { digest }), ...(next && { next }) });
}
