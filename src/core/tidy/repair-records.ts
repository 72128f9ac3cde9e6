// What a tidy does about what skep itself has on record: the items of nodes, the lock, the join tokens that were published.
import type { Conclusions } from './repair-nodes.ts';
import { chunks } from '../chunks.ts';
import { GONE, groupOf, instanceOf, isWorkedOn, knownItemOf, lifecycleOf, whyOffIn } from './repair-nodes.ts';
import type { ItemRef, KnownNode, Repair, SwarmNode, TidyFacts } from './facts.ts';

/** Each is a write of its own, in one call of a function. */
const ITEMS_AT_ONCE = 100;
/** A lease outlasts what was sent under it, and waiting executions look for themselves, so this only cleans up. Seconds. */
const STALE_LOCK = 600;

/** @param forgotten the nodes that the same plan removes */
export function repairTable(facts: TidyFacts, forgotten: ReadonlySet<string>): Conclusions {
  const records = facts.nodes.flatMap((node) => recordOf(node, facts));
  const erased = facts.known.filter((item) => isLongGone(item, facts, forgotten));
  return {
    repairs: [
      ...chunks(records, ITEMS_AT_ONCE).map((items): Repair => ({
        kind: 'record',
        items,
        because: 'nodes that are Ready, and that the table does not have so',
      })),
      ...chunks(erased, ITEMS_AT_ONCE).map((items): Repair => ({
        kind: 'erase',
        items: items.map(({ instance, owner }) => ({ instance, owner })),
        because: 'the instances are gone, or off in a warm pool, and the swarm does not know them',
      })),
      ...staleLock(facts),
      ...unpublished(facts),
    ],
    reports: [],
  };
}

/** A Ready, active, labelled node of an instance in service, and an item that is lost, or of another node, or not ready. */
function recordOf(node: SwarmNode, facts: TidyFacts): ItemRef[] {
  const { nodeId, instance } = node;
  if (instance === undefined || !isInOrder(node) || instanceOf(node, facts.known) === undefined) {
    return [];
  }
  const group = groupOf(instance, facts.groups);
  const item = knownItemOf(instance, facts.known);
  const isRecorded = item?.phase === 'ready' && item.nodeId === nodeId;
  const isAtRest = lifecycleOf(instance, facts.groups) === 'InService' && !isWorkedOn(instance, facts);
  return group === undefined || isRecorded || !isAtRest
    ? []
    : [{ instance, group: group.name, role: group.role, nodeId, ...ownerOf(item) }];
}

const ownerOf = (item: KnownNode | undefined): Pick<ItemRef, 'owner'> =>
  item === undefined ? {} : { owner: item.owner };

/** What skep has drained and left so is taken back by the same plan. */
const isInOrder = ({ status, availability, isLeaving }: SwarmNode): boolean =>
  status === 'ready' && (availability === 'active' || isLeaving);

function isLongGone(item: KnownNode, facts: TidyFacts, forgotten: ReadonlySet<string>): boolean {
  const { instance, phase } = item;
  const state = facts.states.get(instance);
  const isGone = (state === undefined || GONE.includes(state)) && groupOf(instance, facts.groups) === undefined;
  // It may rest in the pool for weeks, and joins as another node when it comes out.
  const isOver = isGone || whyOffIn(instance, facts) !== undefined;
  return phase !== 'gone' && isOver && !isWorkedOn(instance, facts) && !isMember(item, facts.nodes, forgotten);
}

function isMember(item: KnownNode, nodes: readonly SwarmNode[], forgotten: ReadonlySet<string>): boolean {
  const ids = [item.nodeId, ...(item.formerNodeIds ?? [])];
  return nodes.some(
    ({ nodeId, instance }) => !forgotten.has(nodeId) && (instance === item.instance || ids.includes(nodeId)),
  );
}

function staleLock({ lock, now }: TidyFacts): Repair[] {
  return lock === undefined || now < lock.leaseUntil + STALE_LOCK
    ? []
    : [{ kind: 'unlock', ...lock, because: `its lease ended at ${new Date(lock.leaseUntil * 1000).toISOString()}` }];
}

/**
 * As digests. Where none was ever recorded (a cluster of an older version) there is nothing to compare with. A stack that was removed and
 * deployed again has another key: what lies under the old one nobody can read any more, whatever its digest is.
 */
function unpublished({ tokens: { held, published, key }, cluster, now }: TidyFacts): Repair[] {
  if (held === undefined || published === undefined) {
    return [];
  }
  const differs = held.worker !== published.worker || held.manager !== published.manager;
  const lost = published.key !== undefined && key !== undefined && published.key !== key;
  const name = `tidy-tokens-${cluster}-${held.worker.slice(0, 8)}${held.manager.slice(0, 8)}-${Math.floor(now / 3600)}`;
  if (differs) {
    const because = "the join tokens that were published are not the swarm's: nobody could join";
    return [{ kind: 'publish', name, because }];
  }
  return lost
    ? [
        {
          kind: 'publish',
          name,
          because: 'the join tokens were published under a key of an older stack: nobody could join',
        },
      ]
    : [];
}
