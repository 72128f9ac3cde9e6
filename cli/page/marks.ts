// The mark of a node on the map, and where AWS and the swarm say different things of it.
import type { Standing } from '../../src/core/lifecycle/standing.ts';
import type { SeenNode } from './facts.ts';
import { GONE } from './facts.ts';

/** `stray`: a node without an instance; `alone`: an instance without a node. */
export type Mark = 'ready' | 'joining' | 'leaving' | 'paused' | 'drained' | 'down' | 'stray' | 'alone';

/** @param asked whether the swarm was asked at all: where it was not, the table's word counts */
export function markOf(one: Standing, node: SeenNode | undefined, asked: boolean): Mark {
  if (one.phase === 'leaving' || one.lifecycle.startsWith('Terminating')) {
    return 'leaving';
  }
  if (GONE.has(one.state)) {
    return 'down';
  }
  if (ON_ITS_WAY.has(one.phase)) {
    return 'joining';
  }
  return node === undefined ? withoutNode(one, asked) : ofNode(node);
}

const ON_ITS_WAY: ReadonlySet<string> = new Set(['launching', 'joining', 'joined']);

function withoutNode({ phase, lifecycle }: Standing, asked: boolean): Mark {
  if (lifecycle.startsWith('Pending')) {
    return 'joining';
  }
  return phase === 'ready' && !asked ? 'ready' : 'alone';
}

function ofNode({ status, availability }: SeenNode): Mark {
  if (status !== 'ready') {
    return 'down';
  }
  return availability === 'drain' ? 'drained' : availability === 'pause' ? 'paused' : 'ready';
}

export function differenceOf(one: Standing, node: SeenNode | undefined, asked: boolean): string | null {
  if (one.lifecycle === 'InService') {
    return ofInService(one, node, asked);
  }
  if (node?.status === 'ready' && GONE.has(one.state)) {
    return `EC2 says ${one.state}, and the swarm says ready`;
  }
  return one.lifecycle === '-' && node !== undefined ? 'the swarm has its node, and no group has its instance' : null;
}

function ofInService(
  { phase, settled, why, state }: Standing,
  node: SeenNode | undefined,
  asked: boolean,
): string | null {
  if (asked && node === undefined) {
    return 'in service for AWS, and no node of the swarm';
  }
  if (node !== undefined && node.status !== 'ready') {
    return `in service for AWS, and ${node.status} in the swarm`;
  }
  if (node !== undefined && node.availability !== 'active' && phase === 'ready') {
    return `in service for AWS, and the swarm puts no task on it (${node.availability})`;
  }
  if (GONE.has(state)) {
    return `in service for its group, and ${state} for EC2`;
  }
  return settled ? null : why;
}
