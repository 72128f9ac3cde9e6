// Why a service is left out of a rebalance, and what a person should know of one that is not.
import { MARK_LABEL, REBALANCE_LABEL } from '../labels.ts';
import { normalPlatform, readConstraint, unknownConstraints } from '../services/placement.ts';
import { isIdle, readMark } from '../services/facts.ts';
import type { PlacementNode, ServiceFacts } from '../services/facts.ts';

const LEFT_OUT = {
  OptedOut: `its label ${REBALANCE_LABEL} says off`,
  NotReplicated: 'a global service has a task on each node anyway',
  Job: 'a job that is moved is run again',
  Updating: 'an update is under way',
  Paused: 'its update is paused: any change would resume it',
  RollingBack: 'a rollback is under way, or is paused',
  Marked: 'another run of skep is at work on it',
  Volumes: 'what it keeps would stay behind on the old node',
  Templated: 'something in it depends on the slot of its task, and slots change',
  Pinned: 'its constraints leave it no choice of nodes',
  UnknownConstraint: 'whether a node meets its constraints cannot be seen',
  UnknownPlatform: 'nobody has resolved its image, and the nodes are of several platforms',
  Preferences: 'it is spread by placement preferences, not by nodes',
  GenericResources: 'how many of its generic resources are free cannot be seen',
  NotRunning: 'not all of its tasks run',
  MaxReplicas: 'every node has as many of its tasks as may be there',
  HostPorts: 'its host port is taken on every node',
  Unreadable: 'what the engine says of it is too long, or cannot be read',
  NoRoom: 'no node has room for what it reserves',
} as const;
type LeftOutReason = keyof typeof LEFT_OUT;
export const REASONS = Object.keys(LEFT_OUT) as readonly LeftOutReason[];

export interface LeftOut {
  readonly serviceId: string;
  readonly name: string;
  readonly reason: LeftOutReason;
  readonly because: string;
}

export type Why = Pick<LeftOut, 'reason' | 'because'>;

export const why = (reason: LeftOutReason, detail = ''): Why => ({
  reason,
  because: detail === '' ? LEFT_OUT[reason] : `${LEFT_OUT[reason]}: ${detail}`,
});

type Check = (service: ServiceFacts, now: number) => Why | undefined;

const checkMode: Check = ({ mode }) => {
  if (mode === 'replicated') {
    return undefined;
  }
  return why(mode === 'global' ? 'NotReplicated' : 'Job');
};

const checkUpdate: Check = (service) => {
  if (isIdle(service)) {
    return undefined;
  }
  const { update } = service;
  return why(update === 'updating' ? 'Updating' : update === 'paused' ? 'Paused' : 'RollingBack');
};

/** One whose time is over is taken back before anything is planned; where that could not be done, it is still there. */
const checkMark: Check = ({ labels }, now) => {
  const text = labels[MARK_LABEL];
  if (text === undefined) {
    return undefined;
  }
  const mark = readMark(text);
  if (mark === undefined) {
    return why('Marked', `its label ${MARK_LABEL} is not one of skep's: ${text}`);
  }
  const until = new Date(mark.until * 1000).toISOString();
  return why(
    'Marked',
    mark.until < now ? `its time was over at ${until}, and nobody has taken it back yet` : `until ${until}`,
  );
};

/** Whether another node has the same volume cannot be seen of any driver; only a tmpfs is nobody's data. */
const checkVolumes: Check = ({ mounts, labels }) => {
  const kept = mounts.filter((one) => one !== 'tmpfs');
  const allowed = kept.length === 0 || labels[REBALANCE_LABEL] === 'on';
  return allowed ? undefined : why('Volumes', [...new Set(kept)].join(', '));
};

const checkConstraints: Check = ({ constraints }) => {
  const unknown = unknownConstraints(constraints);
  if (unknown.length > 0) {
    return why('UnknownConstraint', unknown.join(', '));
  }
  const pins = constraints.filter((text) => {
    const constraint = readConstraint(text);
    return constraint?.equal === true && /^node\.(id|hostname)$/i.test(constraint.key);
  });
  return pins.length === 0 ? undefined : why('Pinned', pins.join(', '));
};

const CHECKS: readonly Check[] = [
  ({ labels }) => (labels[REBALANCE_LABEL] === 'off' ? why('OptedOut') : undefined),
  checkMode,
  checkUpdate,
  checkMark,
  checkVolumes,
  ({ templated }) => (templated ? why('Templated') : undefined),
  checkConstraints,
  ({ preferences }) => (preferences > 0 ? why('Preferences') : undefined),
  ({ generic }) => (generic > 0 ? why('GenericResources') : undefined),
];

/** What a service itself says against it, whatever the nodes are. The first reason is told. */
export function whyLeftOut(service: ServiceFacts, now: number): Why | undefined {
  for (const check of CHECKS) {
    const found = check(service, now);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** Placement.Platforms is empty for an image that nobody has resolved: SwarmKit would put an amd64 image on an arm64 node. */
export function isOfUnknownPlatform({ platforms }: ServiceFacts, allowed: readonly PlacementNode[]): boolean {
  return platforms.length === 0 && new Set(allowed.map(({ platform }) => normalPlatform(platform))).size > 1;
}

export interface Totals {
  readonly running: number;
  readonly all: number;
}

export function totalsOf({ tasks, unassigned }: Pick<ServiceFacts, 'tasks' | 'unassigned'>): Totals {
  let running = 0;
  let all = unassigned;
  for (const one of tasks.values()) {
    running += one.running;
    all += one.running + one.others;
  }
  return { running, all };
}

/** All tasks that it should have run, and no other task is on its way. */
export function isConverged(service: ServiceFacts): boolean {
  const { running, all } = totalsOf(service);
  return running === service.replicas && all === service.replicas;
}

const ECR = /^\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)\//;
/** Seconds. What the registry gave with the last deployment stays in the service, and is never renewed. */
const ECR_LOGIN = 12 * 3600;

/** What may go wrong with a move, or after it. */
export function warningsOf({ image, updatedAt, health, order }: ServiceFacts, now: number): string[] {
  const warnings: readonly (string | false)[] = [
    ECR.test(image) &&
      now - updatedAt > ECR_LOGIN &&
      'its registry login is older than 12 hours: a node that does not have its image cannot pull it',
    !image.includes('@sha256:') && 'its image is not pinned: a node may pull another one than the others have',
    !health && 'it has no health check of its own: a task that runs counts as healthy',
    order === 'stop-first' &&
      'it is updated stop-first, so its history stays as skep leaves it: docker service rollback does not go where its owner expects',
  ];
  return warnings.filter((one) => one !== false);
}
