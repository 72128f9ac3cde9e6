// Nodes left behind by joins whose end was never reported: no label and no item names them, and no engine is theirs any more.
import type { SwarmNode, TidyFacts } from './facts.ts';

/** An engine that has its certificate comes with it at once, and again and again. By the clocks of two managers; seconds. */
const CAME_WITHIN = 3600;

interface Leftover {
  /** Whose it was; `none` where nobody knows, since it never spoke. */
  readonly instance: string;
  readonly because: string;
}

type Facts = Pick<TidyFacts, 'nodes' | 'groups' | 'owners'>;

/** @returns undefined where the node may be somebody's */
export function leftoverOf(node: SwarmNode, facts: Facts): Leftover | undefined {
  const mayBeAlive = node.status === 'ready' || node.isManager || node.instance !== undefined;
  return mayBeAlive ? undefined : (replacedAt(node, facts) ?? neverCame(node, facts));
}

/** Addresses of which EC2 is to be asked whose they are. */
export const addressesInDoubt = (nodes: readonly SwarmNode[]): string[] => [
  ...new Set(
    nodes
      .filter(({ status, isManager, instance }) => status === 'down' && !isManager && instance === undefined)
      .flatMap(({ address }) => address ?? []),
  ),
];

/**
 * Two machines of one network have never the same address: what spoke from there was this instance, which is another node by now. Where
 * EC2 knows of two, networks overlap, and nothing follows.
 */
function replacedAt({ status, address }: SwarmNode, { nodes, owners }: Facts): Leftover | undefined {
  const [owner, ...others] = (address === undefined ? undefined : owners.get(address)) ?? [];
  return status === 'down' && owner !== undefined && others.length === 0 && isReady(owner, nodes)
    ? {
        instance: owner,
        because: 'the node is down and bears no label, and the instance at its address has joined as another one',
      }
    : undefined;
}

/**
 * The machine was started anew, or died, between the certificate and the first word of its engine. Where it was started anew it has joined
 * as another node: nobody may be missing who could still come as this one.
 */
function neverCame({ neverUp, age = 0 }: SwarmNode, { nodes, groups }: Facts): Leftover | undefined {
  // Asked last: it goes through all nodes for every instance.
  const isComplete = (): boolean =>
    groups.every(({ instances }) => instances.every(({ instance }) => isReady(instance, nodes)));
  return neverUp && age >= CAME_WITHIN && isComplete()
    ? {
        instance: 'none',
        because: 'no engine has ever come as this node, for an hour, and every instance of the cluster is another one',
      }
    : undefined;
}

const isReady = (instance: string, nodes: readonly SwarmNode[]): boolean =>
  nodes.some((node) => node.status === 'ready' && node.instance === instance);
