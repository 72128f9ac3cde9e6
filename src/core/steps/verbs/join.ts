// join: makes the instance a node of its swarm.
import { OF_A_NEW_INSTANCE } from '../final-reasons.ts';
import { instanceId, stage } from './parameters.ts';
import { asJoined, needed } from './verb.ts';
import type { VerbUnit } from './verb.ts';

/** The most that the pattern lets through. */
const JOIN_ADDRESSES = 32;
/** A manager joins a swarm within seconds, since its instance was prepared before. */
const LOCKED_RUNTIME = 180;

export const join: VerbUnit = {
  description: 'makes the instance a node of its swarm, drained until confirmed',
  runsOn: 'new',
  libraries: ['machine', 'identity'],
  parameters: {
    stage,
    role: {
      description: "the node's role",
      pattern: '^(worker|manager)$',
      value: ({ plan }) => needed(plan.role, 'role'),
    },
    instanceId,
    managers: {
      description: 'addresses of managers, ip:port, separated by commas',
      pattern: '^[0-9]{1,3}(\\.[0-9]{1,3}){3}:[0-9]{1,5}(,[0-9]{1,3}(\\.[0-9]{1,3}){3}:[0-9]{1,5}){0,31}$',
      value: ({ managers, candidates = [] }) => {
        const known = [...managers, ...candidates].map(({ address }) => address);
        return [...new Set(known)].slice(0, JOIN_ADDRESSES).join(',');
      },
    },
    swarmId: {
      description: "the swarm's id",
      pattern: '^[0-9a-z]{25}$',
      value: ({ plan }) => needed(plan.swarm, 'swarm').swarmId,
    },
    caDigest: {
      description: "the digest of the swarm's CA, the part after SWMTKN-1- of its join tokens",
      pattern: '^[0-9a-z]{50}$',
      value: ({ plan }) => needed(plan.swarm, 'swarm').caDigest,
    },
  },
  runtime: (_facts, locked) => (locked ? LOCKED_RUNTIME : 600),
  changesManagers: 'adds',
  needsManagers: true,
  waitsForFounding: true,
  phaseWhenSent: 'joining',
  final: [...OF_A_NEW_INSTANCE, 'LockTaken'],
  tellsOwnNodeId: true,
  record: asJoined,
};
