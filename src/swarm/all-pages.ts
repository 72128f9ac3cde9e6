// All pages of nodes and services that a rebalance was told, put together: what can be read, what cannot, and what is missing.
import type { SeenServices } from '../core/rebalance/begin.ts';
import type { ServiceFacts } from '../core/services/facts.ts';
import { readNodes, readServices } from './services-page.ts';
import type { ShiftPage } from './services-page.ts';

export function readPages(nodePages: readonly ShiftPage[], pages: readonly ShiftPage[]): SeenServices {
  const told = [...nodePages, ...pages].filter(({ unreadable, digest }) => unreadable === undefined || digest);
  const digests = [...new Set(told.map(({ digest = '' }) => digest))];
  const missing = [...missingOf('nodes', nodePages), ...missingOf('services', pages)];
  const nodes = nodePages.flatMap((page) => readNodes(page));
  const ids = nodes.map(({ nodeId }) => nodeId).toSorted();
  const read = pages.map((page) => readServices(page, (place) => ids[place] ?? `place ${place}`));
  return {
    ...{ digests, missing, nodes, ids },
    hasNodes: nodePages.every(({ unreadable }) => unreadable === undefined),
    services: read.flatMap(({ services }): ServiceFacts[] => services),
    unreadable: read.flatMap(({ unreadable }) => unreadable),
  };
}

const missingOf = (what: string, pages: readonly ShiftPage[]): string[] =>
  pages.flatMap(({ unreadable }, at) =>
    unreadable === undefined ? [] : [`page ${at + 1} of ${pages.length} of the ${what}: ${unreadable}`],
  );
