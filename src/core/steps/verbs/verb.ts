// What a verb is: its document, where and how long that runs, what is sent with it, what it may end with, and what its good end records.
// One file per verb stands beside this one. The document that is deployed is made of it and of documents/verbs/<verb>.sh when the service
// is packaged: `npm run document -- <verb>` prints it.
import * as z from 'zod';

import { FlowError } from '../../errors.ts';
import type { Manager, Plan } from '../../model.ts';
import type { NodePhase } from '../../names.ts';
import { nodeAddress, nodeIdText, zoneName } from '../../names.ts';
import type { FinalName } from '../final-reasons.ts';

/** What can only be set at founding: the CONFIG item. */
export interface ClusterConfig {
  readonly addressPool: string;
  readonly subnetSize: number;
  readonly dataPathPort: number;
}

/** What earlier steps found out of the node: the output of the join, init or leave document. */
export const nodeFacts = z
  .object({
    nodeId: nodeIdText.catch('none'),
    zone: zoneName.catch('unknown'),
    address: nodeAddress.catch('none'),
    /** The epoch in which it joined. Joins of older releases do not say it. */
    epoch: z.number().optional(),
  })
  .loose();
type NodeFacts = z.infer<typeof nodeFacts>;

/** What a tidy repairs of many nodes at once, as the document takes it: `node@instance`, `node@instance@version`, `node@instance`. */
interface Mending {
  readonly forget: readonly string[];
  readonly restore: readonly string[];
  readonly label: readonly string[];
  /** What those of `label` are given: `tier=web,rack=a`. */
  readonly labels: string;
}

/** Changes of services as the document takes them, and what to tell of: see shift.ts. */
export interface Shifting {
  readonly changes: readonly string[];
  readonly tell: string;
}

/** What is known where a command is made. */
export interface CommandFacts {
  readonly plan: Plan;
  readonly node: NodeFacts;
  readonly force: boolean;
  /** The launch is being undone: leave the swarm, do not wait for tasks. */
  readonly undo: boolean;
  /** It is the last manager, and its swarm ends with it. */
  readonly last: boolean;
  readonly offset: number;
  /** Plain healthy workers are told by their number and a digest only. */
  readonly brief: boolean;
  /** Node ids with what they are known by, for a command that is about many nodes. */
  readonly mend: Mending;
  readonly shift: Shifting;
  /** Whether services may hand over before the node is drained. */
  readonly handOver: boolean;
  /** How many managers must be left when this one is demoted. */
  readonly least: number;
  /** Of the instance, as EC2 has them, and the one of a NAT that it is behind; undefined where nobody asked. */
  readonly addresses: readonly string[] | undefined;
  readonly stage: string;
  readonly tokenKey: string;
  readonly config: ClusterConfig;
  /** Those on record. */
  readonly managers: readonly Manager[];
  /** Who may be a manager besides. */
  readonly candidates?: readonly Manager[];
  /** Which command of its step it is, from 1: what one manager did not do is asked of the next. */
  readonly try: number;
  readonly now: number;
}

export interface Parameter {
  /** What SSM shows of it. */
  readonly description: string;
  /** The whole value. Nothing that means something to a shell: agents of old splice values into the script (test/documents). */
  readonly pattern: string;
  readonly value: (facts: CommandFacts) => string;
  /** For commands that an older version has sent. */
  readonly preset?: string;
  readonly maxChars?: number;
}

/** A script of documents/lib. Each document begins with `common`. */
type Library = 'history' | 'identity' | 'json' | 'machine' | 'node' | 'publish' | 'services' | 'tokens';

/** What is done about its command that is not done about those of all verbs. */
export interface Traits {
  /**
   * `adds` to the managers of a swarm, `takes away` from them, or `confirms` one that was added: one at a time, under the membership lock.
   * A confirmed one goes on record by its good end, one that was taken away goes off it.
   */
  readonly changesManagers?: 'adds' | 'confirms' | 'takes away';
  /** Sent while a person holds the cluster, too: it changes nothing new, or is a person's own word. */
  readonly underHold?: (asked: { readonly finishing: boolean; readonly shift: Shifting }) => boolean;
  /** It is told what can only be set at founding. */
  readonly needsConfig?: boolean;
  /** It runs on its own instance, and is told the managers all the same. */
  readonly needsManagers?: boolean;
  /** Without a swarm it is no failure: it is queued up, and woken by the founding. */
  readonly waitsForFounding?: boolean;
  /** It was planned before the founding, perhaps: it is told the swarm that there is by now, if there is one. */
  readonly mayPredateFounding?: boolean;
  /** What the item of its node says from the moment when it is sent. */
  readonly phaseWhenSent?: NodePhase;
  /** EC2 and the managers are asked whose the node is before it is sent. */
  readonly asksWhoseNode?: boolean;
  /**
   * It takes a node out. If the node has no label, the instance's own word is not enough to say whose it is. Either the managers must see the node
   * at an address that EC2 has for the instance; or no other instance may be at the node's address, which is enough where a dead member would
   * count against the quorum.
   */
  readonly provesWhoseNode?: 'by its address' | 'unless another is there';
  /** Long after its hook began, it removes the node although tasks may run on it, where the group calls the instance unhealthy. */
  readonly mayWriteOff?: boolean;
  /** An instance whose agent does not pick it up is given up, at the second look: nothing is lost with it that is not lost already. */
  readonly givesUpOnSilence?: boolean;
  /** Where it is too late, and no manager has said how the node stands, that is an end of its own: `Unconfirmed`. */
  readonly tellsHowNodeStands?: boolean;
  /** Its good end founds the swarm: recorded once and for ever, so that only what was heard at once is believed. */
  readonly founds?: boolean;
  /** Its good end begins a new epoch. */
  readonly recovers?: boolean;
  /** Its good end is the end of a launch: the node is Ready and labelled. */
  readonly endsLaunch?: boolean;
  /** It has published join tokens, and tells their digests. */
  readonly publishesTokens?: boolean;
  /** It tells what will be lost with its node. */
  readonly tellsLosses?: boolean;
  /** A page that the third manager tells, and that nobody can read either, is told as that: what needs it goes on without. */
  readonly goesOnUnread?: boolean;
  /** Nobody compares the node id that it tells afterwards: one that another instance has named is not taken. */
  readonly tellsNodeIdLast?: boolean;
}

export interface VerbUnit extends Traits {
  /** What SSM shows of the document. */
  readonly description: string;
  /**
   * `new`: an instance that was launched a moment ago, whose agent may not have registered yet. `instance`: the instance that it is about.
   * `manager`: any manager, which is told the id of its swarm besides.
   */
  readonly runsOn: 'new' | 'instance' | 'manager';
  /** Only a person sends it, with credentials of their own: no role of the stack may, and no rule hears of its end. */
  readonly byHand?: boolean;
  /** What is put before the verb's own script, in this order. */
  readonly libraries: readonly Library[];
  /** Besides those of all documents (parameters.ts). The script has them as SSM_<name>. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /**
   * How long the document may run, seconds. One on a manager never waits: its agent runs five commands at a time.
   *
   * @param locked under the membership lock
   */
  readonly runtime: number | ((facts: CommandFacts, locked: boolean) => number);
  /** It starts within the time of a locked command although it has no lock. */
  readonly startsSoon?: (facts: CommandFacts) => boolean;
  /** Throws where it must not be sent at all. */
  readonly refuse?: (facts: CommandFacts) => void;
  /** After which errors it is not tried again. */
  readonly final: readonly FinalName[];
  /** It tells the node id by which its instance calls itself. */
  readonly tellsOwnNodeId?: boolean;
  /** What its good end changes in the item of its node. What is undefined there is not changed. */
  readonly record?: (told: NodeOutput) => NodeChanges;
}

/** A node's own word: what is not in the form that documents tell it in is not taken, and never stops anything. */
export const told = z.object({
  nodeId: nodeIdText.optional().catch(undefined),
  address: nodeAddress.optional().catch(undefined),
  zone: zoneName.optional().catch(undefined),
});
export type NodeOutput = z.infer<typeof told>;

export interface NodeChanges {
  readonly phase?: NodePhase;
  readonly nodeId?: string | undefined;
  readonly address?: string | undefined;
  readonly zone?: string | undefined;
  /** What its engine was before, so that the tidy can tell whose that node is when it is down. */
  readonly formerNodeId?: string | undefined;
}

/** What a node says of itself when it has joined, or has founded its swarm. */
export const asJoined = ({ nodeId, address, zone }: NodeOutput): NodeChanges => ({
  phase: 'joined',
  nodeId,
  address,
  zone,
});

export function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) {
    throw new FlowError('BadInput', `the plan has no ${name}`);
  }
  return value;
}
