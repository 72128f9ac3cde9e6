// An instance refresh: what is safe for the role of a group, when none may begin, and how one stands, in words.
import type { Hold } from '../model.ts';
import type { NodeRole } from '../names.ts';

/** An instance refresh as Auto Scaling shows it. */
export interface RefreshSeen {
  readonly id: string;
  readonly status: string;
  readonly because: string | undefined;
  /** 0 to 100. */
  readonly done: number;
  readonly left: number;
}

/** The launch template of a group; `version` is a number, or `$Latest` and the like. */
export interface GroupTemplate {
  readonly id: string;
  readonly version: string;
}

export interface RefreshFacts {
  readonly group: string;
  readonly role: NodeRole;
  readonly desired: number;
  readonly instances: readonly { readonly instance: string; readonly lifecycle: string; readonly healthy: boolean }[];
  readonly template: GroupTemplate | undefined;
  readonly hold: Hold | undefined;
  /** The last one of the group. */
  readonly last: RefreshSeen | undefined;
  /** Those of the other manager groups of the cluster. */
  readonly others: readonly { readonly group: string; readonly last: RefreshSeen | undefined }[];
}

export interface RefreshOptions {
  /** Of a group of workers: how many percent of it are replaced at once. */
  readonly share: number | undefined;
  /** Of the launch template: the group launches it from now on, if the refresh succeeds. */
  readonly templateVersion: string | undefined;
}

/** What StartInstanceRefresh is told. */
export interface RefreshOrder {
  readonly minHealthy: number;
  readonly maxHealthy: number;
  readonly alarms: readonly string[];
  readonly autoRollback: boolean;
  readonly template: GroupTemplate | undefined;
}

const UNDER_WAY: ReadonlySet<string> = new Set([
  ...['Pending', 'InProgress', 'Cancelling', 'RollbackInProgress', 'Baking'],
]);
const DEFAULT_SHARE = 10;

export const isUnderWay = (seen: Pick<RefreshSeen, 'status'> | undefined): boolean =>
  seen !== undefined && UNDER_WAY.has(seen.status);

/** Each of them fails the refresh, also when nobody is at a terminal any more. */
const alarmsOf = (stage: string): readonly string[] => [
  `skep-${stage}-cluster-critical`,
  `skep-${stage}-launch-abandoned`,
];

/** @returns why no refresh may begin; undefined where one may */
export function whyNotRefresh(facts: RefreshFacts, { share, templateVersion }: RefreshOptions): string | undefined {
  const { group, role, hold, last, template } = facts;
  if (hold !== undefined) {
    return `the cluster is held (${hold.because || 'no reason was given'}): nodes would neither join nor leave. End the hold first: skep unhold`;
  }
  if (last !== undefined && isUnderWay(last)) {
    return `a refresh of ${group} is under way (${last.status}, ${last.done} %): wait for it, or end it with skep refresh ${group} --cancel`;
  }
  if (templateVersion !== undefined && template === undefined) {
    return `${group} has no launch template of which there could be a version ${templateVersion}`;
  }
  if (role === 'manager') {
    return whyNotManagers(facts, share);
  }
  return facts.instances.length === 0 ? `${group} has no instances: what it launches is new anyway` : undefined;
}

function whyNotManagers({ group, instances, others }: RefreshFacts, share: number | undefined): string | undefined {
  if (share !== undefined) {
    return `${group} has managers, which are replaced one at a time: --share is for workers`;
  }
  const other = others.find((one) => isUnderWay(one.last));
  if (other !== undefined) {
    return `a refresh of ${other.group} is under way, which has managers as well: one manager at a time`;
  }
  const restless = instances.find(({ lifecycle, healthy }) => lifecycle !== 'InService' || !healthy);
  if (restless !== undefined) {
    const { instance, lifecycle, healthy } = restless;
    const why = healthy ? lifecycle : 'unhealthy';
    return `${instance} of ${group} is ${why}: all managers are to be in service before the first one is replaced. skep why ${instance}`;
  }
  return instances.length === 0 ? `${group} has no instances: what it launches is new anyway` : undefined;
}

/**
 * A replacement comes before its instance goes, whatever the group's own policy says: 100/200, which suits managers that have failed, would launch
 * all replacements at once.
 */
export function orderOf({ role, template }: RefreshFacts, options: RefreshOptions, stage: string): RefreshOrder {
  const { share = DEFAULT_SHARE, templateVersion } = options;
  const wanted =
    template === undefined || templateVersion === undefined ? undefined : { ...template, version: templateVersion };
  return {
    minHealthy: 100,
    // No more than all of them, and all of them healthy: one at a time.
    maxHealthy: role === 'manager' ? 100 : 100 + share,
    alarms: alarmsOf(stage),
    autoRollback: wanted !== undefined && isNumbered(template),
    template: wanted,
  };
}

/** AWS rolls back to a version that is a number only. */
const isNumbered = (template: GroupTemplate | undefined): boolean => /^\d+$/.test(template?.version ?? '');

/** What a person is told before it begins. */
export function beforehand(facts: RefreshFacts, order: RefreshOrder): readonly string[] {
  const { group, role, desired, instances, template } = facts;
  const many = `${instances.length} instance${instances.length === 1 ? '' : 's'}`;
  const how =
    role === 'manager'
      ? 'one at a time, its replacement first'
      : `replacements first, ${order.maxHealthy - 100} % of the group at once (one at least)`;
  const stops = `it stops by itself when ${order.alarms.join(' or ')} rings`;
  return [
    `${group}: ${many} would be replaced, ${how}`,
    order.autoRollback
      ? `${stops}, and goes back to version ${template?.version ?? ''} of the launch template`
      : `${stops}; what was replaced by then stays${rollbackNote(order, template)}`,
    ...(role === 'manager' ? skewOf(desired) : []),
  ];
}

function rollbackNote({ template: wanted }: RefreshOrder, template: GroupTemplate | undefined): string {
  return wanted === undefined
    ? ': AWS goes back only from a version that is named with --template-version'
    : `: AWS does not go back to ${template?.version ?? ''}, which is no number`;
}

/** What is known without asking a node. Which engine an image brings, its first node tells. */
function skewOf(desired: number): readonly string[] {
  return [
    'managers of two engine versions work together while this goes on: the managers come before the workers, no version that is older than the present one',
    ...(desired < 3
      ? [`with ${desired === 1 ? 'one manager' : `${desired} managers`} no other one may fail while this goes on`]
      : []),
  ];
}

/** One line. */
export function standText(group: string, { status, because, done, left }: RefreshSeen): string {
  const what = isUnderWay({ status }) ? `${done} %, ${left} to go` : `${done} %`;
  return `${group}: ${status}, ${what}${because === undefined ? '' : `: ${because}`}`;
}

export type RefreshOutcome = 'goes-on' | 'done' | 'undone';

/** `undone`: it ended, and not all of the group is new. */
export function outcomeOf(seen: RefreshSeen): RefreshOutcome {
  if (isUnderWay(seen)) {
    return 'goes-on';
  }
  return seen.status === 'Successful' ? 'done' : 'undone';
}
