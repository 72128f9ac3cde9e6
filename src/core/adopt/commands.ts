// The commands of an adoption: documents that there are, with what an adoption knows.
import * as z from 'zod';

import type { Manager, Plan, PlannedSwarm } from '../model.ts';
import type { Verb } from '../names.ts';
import { commandFor, DEFAULT_CONFIG } from '../steps/verbs.ts';
import type { ClusterConfig, Command } from '../steps/verbs.ts';
import type { Adopted, SwarmRef } from './plan.ts';
import type { AdoptedNode } from './facts.ts';

interface Told {
  readonly cluster: string;
  readonly stage: string;
  readonly tokenKey: string;
  /** Epoch seconds. */
  readonly now: number;
}

interface About {
  readonly plan: Partial<Plan>;
  readonly nodeId?: string;
  readonly managers?: readonly Manager[];
  readonly config?: ClusterConfig;
  readonly offset?: number;
  /** Those of the instance, where the managers are to see its node at one of them. */
  readonly addresses?: readonly string[];
}

function command(verb: Verb, told: Told, { plan, nodeId = 'none', managers = [], config, ...about }: About): Command {
  const { cluster, stage, tokenKey, now } = told;
  const { offset = 0, addresses = [] } = about;
  return commandFor({
    verb,
    plan: { v: 1, route: 'found', because: 'skep adopt', cluster, ...plan },
    node: { nodeId, zone: plan.zone ?? 'unknown', address: 'none' },
    ...{ managers, config: config ?? DEFAULT_CONFIG, offset, addresses, stage, tokenKey, now, try: 1 },
    ...{ force: false, undo: false, last: false, brief: false, handOver: false, least: 0 },
    mend: { forget: [], restore: [], label: [], labels: 'none' },
    shift: { changes: [], tell: 'none' },
  });
}

const planned = ({ swarmId, epoch }: SwarmRef): PlannedSwarm => ({ swarmId, epoch, caDigest: '', managers: [] });

export const surveyOf = (told: Told, instance: string): Command => command('survey', told, { plan: { instance } });

/** All nodes of the swarm, from so many on. */
export const inspectOf = (told: Told, leader: string, swarm: SwarmRef, offset: number): Command =>
  command('inspect', told, {
    plan: { swarm: planned(swarm) },
    managers: [{ instance: leader, nodeId: '', address: '' }],
    offset,
  });

/** `init`, of an engine that is a manager of this very swarm: it founds nothing, publishes the join tokens, and tells the CA. */
export const publishOf = (told: Told, { leader, config, ...swarm }: Adopted): Command =>
  command('init', told, { plan: { instance: leader.instance, swarm: planned(swarm) }, config });

/** `confirm`: all labels in one update, and its availability stays as it is at that moment. */
export function labelOf(
  told: Told,
  { instance, group, role, zone, nodeId, address }: AdoptedNode,
  swarm: SwarmRef,
  managers: readonly Manager[],
): Command {
  const made = command('confirm', told, {
    plan: { instance, group, role, zone, swarm: planned(swarm) },
    nodeId,
    managers,
    // EC2 has it at this one, as was found before.
    addresses: [address.split(':')[0] ?? ''],
  });
  return { ...made, parameters: { ...made.parameters, availability: 'keep' } };
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What `init` tells, as far as it is recorded. */
export const published = z.object({
  swarmId: z.string().regex(/^[0-9a-z]{25}$/),
  caDigest: z.string().regex(/^[0-9a-z]{50}$/),
  worker: digest,
  manager: digest,
});
