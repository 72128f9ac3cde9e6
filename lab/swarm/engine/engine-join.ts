// How an engine gets into a swarm: who answers, what is refused after how long, and what stays on record when it fails half-way.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { DockerError } from '../docker-cli/error.ts';
import type { Host, Network } from './network.ts';
import type { NodeRecord, NodeSpec } from '../raft/node-record.ts';
import type { SwarmFolder } from './swarm-folder.ts';
import type { Swarm } from '../raft/swarm.ts';

/** An engine, as one that joins meets it. */
interface Peer extends Host {
  readonly folder: SwarmFolder | undefined;
}

export interface JoinRequest {
  readonly token: string;
  readonly remotes: readonly string[];
  /** What it advertises as its own address. */
  readonly address: string;
  readonly availability: NodeSpec['availability'];
}

/** A join that is under way. */
export interface Attempt {
  readonly address: string;
  over: boolean;
  /** Its certificate was issued: the agent is at work, whatever becomes of the rest. */
  enrolled: { readonly swarm: Swarm; readonly nodeId: string } | undefined;
}

interface Joiner {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<Peer>;
  readonly engine: Peer;
  readonly request: JoinRequest;
  /** The attempt was given up: by a leave, or with the process. */
  readonly isOver: () => boolean;
  /** The certificate is there, and the node's agent at work. */
  readonly enrolled: (swarm: Swarm, node: NodeRecord) => void;
}

/** A certificate is asked for again and again before a refusal counts. */
const REFUSAL_TIME = 10_000;
const RETRY_EVERY = 2000;
const WORKER_TIME = 200;
const MANAGER_TIME = 600;
/** A second manager that comes while the first one is not yet up: in one of two runs nothing was answered for so long. */
const STALL = { time: 19_700, chance: 0.5 };

/** Swarms that are taking a manager in. */
const admitting = new WeakSet<Swarm>();

/** @throws DockerError */
export async function enterSwarm(joiner: Joiner): Promise<SwarmFolder> {
  const { clock, request } = joiner;
  const digest = /^SWMTKN-1-([0-9a-z]{50})-[0-9a-z]{25}$/.exec(request.token)?.[1];
  if (digest === undefined) {
    throw new DockerError('invalid join token');
  }
  const { swarm, via } = await findSwarm(joiner);
  const role = (['worker', 'manager'] as const).find((one) => swarm.joinTokens[one] === request.token);
  if (digest !== swarm.caDigest) {
    await clock.sleep(REFUSAL_TIME);
    throw new DockerError(`remote CA does not match fingerprint. Expected: ${digest}`);
  }
  if (role === undefined) {
    await clock.sleep(REFUSAL_TIME);
    throw new DockerError(
      'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster',
    );
  }
  stopIfOver(joiner);
  const node = swarm.enroll({ role, availability: request.availability, labels: {} });
  node.via = via;
  await clock.sleep(WORKER_TIME);
  stopIfOver(joiner);
  joiner.enrolled(swarm, node);
  if (role === 'manager') {
    await admit(joiner, swarm);
  }
  return { swarm, nodeId: node.nodeId, role, address: request.address, raft: role === 'manager' };
}

/** Whether the work is neither done nor failed by then. */
export async function outlasts(work: Promise<unknown>, clock: Clock, ms: number): Promise<boolean> {
  let cancel = (): void => undefined;
  const timeout = new Promise<boolean>((resolve) => {
    cancel = clock.schedule(ms, () => {
      resolve(true);
    });
  });
  const settled = (): boolean => false;
  const isLate = await Promise.race([work.then(settled, settled), timeout]);
  cancel();
  return isLate;
}

/** The swarm of the first manager that answers, with a leader. */
async function findSwarm({ clock, network, engine, request, isOver }: Joiner): Promise<{ swarm: Swarm; via: Peer }> {
  for (;;) {
    const answers = request.remotes.map((address) => network.dial(engine, address));
    const manager = answers.find((answer) => typeof answer === 'object' && answer.folder?.role === 'manager');
    if (typeof manager === 'object' && manager.folder !== undefined) {
      const { swarm } = manager.folder;
      await leaderOf(swarm, manager, clock);
      return { swarm, via: manager };
    }
    if (!answers.includes('silence')) {
      await clock.sleep(REFUSAL_TIME);
      const dialing = `transport: Error while dialing dial tcp ${request.remotes[0] ?? ''}: connect: connection refused`;
      throw new DockerError(`rpc error: code = Unavailable desc = connection error: desc = "${dialing}"`);
    }
    await clock.sleep(RETRY_EVERY);
    if (isOver()) {
      throw new DockerError('context canceled');
    }
  }
}

async function leaderOf(swarm: Swarm, manager: Peer, clock: Clock): Promise<void> {
  const begun = clock.now();
  try {
    await swarm.raft.access(manager, 'write');
  } catch (error) {
    await clock.sleep(Math.max(0, begun + REFUSAL_TIME - clock.now()));
    throw error;
  }
}

/** The leader adds a manager to raft when it has reached it at its own address. */
async function admit(joiner: Joiner, swarm: Swarm): Promise<void> {
  const { clock, engine } = joiner;
  if (admitting.has(swarm)) {
    swarm.raft.stall(joiner.random.next() < STALL.chance ? STALL.time : 0);
  }
  admitting.add(swarm);
  try {
    await clock.sleep(MANAGER_TIME);
  } finally {
    admitting.delete(swarm);
  }
  stopIfOver(joiner);
  await swarm.raft.access(engine, 'write');
  stopIfOver(joiner);
}

function stopIfOver({ isOver, engine }: Joiner): void {
  if (isOver() || !engine.online) {
    throw new DockerError('context canceled');
  }
}
