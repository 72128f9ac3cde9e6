// Which networks of a simulated machine a pool of addresses overlaps.
import { overlap, parseNetwork } from '../../../src/core/managers/networks.ts';

/** Its own, and docker's bridge. */
const NETWORKS = ['10.77.0.0/16', '172.17.0.0/16'];

export function overlaps(pool: string): string[] {
  const own = parseNetwork(pool);
  return NETWORKS.filter((text) => {
    const network = parseNetwork(text);
    return own !== undefined && network !== undefined && overlap(network, own);
  });
}
