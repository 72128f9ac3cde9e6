// All services of a swarm, page by page, as a manager tells them.
import type { ServiceFacts } from '../src/core/services/facts.ts';
import { readServices, shiftPage } from '../src/swarm/services-page.ts';
import type { ReadServices } from '../src/swarm/services-page.ts';
import { ask } from './by-hand.ts';
import type { Asking } from './by-hand.ts';
import { Failed } from './errors.ts';

/** A page has at least one service: a swarm of more is not read to its end. */
const MOST_PAGES = 200;

/** @throws {Failed} where no manager tells them, or not in words that this version understands */
export async function allServices(asking: Asking): Promise<ReadServices> {
  const found: ServiceFacts[] = [];
  const unreadable: ReadServices['unreadable'] = [];
  let offset: number | undefined = 0;
  for (let pages = 0; offset !== undefined && pages < MOST_PAGES; pages += 1) {
    const page = shiftPage.safeParse(await ask(asking, 'shift', { plan: {}, tell: 'services', offset }));
    if (!page.success) {
      throw new Failed('what the manager tells is not what this version understands');
    }
    const read = readServices(page.data, String);
    found.push(...read.services);
    unreadable.push(...read.unreadable);
    offset = page.data.next !== undefined && page.data.next > offset ? page.data.next : undefined;
  }
  return { services: found, unreadable };
}
