// The lifecycle hooks of a group: which are skep's, whether they are as skep needs them, and how they should be.
import { LAUNCHING, TERMINATING } from '../events/lifecycle-action.ts';
import { launchHook, terminateHook } from '../names.ts';
import type { NodeRole } from '../names.ts';
import { DEFAULT_HOOK_TIMEOUT, readHookMetadata, wishedAvailability } from './event.ts';
import type { Action } from './event.ts';
import type { HookTimeouts } from '../model.ts';
import type { ReportName } from '../verdict/reports.ts';

export interface HookFacts {
  readonly name: string;
  readonly transition: string;
  readonly metadata: string | undefined;
  /** HeartbeatTimeout, seconds. */
  readonly timeout: number;
  readonly defaultResult: string;
}

/** What PutLifecycleHook takes. */
export interface HookWish {
  readonly AutoScalingGroupName: string;
  readonly LifecycleHookName: string;
  readonly LifecycleTransition: string;
  readonly NotificationMetadata: string;
  readonly HeartbeatTimeout: number;
  readonly DefaultResult: string;
}

interface HookGroup {
  readonly name: string;
  readonly role: NodeRole;
  readonly hooks: readonly HookFacts[];
}

export interface HookProblem {
  readonly group: string;
  readonly name: ReportName;
  readonly because: string;
  readonly wish: HookWish;
}

const HEARTBEAT_TIMEOUT = 1800;

/** Another stage in the account may have a cluster of the same name: a group with its hooks only is its own affair. */
export function isOfAnotherStage(stage: string, { hooks }: Pick<HookGroup, 'hooks'>): boolean {
  const own = hooks.some(({ name }) => name === launchHook(stage) || name === terminateHook(stage));
  return !own && hooks.some(({ name }) => /^skep-.+-(launch|terminate)$/.test(name));
}

export function hookProblems(stage: string, cluster: string, group: HookGroup): HookProblem[] {
  return [
    { name: launchHook(stage), transition: LAUNCHING },
    { name: terminateHook(stage), transition: TERMINATING },
  ].flatMap(({ name, transition }) => problemOf(name, transition, cluster, group) ?? []);
}

function problemOf(name: string, transition: string, cluster: string, group: HookGroup): HookProblem | undefined {
  const found = group.hooks.find((hook) => hook.name === name);
  const isGuard = transition === TERMINATING && group.role === 'manager';
  const defaultResult = isGuard ? 'ABANDON' : 'CONTINUE';
  const wish = wishFor(name, transition, defaultResult, cluster, group, found);
  const broken = found === undefined ? 'it is missing' : whatChanged(found, transition, defaultResult, cluster, group);
  if (broken !== undefined) {
    const because = `hook ${name}: ${broken}${isGuard ? UNGUARDED : ''}`;
    return { group: group.name, name: isGuard ? 'QuorumUnguarded' : 'HookBroken', because, wish };
  }
  const wrong = found === undefined ? undefined : (whyTooSlow(found) ?? whyNotAvailable(found));
  return wrong === undefined
    ? undefined
    : { group: group.name, name: 'HookBroken', because: `hook ${name}: ${wrong}`, wish };
}

/** Without it AWS ends managers as it likes, two at once too: only this hook makes it wait for skep. */
const UNGUARDED = '. Without it AWS may end more managers than the quorum can lose';

function whatChanged(
  hook: HookFacts,
  transition: string,
  defaultResult: string,
  cluster: string,
  group: HookGroup,
): string | undefined {
  const metadata = readHookMetadata(hook.metadata);
  if (hook.transition !== transition) {
    return `it is for ${hook.transition}`;
  }
  if ('problem' in metadata) {
    return `its notification metadata is not what skep writes: ${metadata.problem.split('\n')[0] ?? ''}`;
  }
  if (metadata.cluster !== cluster || metadata.role !== group.role) {
    return `it says ${metadata.cluster}/${metadata.role}, and the tags of the group say ${cluster}/${group.role}`;
  }
  return hook.defaultResult === defaultResult
    ? undefined
    : `its default result is ${hook.defaultResult}, not ${defaultResult}`;
}

/** The event of a hook does not carry its timeout, so that it is taken from the metadata: a hook that ends sooner may end too early. */
function whyTooSlow(hook: HookFacts): string | undefined {
  const metadata = readHookMetadata(hook.metadata);
  if ('problem' in metadata) {
    return undefined;
  }
  const { timeout } = metadata;
  if (timeout === undefined) {
    return hook.timeout < DEFAULT_HOOK_TIMEOUT
      ? `its timeout is ${hook.timeout} s, and its metadata names none, so that ${DEFAULT_HOOK_TIMEOUT} s are taken`
      : undefined;
  }
  return hook.timeout === timeout ? undefined : `its timeout is ${hook.timeout} s, and its metadata says ${timeout}`;
}

/** What is kept of a cluster is one item of the table, which groups without number must not fill. */
const MOST_TIMEOUTS = 400;

/**
 * The timeouts of hooks that run out sooner than a claim would take from their metadata. A tidy, which asks for the hooks anyway, leaves
 * them where each claim looks: no event and no other call tells of them.
 */
export function shortTimeouts(stage: string, groups: readonly Pick<HookGroup, 'name' | 'hooks'>[]): HookTimeouts {
  const own = [launchHook(stage), terminateHook(stage)];
  const short = groups.flatMap((group) =>
    group.hooks
      .filter((hook) => own.includes(hook.name) && hook.timeout < timeoutInMetadata(hook))
      .map(({ name, timeout }): [string, number] => [timeoutKey(name, group.name), timeout]),
  );
  return Object.fromEntries(short.toSorted(([one], [other]) => (one < other ? -1 : 1)).slice(0, MOST_TIMEOUTS));
}

const timeoutKey = (hook: string, group: string): string => `${hook}@${group}`;

function timeoutInMetadata({ metadata: text }: HookFacts): number {
  const metadata = readHookMetadata(text);
  return 'problem' in metadata ? 0 : (metadata.timeout ?? DEFAULT_HOOK_TIMEOUT);
}

/** The action with the timeout that its hook really has, where that was seen to be the lower one. Its patience stays its group's wish. */
export function withOwnTimeout(action: Action, timeouts: HookTimeouts | undefined): Action {
  const own = timeouts?.[timeoutKey(action.hook, action.group)] ?? action.timeout;
  return own < action.timeout ? { ...action, timeout: own } : action;
}

/** A wrong value keeps no node out of the swarm, so a report is the only way to learn of it. */
function whyNotAvailable({ transition, metadata: text }: HookFacts): string | undefined {
  const metadata = readHookMetadata(text);
  if ('problem' in metadata || metadata.availability === undefined || transition !== LAUNCHING) {
    return undefined;
  }
  const { role, availability } = metadata;
  if (availability !== 'active' && availability !== 'drain') {
    return `its metadata says availability ${availability}, which is neither active nor drain, and counts as active`;
  }
  return wishedAvailability(role, availability) === availability
    ? undefined
    : `its metadata says availability ${availability}, which is for managers only, and counts as active`;
}

/** As it should be, with what of it is the group's own: its labels, its patience, a timeout that skep can work with. */
function wishFor(
  name: string,
  transition: string,
  defaultResult: string,
  cluster: string,
  group: HookGroup,
  found: HookFacts | undefined,
): HookWish {
  const sibling = group.hooks.find((hook) => hook.name !== name && !('problem' in readHookMetadata(hook.metadata)));
  const kept = [found, sibling].map((hook) => readHookMetadata(hook?.metadata)).find((read) => !('problem' in read));
  const { labels, patience, availability } = kept === undefined || 'problem' in kept ? {} : kept;
  const drain = wishedAvailability(group.role, availability) === 'drain' ? { availability: 'drain' } : {};
  const timeout =
    found !== undefined && found.timeout >= 120 && found.timeout <= 7200 ? found.timeout : HEARTBEAT_TIMEOUT;
  return {
    AutoScalingGroupName: group.name,
    LifecycleHookName: name,
    LifecycleTransition: transition,
    NotificationMetadata: JSON.stringify({ cluster, role: group.role, timeout, patience, labels, ...drain }),
    HeartbeatTimeout: timeout,
    DefaultResult: defaultResult,
  };
}
