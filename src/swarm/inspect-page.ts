// Reads what the inspect document prints: pages of nodes, one line each, gzipped and in base64 (24,000 characters are all SSM gives).
import { gunzipSync } from 'node:zlib';

import type { SwarmNode } from '../core/repairs.ts';

const STATES = ['ready', 'down', 'unknown', 'disconnected'] as const;

/** @throws {Error} for a page that was cut off or is not one: a half-read swarm must not be repaired. */
export function readInspectPages(pages: readonly string[]): SwarmNode[] {
  return linesOf(pages).map(readLine);
}

/** One line for each node. */
export function linesOf(pages: readonly string[]): string[] {
  return pages.flatMap((page) =>
    gunzipSync(Buffer.from(page, 'base64'))
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== ''),
  );
}

function readLine(line: string): SwarmNode {
  const [nodeId, role, state, , instance, leader, address] = line.split(' ');
  const status = STATES.find((known) => known === state);
  if (nodeId === undefined || status === undefined || (role !== 'worker' && role !== 'manager')) {
    throw new Error(`the inspect document printed a line that this version does not understand: ${line.slice(0, 120)}`);
  }
  return {
    nodeId,
    role,
    status,
    instance: instance === '-' ? undefined : instance,
    isManager: leader !== '-',
    address: address === '-' ? undefined : address,
  };
}
