// One attempt of a step, as plain data: what it is asked, what is known when it is decided, and what may be decided. See decide.ts.
import type * as z from 'zod';

import type { AlarmMetric } from '../alarm-metric.ts';
import type { ClusterState, Hold, LeaderRecord, Manager, Plan } from '../model.ts';
import type { StepKind, Verb } from '../names.ts';
import type { ServiceFacts } from '../services/facts.ts';
import type { Outcome, RendezvousItem, StepKey } from './rendezvous.ts';
import type { Invocation } from './result.ts';
import type { ClusterConfig, Command, Shifting, nodeFacts } from './verbs.ts';

/** Where the item of a step lies, whichever command of it is meant. */
export type ItemKey = Omit<StepKey, 'try'>;

/** What the state machine asks for: besides the verb and the plan. */
export interface Ask {
  readonly node: z.infer<typeof nodeFacts>;
  /** The instance is gone, as EC2 says. */
  readonly force: boolean;
  /** A launch that has failed is undone: that has no deadline. */
  readonly undo: boolean;
  /** It is the last manager, and its swarm ends with it. */
  readonly last: boolean;
  readonly offset: number;
  readonly brief: boolean;
  readonly mend: {
    readonly forget: readonly string[];
    readonly restore: readonly string[];
    readonly label: readonly string[];
    readonly labels: string;
  };
  readonly shift: Shifting;
  /** Whether services may hand over before the node is drained. */
  readonly handOver: boolean;
  /** It undoes what its own execution has changed, which goes on under a hold. */
  readonly finishing: boolean;
  /** It was refused a moment ago, and waits for something to change. */
  readonly refused: boolean;
}

/** A round of a hand-over. */
export interface HandOverRound {
  /** From 0. */
  readonly number: number;
  /** The nodes that leave together, this execution's first. */
  readonly leaving: readonly string[];
  /** What was told last; undefined where nobody can read it. */
  readonly told:
    | { readonly services: readonly ServiceFacts[]; readonly unreadable: readonly { readonly name: string }[] }
    | undefined;
}

export interface Step {
  readonly verb: StepKind;
  readonly key: ItemKey;
  readonly taskToken: string;
  /** Tries so far, whatever they ended with. */
  readonly attempt: number;
  readonly plan: Plan;
  readonly ask: Ask;
  readonly round: HandOverRound | undefined;
}

/** A command that was sent. */
export interface Sent {
  readonly try: number;
  readonly commandId: string;
  readonly target: string;
  /** Epoch seconds. */
  readonly sentAt: number | undefined;
}

/** What the one thing that was to be done has met instead. */
export type Obstacle =
  /** The membership lock is another instance's. */
  | { readonly kind: 'locked' }
  /** The first write of a new try was refused: by the mark of a hold, or by the owner of the node. */
  | { readonly kind: 'not begun' }
  | { readonly kind: 'taken over' }
  /** SendCommand gave no answer. */
  | { readonly kind: 'unanswered'; readonly because: string }
  /** SSM takes no command for the instance. `denied`: the name of the error by which IAM has refused, where no other manager is left. */
  | { readonly kind: 'refused'; readonly verb: Verb; readonly because: string; readonly denied?: string };

export type QueueFor = 'founding' | 'turn' | 'managers' | 'end of hold';

/** As the table has it. */
export interface Swarm {
  readonly state: ClusterState | null;
  readonly record: LeaderRecord | null;
  /** What is wrong with the record; empty where nothing is. */
  readonly defect: string;
}

/** A node that was named by an instance, and that the managers see at an address which EC2 does not have for it. */
export interface SeenElsewhere {
  /** Those that EC2 has at that address; none where it is that of a NAT. */
  readonly instances: readonly string[];
  /** Which instances have named the node, this one or others. */
  readonly namedBy: readonly string[];
}

/** What is known. A fact that is undefined was not asked for; null is an answer: there is none. */
export interface Facts {
  /** Epoch seconds. */
  readonly now: number;
  readonly stage: string;
  readonly tokenKey: string;
  /** The item as it was when the task token was put there; null where another execution owns it. A first attempt finds nothing in it. */
  readonly item?: RendezvousItem | null;
  /** What earlier rounds of a hand-over have noted. */
  readonly noted?: {
    readonly tried: readonly string[];
    readonly unplaced: readonly string[];
    readonly diesAt?: number | undefined;
  };
  readonly hold?: Hold | null | undefined;
  readonly swarm?: Swarm | undefined;
  /** Who may be a manager besides those on record. */
  readonly candidates?: readonly Manager[];
  readonly record?: LeaderRecord | null | undefined;
  /** How many managers the groups want. */
  readonly wanted?: number;
  readonly config?: ClusterConfig;
  /** Of the instance, as EC2 has them; none where EC2 does not show it yet. */
  readonly addresses?: readonly string[];
  /** Whose the address is at which the managers see the node. */
  readonly whose?: SeenElsewhere;
  /** The group calls the instance unhealthy. */
  readonly isUnhealthy?: boolean;
  /** A command of this very try that SSM knows of. */
  readonly earlier?: { readonly commandId: string; readonly target: string } | null;
  readonly invocation?: Invocation | null;
  readonly isInAnyGroup?: boolean;
  /** The agent has done something since the command was sent. */
  readonly hasWorked?: boolean;
  /** This manager goes with its swarm: a person has permitted that. */
  readonly goesLast?: boolean;
  /** The instance that is to join is in no group any more. */
  readonly isGone?: boolean;
  /** The node is marked by a hold, and still this execution's. */
  readonly isMarked?: boolean;
  readonly queued?: QueueFor;
  readonly obstacle?: Obstacle;
}

type Missing<Fact, More> = Fact extends string ? { readonly kind: 'ask'; readonly fact: Fact } & More : never;

/** A fact that must be known first: one call, or few, and none that is not needed. */
export type Question =
  | Missing<'hold' | 'swarm' | 'candidates' | 'record' | 'wanted' | 'config', unknown>
  | Missing<'isUnhealthy' | 'goesLast' | 'isGone' | 'isMarked' | 'addresses', unknown>
  | Missing<'whose', { readonly address: string; readonly nodeId: string }>
  | Missing<'earlier', { readonly try: number; readonly target: string; readonly since: number }>
  | Missing<'invocation' | 'isInAnyGroup' | 'hasWorked', { readonly of: Sent }>;

/** What is written before anything else is done. */
export type Note =
  /** For the next round of a hand-over. */
  | { readonly on: 'node'; readonly handedOver: readonly string[]; readonly unplaced: readonly string[] }
  /** The node that the instance named is none of its own. */
  | { readonly on: 'node'; readonly nodeId: 'none'; readonly address: 'none' }
  | { readonly on: 'step'; readonly uncertain: true }
  /** What this try has come to, whatever is heard of it later. */
  | { readonly on: 'step'; readonly result: Outcome };

export interface Send {
  readonly kind: 'send';
  readonly command: Command;
  /** Since the step was entered. */
  readonly try: number;
  /** The item has this try already: only its command is not there. */
  readonly begun: boolean;
  /** The digest of the leader record that it is sent by. */
  readonly record?: string | undefined;
  /** Nobody is left who was not asked: where one may not be sent to, it is not because the record names a stranger. */
  readonly last: boolean;
  readonly note?: Note | undefined;
}

export type Deliver = { readonly kind: 'deliver' } & (
  | { readonly what: 'output'; readonly output: Readonly<Record<string, unknown>>; readonly note?: Note | undefined }
  /** Once more what the item has: the task token that was woken by it had run out. */
  | { readonly what: 'stored'; readonly outcome: Outcome; readonly item: RendezvousItem }
  /** A look has found the end of which no event was heard. */
  | { readonly what: 'found'; readonly outcome: Outcome; readonly of: Sent; readonly notBefore: number }
  | { readonly what: 'end of hold' }
  | { readonly what: 'end of swarm' }
);

export interface GiveUp {
  readonly kind: 'give up';
  /** As the state machine matches it. */
  readonly error: string;
  readonly cause: string;
  readonly note?: Note | undefined;
  /** A command that is not to run any more. */
  readonly cancel?: Sent | undefined;
  readonly releaseLock?: true;
}

export type Queue =
  /** `phase`: what the item of the node is to say. */
  | { readonly for: 'founding'; readonly phase?: 'joining' }
  /** `since`: the longest waiter comes first. */
  | { readonly for: 'turn'; readonly since: number; readonly last: boolean }
  | { readonly for: 'managers'; readonly releaseLock: boolean }
  | { readonly for: 'end of hold'; readonly leaseUntil?: number | undefined };

export type Decision =
  | Send
  /** Its command is under way: nothing to do but to look again. */
  | { readonly kind: 'look again' }
  | Deliver
  | GiveUp
  /** Without a command: for its turn, or for something to change. `queue`: it queues up first. */
  | { readonly kind: 'wait'; readonly queue?: Queue };

export interface StepNotice {
  readonly metric: AlarmMetric;
  readonly because: string;
}
