// The commands of an adoption: documents that there are, with what an adoption knows.
import * as z from 'zod';

import type { Manager } from '../model.ts';
import { commandByHand, plannedSwarm } from '../steps/by-hand.ts';
import type { ByHand } from '../steps/by-hand.ts';
import type { Command } from '../steps/verbs.ts';
import type { Adopted, SwarmRef } from './plan.ts';
import type { AdoptedNode } from './facts.ts';

export const surveyOf = (told: ByHand, instance: string): Command =>
  commandByHand('survey', told, { plan: { instance } });

/** All nodes of the swarm, from so many on. */
export const inspectOf = (told: ByHand, leader: string, swarm: SwarmRef, offset: number): Command =>
  commandByHand('inspect', told, {
    plan: { swarm: plannedSwarm(swarm) },
    managers: [{ instance: leader, nodeId: '', address: '' }],
    offset,
  });

/** `init`, of an engine that is a manager of this very swarm: it founds nothing, publishes the join tokens, and tells the CA. */
export const publishOf = (told: ByHand, { leader, config, ...swarm }: Adopted): Command =>
  commandByHand('init', told, { plan: { instance: leader.instance, swarm: plannedSwarm(swarm) }, config });

/** `confirm`: all labels in one update, and its availability stays as it is at that moment. */
export function labelOf(
  told: ByHand,
  { instance, group, role, zone, nodeId, address }: AdoptedNode,
  swarm: SwarmRef,
  managers: readonly Manager[],
): Command {
  return commandByHand('confirm', told, {
    plan: { instance, group, role, zone, swarm: plannedSwarm(swarm) },
    nodeId,
    managers,
    // EC2 has it at this one, as was found before.
    addresses: [address.split(':')[0] ?? ''],
    parameters: { availability: 'keep' },
  });
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What `init` tells, as far as it is recorded. */
export const published = z.object({
  swarmId: z.string().regex(/^[0-9a-z]{25}$/),
  caDigest: z.string().regex(/^[0-9a-z]{50}$/),
  worker: digest,
  manager: digest,
});
