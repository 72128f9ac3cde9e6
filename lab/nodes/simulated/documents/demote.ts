// The document demote, on a simulated machine. What documents/verbs/demote.sh does, step by step.
import { whyNotDemote } from '../../../../src/core/managers/quorum.ts';
import { begin, findNode, leftOf, managersTold, readNode, writeNode } from './node.ts';
import type { FoundNode } from './node.ts';
import type { Script } from './script.ts';
import { INSTANCE_LABEL, LEAVING_LABEL } from '../../../../src/core/labels.ts';

const CONFLICTS = 5;
/** How long a demotion may take to be seen, and a manager to come into the raft. */
const PATIENCE = 10_000;
const LOOK_EVERY = 500;
const MARK = { [LEAVING_LABEL]: 'true' };

export async function demote(script: Script): Promise<Record<string, unknown>> {
  const own = await begin(script);
  const { clock } = script.world;
  const arrival = clock.now() + PATIENCE;
  let conflicts = CONFLICTS;
  for (;;) {
    const node = await findManager(script);
    if (node === undefined) {
      return { member: false };
    }
    const left = leftOf(script, node);
    if (left !== undefined) {
      return { member: false, ...left };
    }
    if (node.nodeId === own.nodeId) {
      script.fail('SelfDemotion', `node ${node.nodeId} is this manager`);
    }
    if (node.reachability === undefined) {
      if (!mayArrive(script, node, arrival)) {
        return { member: true, nodeId: node.nodeId, demoted: false, ...(await managersTold(script)) };
      }
      await script.sleep(LOOK_EVERY);
    } else if (await becomesWorker(script, node)) {
      return { member: true, nodeId: node.nodeId, demoted: true, ...(await managersTold(script)) };
    } else {
      conflicts -= 1;
      if (conflicts === 0) {
        script.fail('UpdateConflict', `others kept updating node ${node.nodeId}`);
      }
      await script.sleep(200);
    }
  }
}

/** To be a manager, and not in the raft: either on its way there, or its join ended halfway. */
function mayArrive(script: Script, { nodeId, role, status }: FoundNode, arrival: number): boolean {
  if (role === 'worker' || status === 'down') {
    return false;
  }
  const late = script.world.clock.now() >= arrival;
  if (late && status === 'ready') {
    script.fail('DemotionPending', `node ${nodeId} is to be a manager, and is not in the raft`);
  }
  return !late;
}

/** False when others changed the node meanwhile. */
async function becomesWorker(script: Script, node: FoundNode): Promise<boolean> {
  const { nodeId, role, availability, labels } = node;
  if (role === 'manager') {
    await checkQuorum(script, nodeId);
    // Paused in the same update, with skep's mark; what a person has set is left so, and bears none.
    const isOwn = availability === 'active';
    const spec = {
      availability: isOwn ? 'pause' : availability,
      labels: isOwn ? { ...labels, ...MARK } : labels,
    } as const;
    if (!(await writeNode(script, node, { role: 'worker', ...spec }))) {
      return false;
    }
  }
  await awaitWorker(script, nodeId);
  return true;
}

async function findManager(script: Script): Promise<FoundNode | undefined> {
  const node = await findNode(script, script.param('nodeId'));
  const address = script.param('address');
  return node ?? (address === 'none' ? undefined : findMember(script, address));
}

/** A member of the raft that nobody has labelled yet: its join was cut short, and its answer was lost. */
async function findMember(script: Script, address: string): Promise<FoundNode | undefined> {
  const { raft } = await script.cluster('read', 20);
  for (const nodeId of raft.nodeIds) {
    const node = await readNode(script, nodeId);
    if (node?.raftAddress === address && node.labels[INSTANCE_LABEL] === undefined) {
      return node;
    }
  }
  return undefined;
}

async function checkQuorum(script: Script, nodeId: string): Promise<void> {
  const { raft, nodes } = await script.cluster('read', 20);
  const members = raft.nodeIds.map((id) => ({
    nodeId: id,
    reachable: raft.reachability(id, script.engine) !== 'unreachable',
    demoting: nodes.get(id)?.role === 'worker',
  }));
  const because = whyNotDemote(members, nodeId, Number(script.param('least')));
  if (because !== undefined) {
    script.fail('QuorumWouldBreak', because);
  }
}

/** Accepted is not done: the leader takes the member out of the raft when it comes to it. No answer is no failure yet. */
async function awaitWorker(script: Script, nodeId: string): Promise<void> {
  const end = script.world.clock.now() + PATIENCE;
  while (!(await isWorker(script, nodeId))) {
    if (script.world.clock.now() >= end) {
      script.fail('DemotionPending', `node ${nodeId} is still in the raft`);
    }
    await script.sleep(LOOK_EVERY);
  }
}

async function isWorker(script: Script, nodeId: string): Promise<boolean> {
  const swarm = await script.ask(
    5,
    script.engine.cluster('read').catch(() => undefined),
  );
  return swarm?.nodes.get(nodeId)?.role === 'worker' && !swarm.raft.has(nodeId);
}
