// Reads from what the inspect document prints who is a member of the raft, and who of them the leader can reach.
import type { ManagerReach } from '../core/seen.ts';
import { linesOf } from './inspect-page.ts';

/** The sixth field of a line: leader, reachable, unreachable, or - for what is no manager. */
export function readManagerReach(pages: readonly string[]): ManagerReach[] {
  return linesOf(pages).flatMap((line) => {
    const [nodeId = '', , , , , reach = '-'] = line.split(' ');
    return reach === '-' ? [] : [{ nodeId, isReachable: reach === 'leader' || reach === 'reachable' }];
  });
}
