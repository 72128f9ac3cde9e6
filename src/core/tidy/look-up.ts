// Which instances the table and EC2 are asked about before a tidy plans.
import type { KnownNode, SwarmNode, TidyGroup } from './facts.ts';
import { instanceOf } from './repair-nodes.ts';

/** The workers that a healthy swarm has: none of a warm pool. */
export function expectedWorkers(known: readonly KnownNode[], groups: readonly TidyGroup[]): KnownNode[] {
  const present = new Set(groups.flatMap(({ instances }) => instances.map(({ instance }) => instance)));
  return known.filter(({ instance, role, phase }) => role === 'worker' && phase === 'ready' && present.has(instance));
}

/** Asking EC2 for all of a swarm of 2,000 nodes would be ten calls; only these can need a repair. */
export function doubtful(
  nodes: readonly SwarmNode[],
  groups: readonly TidyGroup[],
  known: readonly KnownNode[],
): string[] {
  const isPresent = ({ status }: SwarmNode): boolean => status !== 'down';
  // By its label: one that nobody has labelled yet is half-way, and may have to be joined again.
  const present = new Set(nodes.filter(isPresent).map(({ instance }) => instance));
  const down = nodes.filter((node) => !isPresent(node)).flatMap((node) => instanceOf(node, known) ?? []);
  const expected = groups.flatMap(({ instances }) => instances.map(({ instance }) => instance));
  const recorded = known.filter(({ phase }) => phase !== 'gone').map(({ instance }) => instance);
  const missing = [...expected, ...recorded].filter((instance) => !present.has(instance));
  return [...new Set([...down, ...missing])];
}
