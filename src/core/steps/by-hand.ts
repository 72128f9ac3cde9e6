// Commands that a person sends: documents that there are, with what a person's command knows, and the execution of no machine.
import type { Manager, Plan, PlannedSwarm } from '../model.ts';
import type { Verb } from '../names.ts';
import { commandFor, DEFAULT_CONFIG } from './verbs.ts';
import type { ClusterConfig, Command } from './verbs.ts';

export interface ByHand {
  readonly cluster: string;
  readonly stage: string;
  readonly tokenKey: string;
  /** Epoch seconds. */
  readonly now: number;
}

export interface AboutCommand {
  readonly plan: Partial<Plan>;
  readonly nodeId?: string;
  readonly managers?: readonly Manager[];
  readonly config?: ClusterConfig;
  readonly offset?: number;
  /** Those of the instance, where the managers are to see its node at one of them. */
  readonly addresses?: readonly string[];
  /** What a shift is to tell of. It changes nothing. */
  readonly tell?: string;
  /** In place of what the plan says of them. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export function commandByHand(
  verb: Verb,
  told: ByHand,
  { plan, nodeId = 'none', managers = [], config, ...about }: AboutCommand,
): Command {
  const { cluster, stage, tokenKey, now } = told;
  const { offset = 0, addresses = [], tell = 'none' } = about;
  const made = commandFor({
    verb,
    plan: { v: 1, route: 'found', because: 'by hand', cluster, ...plan },
    node: { nodeId, zone: plan.zone ?? 'unknown', address: 'none' },
    ...{ managers, config: config ?? DEFAULT_CONFIG, offset, addresses, stage, tokenKey, now, try: 1 },
    ...{ force: false, undo: false, last: false, brief: false, handOver: false, least: 0 },
    mend: { forget: [], restore: [], label: [], labels: 'none' },
    shift: { changes: [], tell },
  });
  return { ...made, parameters: { ...made.parameters, ...about.parameters } };
}

/** The swarm that is meant, for a document that runs on any manager of it. */
export const plannedSwarm = ({
  swarmId,
  epoch,
}: {
  readonly swarmId: string;
  readonly epoch: number;
}): PlannedSwarm => ({
  ...{ swarmId, epoch },
  caDigest: '',
  managers: [],
});
