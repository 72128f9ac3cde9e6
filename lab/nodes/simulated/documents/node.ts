// How documents that run on a manager find a node and change it, on a simulated machine. As documents/lib/node.sh has it.
import type { NodeView } from '../../machines.ts';
import { messageOf } from '../../../swarm/engine/engine.ts';
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import type { LockMode } from '../node-lock.ts';
import type { NodeSpec } from '../../../swarm/raft/node-record.ts';
import type { Script } from './script.ts';
import { INSTANCE_LABEL } from '../../../../src/core/labels.ts';

const UPDATE_TIME = 100;
const LOCK_PATIENCE = 5000;

/** What documents that run on a manager begin with. */
export async function begin(script: Script, mode: LockMode = 'shared'): Promise<SwarmInfo> {
  await script.lock(mode, LOCK_PATIENCE);
  await script.sleep(UPDATE_TIME);
  const info = await script.needManager();
  const swarmId = script.param('swarmId');
  // One of another cluster would know none of this one's nodes, and say so.
  if (swarmId !== 'none' && swarmId !== info.swarmId) {
    script.fail('NotManager', `this node is a manager of swarm ${info.swarmId}, not of ${swarmId}`);
  }
  return info;
}

/** The raft's members for the record of them, as a member of the result; nothing where the managers do not say. */
export async function managersTold(script: Script): Promise<{ readonly managers?: readonly string[] }> {
  const swarm = await script.ask(
    5,
    script.engine.cluster('read').catch(() => undefined),
  );
  if (swarm === undefined) {
    return {};
  }
  const members = [...swarm.nodes.values()].filter(({ nodeId }) => swarm.raft.has(nodeId));
  const managers = members.map((member) => {
    const { nodeId, role, labels, reachability = '' } = swarm.nodeView(member, script.engine);
    const reach = role === 'worker' ? 'demoting' : reachability;
    const address = swarm.raft.addressOf(nodeId);
    const instance = /^i-[0-9a-f]+$/.exec(labels[INSTANCE_LABEL] ?? '')?.[0] ?? '-';
    return [nodeId, instance, reach, address === undefined ? '-' : `${address}:2377`].join(' ');
  });
  return managers.length === 0 ? {} : { managers };
}

/** What a manager said of a node: it may be out of date by the time that something is made of it. */
export interface FoundNode extends NodeView {
  readonly version: number;
  /** `ip:port` in the raft; undefined where it is no member. */
  readonly raftAddress: string | undefined;
}

export async function readNode(script: Script, nodeId: string): Promise<FoundNode | undefined> {
  const swarm = await script.cluster('read', 5);
  const node = swarm.nodes.get(nodeId);
  if (node === undefined) {
    return undefined;
  }
  const address = swarm.raft.addressOf(nodeId);
  return {
    ...swarm.nodeView(node, script.engine),
    version: node.version,
    raftAddress: address === undefined ? undefined : `${address}:2377`,
  };
}

/** By its id, else by the label of the instance. An instance that joined again left an old node: the one that is up is meant. */
export async function findNode(script: Script, nodeId: string): Promise<FoundNode | undefined> {
  const node = nodeId === 'none' ? undefined : await readNode(script, nodeId);
  if (node !== undefined) {
    checkLabel(script, node);
    return node;
  }
  const swarm = await script.cluster('read', 5);
  const own = [...swarm.nodes.values()].filter(({ labels }) => labels[INSTANCE_LABEL] === script.param('instanceId'));
  const found = own.find(({ status }) => status === 'ready') ?? own.at(-1);
  return found === undefined ? undefined : readNode(script, found.nodeId);
}

/** One update of the version that was read, so that what was checked before still holds. False when somebody was faster. */
export async function updateNode(
  script: Script,
  { nodeId, version, role, ...node }: FoundNode,
  availability: NodeSpec['availability'],
  more: Readonly<Record<string, string>>,
): Promise<boolean> {
  const labels = { ...node.labels, ...more };
  if (node.availability === availability && Object.entries(more).every(([key, value]) => node.labels[key] === value)) {
    return true;
  }
  return writeNode(script, { nodeId, version }, { role, availability, labels });
}

/** Writes all that may be changed of a node, if it still is the version that was read. False when it is not. */
export async function writeNode(
  script: Script,
  { nodeId, version }: Pick<FoundNode, 'nodeId' | 'version'>,
  spec: NodeSpec,
): Promise<boolean> {
  const swarm = await script.cluster('write', 5);
  let refusal = '';
  const done = script.tryDocker(() => {
    try {
      swarm.update(nodeId, version, spec);
    } catch (error) {
      refusal = messageOf(error);
      throw error;
    }
  }, /update out of sequence|in raft memberlist|loss of quorum|last manager/);
  // SwarmKit's own check: of what the leader sees at this moment.
  if (/loss of quorum|last manager/.test(refusal)) {
    script.fail('QuorumWouldBreak', refusal);
  }
  return done;
}

export function checkLabel(script: Script, { nodeId, labels }: FoundNode): void {
  if (labels[INSTANCE_LABEL] !== undefined && labels[INSTANCE_LABEL] !== script.param('instanceId')) {
    script.fail('WrongInstance', `node ${nodeId} carries the label of another instance`);
  }
}

/** Where the managers see the node: in the raft, or where its engine speaks from; `-` where they do not tell. */
export function seenAddress({ address, raftAddress }: FoundNode): string {
  const told = raftAddress?.split(':')[0] ?? address;
  return told === '' ? '-' : told;
}

/** What is told of a node that bears no label, and that nothing but the word of the instance says to be its own; undefined where it is. */
export function leftOf(script: Script, node: FoundNode): { readonly left: string } | undefined {
  const [addresses, instance] = [script.param('addresses'), script.param('instanceId')];
  const seen = seenAddress(node);
  if (addresses === 'any' || node.labels[INSTANCE_LABEL] === instance || addresses.split(',').includes(seen)) {
    return undefined;
  }
  if (addresses === 'unasked') {
    script.fail(
      'OtherAddress',
      `the managers see node ${node.nodeId} at ${seen}, which is not known to be an address of ${instance}`,
    );
  }
  return { left: `${node.nodeId} at ${seen}` };
}

/** One that is no member of the raft and not there any more never became a manager: its join ended halfway. */
export function refuseManager(script: Script, { nodeId, role, status, reachability }: FoundNode): void {
  if (reachability !== undefined || (role === 'manager' && status === 'ready')) {
    script.fail('StillManager', `node ${nodeId} is a manager`);
  }
}

/** @example tier=web,rack=a */
export function labelsOf(list: string): Record<string, string> {
  return Object.fromEntries(
    list.split(',').map((pair): [string, string] => {
      const [key = '', ...value] = pair.split('=');
      return [key, value.join('=')];
    }),
  );
}
