// Recovery of a swarm that has lost its quorum for good: from which manager, who must be fenced before, and when not at all.
//
// `--force-new-cluster` beside a majority that lives makes two swarms of the same id, and there is no order within Swarm that would be
// safe. So nothing is recovered while anybody reports a leader, and nobody else may run while it is done.
import * as z from 'zod';

import type { ClusterState } from '../model.ts';
import { instanceId, nodePhase } from '../names.ts';

/** What the survey document tells. */
const surveyed = z.object({
  runs: z.boolean(),
  state: z.string(),
  manager: z.boolean(),
  leader: z.boolean(),
  members: z.number(),
  nodeId: z.string(),
  swarmId: z.string(),
  /** Epoch seconds; 0 where there is no state of a manager. */
  raftTime: z.number(),
  epoch: z.string().regex(/^(\d{1,9}|fenced)$/),
  recovering: z.number(),
  /** `node id@ip:port` of every manager that the engine knows of. */
  remotes: z.array(z.string().regex(/^[0-9a-z]{1,25}@[0-9.]{7,15}:\d{1,5}$/)).max(200),
});
export type Surveyed = z.infer<typeof surveyed>;

/** One that may be a manager, from the table, or by its tags. */
export const candidate = z.object({
  instance: instanceId,
  /** EC2's word for it; `gone` where EC2 does not show it any more. */
  state: z.enum(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated', 'gone']),
  nodeId: z.string().optional(),
  /** `ip:port`, as it joined. */
  address: z.string().optional(),
  /** The phase of its item. Undefined if only its tags are known, or if this version does not know the phase. */
  phase: nodePhase.optional().catch(undefined),
});
export type Candidate = z.infer<typeof candidate>;

/** Either of what it told, and what came instead. */
export const answer = z.object({
  instance: instanceId,
  /** An answer in another form counts as none. If the instance may run as a manager, the recovery is refused, and says why. */
  told: surveyed.optional().catch(undefined),
  error: z.string().optional(),
});
export type Answer = z.infer<typeof answer>;

/** A manager that an engine knows of and skep does not. */
interface Stranger {
  readonly nodeId: string;
  readonly address: string;
  /** The instance that has the address now; undefined where EC2 shows none. */
  readonly instance: string | undefined;
}

export interface RecoveryFacts {
  readonly state: ClusterState | undefined;
  readonly candidates: readonly Candidate[];
  readonly answers: readonly Answer[];
  readonly strangers: readonly Stranger[];
  readonly from: string | undefined;
  readonly terminate: readonly string[];
}

type Refusal =
  | 'NotFounded'
  | 'NobodyKnown'
  | 'UnknownInstance'
  | 'QuorumNotLost'
  | 'NotFenceable'
  | 'UnknownManager'
  | 'NoSurvivor'
  | 'NotASurvivor';

export type RecoveryPlan =
  | { readonly kind: 'refused'; readonly reason: Refusal; readonly because: string }
  | {
      readonly kind: 'recover';
      readonly survivor: string;
      readonly nodeId: string;
      /** Their Docker is stopped for good. */
      readonly fence: readonly string[];
      readonly terminate: readonly string[];
      /** Must be gone, as EC2 says, before anything is recovered: those to terminate, and those on their way. */
      readonly ending: readonly string[];
      readonly epoch: number;
      /** A recovery was begun before, and stopped half-way: this one goes on with it. */
      readonly begun: boolean;
      readonly because: string;
    };

/** Their machine is off: EC2 says so. Should a stopped one come back, the epoch keeps it out. */
const OFF: readonly Candidate['state'][] = ['terminated', 'gone', 'stopped'];
const ENDING: readonly Candidate['state'][] = ['shutting-down', 'stopping'];

/** Whom the survey is sent to. */
export function toSurvey(candidates: readonly Candidate[]): string[] {
  return candidates.filter(({ state }) => state === 'running' || state === 'pending').map(({ instance }) => instance);
}

/** What engines know of managers that are not among the candidates, by node id and by address. */
export function unknownRemotes(
  candidates: readonly Candidate[],
  answers: readonly Answer[],
): { readonly nodeId: string; readonly address: string }[] {
  const ids = new Set([...candidates.map(({ nodeId }) => nodeId), ...answers.map(({ told }) => told?.nodeId)]);
  const addresses = new Set(candidates.map(({ address }) => address));
  const remotes = answers.flatMap(({ told }) => told?.remotes ?? []).map(readRemote);
  const unknown = remotes.filter(({ nodeId, address }) => !ids.has(nodeId) && !addresses.has(address));
  return [...new Map(unknown.map((one) => [one.nodeId, one])).values()];
}

function readRemote(remote: string): { nodeId: string; address: string } {
  const [nodeId = '', address = ''] = remote.split('@');
  return { nodeId, address };
}

export function planRecovery(facts: RecoveryFacts): RecoveryPlan {
  const { state } = facts;
  if (state?.status !== 'founded') {
    return refuse('NotFounded', 'the cluster has no swarm: there is nothing to recover');
  }
  return refusal(facts, state.epoch ?? 0) ?? choose(facts, state.epoch ?? 0);
}

function refuse(reason: Refusal, because: string): Extract<RecoveryPlan, { kind: 'refused' }> {
  return { kind: 'refused', reason, because };
}

function refusal(facts: RecoveryFacts, epoch: number): RecoveryPlan | undefined {
  const { candidates, answers, strangers, terminate } = facts;
  if (candidates.length === 0) {
    return refuse('NobodyKnown', 'neither the table nor tags tell of any manager of the cluster');
  }
  const known = new Set([...candidates, ...strangers].map(({ instance }) => instance));
  const unheardOf = terminate.filter((one) => !known.has(one));
  if (unheardOf.length > 0) {
    return refuse('UnknownInstance', `${unheardOf.join(', ')}: no manager of this cluster`);
  }
  // Not even for one that is to be terminated: where there is a leader there is a swarm to lose.
  const leaders = answers.filter(({ told }) => told?.leader === true && !hasBegun(told, epoch));
  if (leaders.length > 0) {
    return refuse('QuorumNotLost', `quorum is not lost: ${leaders.map(leading).join(', ')}`);
  }
  return unfenceable(facts);
}

const leading = ({ instance, told }: Answer): string => `${instance} sees a leader of ${told?.members ?? 0} managers`;

function unfenceable({ candidates, answers, strangers, terminate }: RecoveryFacts): RecoveryPlan | undefined {
  const told = new Set(answers.filter((one) => one.told !== undefined).map(({ instance }) => instance));
  const silent = candidates.filter((one) => {
    const { instance } = one;
    return isOn(one) && !told.has(instance) && !terminate.includes(instance) && !neverJoined(one);
  });
  if (silent.length > 0) {
    const names = silent.map(({ instance, state }) => `${instance} (EC2: ${state})`).join(', ');
    return refuse(
      'NotFenceable',
      `${names} may run as a manager and does not answer: bring its SSM agent back, or end it with --terminate`,
    );
  }
  const others = strangers.filter(({ instance }) => instance !== undefined && !terminate.includes(instance));
  if (others.length > 0) {
    const names = others.map(({ instance, nodeId, address }) => `${instance ?? ''} (node ${nodeId} at ${address})`);
    return refuse('UnknownManager', `${names.join(', ')} may run as a manager, and is not skep's: end it first`);
  }
  return undefined;
}

const isOn = ({ state }: Candidate): boolean => !OFF.includes(state) && !ENDING.includes(state);

/** No join was ever sent to it: it is no manager, and waits to become one. */
const neverJoined = ({ phase, nodeId }: Candidate): boolean => phase === 'launching' && nodeId === undefined;

function hasBegun({ epoch, recovering }: Surveyed, current: number): boolean {
  return Number(epoch) === current + 1 || recovering === current + 1;
}

function choose(facts: RecoveryFacts, epoch: number): RecoveryPlan {
  const { candidates, answers, from, terminate } = facts;
  const ended = new Set(terminate);
  const managers = answers.flatMap(({ instance, told }) => (told === undefined ? [] : [{ instance, told }]));
  const able = managers.filter(({ instance, told }) => !ended.has(instance) && isAble(told, epoch));
  const begun = able.filter(({ told }) => hasBegun(told, epoch));
  const survivors = begun.length > 0 ? begun : able;
  // The first of equals by its id, so that whoever asks again is told the same.
  const [newest] = survivors.toSorted(
    (a, b) => b.told.raftTime - a.told.raftTime || (a.instance < b.instance ? -1 : 1),
  );
  const survivor = from === undefined ? newest : survivors.find(({ instance }) => instance === from);
  if (survivor === undefined) {
    return from === undefined ? noSurvivor(managers) : notASurvivor(from, managers, begun, epoch);
  }
  const { instance, told } = survivor;
  const others = candidates.filter((one) => one.instance !== instance && !ended.has(one.instance));
  return {
    kind: 'recover',
    survivor: instance,
    nodeId: told.nodeId,
    fence: others.filter((one) => isOn(one) && isManager(one, facts)).map((one) => one.instance),
    terminate,
    ending: [...terminate, ...others.filter(({ state }) => ENDING.includes(state)).map((one) => one.instance)],
    epoch,
    begun: begun.length > 0,
    because: reasonFor(from, begun.length > 0, survivors.length),
  };
}

function reasonFor(from: string | undefined, begun: boolean, count: number): string {
  if (begun) {
    return 'a recovery was begun there before, and is continued';
  }
  if (from !== undefined) {
    return 'you chose it';
  }
  return count === 1 ? 'it is the only one left' : 'its raft was written last: a guess, choose another one with --from';
}

/** A manager without a leader, of this epoch; or one on which a recovery has begun. */
function isAble(told: Surveyed, epoch: number): boolean {
  return told.runs && told.manager && (Number(told.epoch) === epoch || hasBegun(told, epoch));
}

/** Or was one: what lies on its disk would make it one again. A worker, and what waits to join, is left alone. */
function isManager({ instance, nodeId, phase }: Candidate, { answers }: RecoveryFacts): boolean {
  const told = answers.find((one) => one.instance === instance)?.told;
  if (told === undefined) {
    return false;
  }
  // An engine that does not run tells nothing: then it is what it was on record.
  return told.manager || told.raftTime > 0 || (!told.runs && nodeId !== undefined && phase !== 'gone');
}

function noSurvivor(managers: readonly { readonly instance: string; readonly told: Surveyed }[]): RecoveryPlan {
  const seen = managers.map(({ instance, told }) => `${instance} ${describe(told)}`).join(', ');
  return refuse('NoSurvivor', `no manager is left to recover from${seen === '' ? '' : `: ${seen}`}`);
}

function notASurvivor(
  from: string,
  managers: readonly { readonly instance: string; readonly told: Surveyed }[],
  begun: readonly { readonly instance: string }[],
  epoch: number,
): RecoveryPlan {
  const told = managers.find(({ instance }) => instance === from)?.told;
  const [first] = begun;
  if (first !== undefined && told !== undefined && isAble(told, epoch)) {
    return refuse(
      'NotASurvivor',
      `a recovery was begun on ${first.instance}: go on from there, or end it with --terminate`,
    );
  }
  return refuse('NotASurvivor', `${from} ${told === undefined ? 'told nothing of itself' : describe(told)}`);
}

function describe({ runs, manager, epoch }: Surveyed): string {
  if (epoch === 'fenced') {
    return 'is fenced';
  }
  if (!runs) {
    return 'has no engine that runs';
  }
  return manager ? `is a manager of epoch ${epoch}` : 'is no manager';
}
