// Reads an Auto Scaling lifecycle action event and says what kind of action it is.
import * as z from 'zod';

import type { ClosedError } from '../errors.ts';
import { lifecycleDetail } from '../events/lifecycle-action.ts';
import { clusterName, launchHook, nodeRole, terminateHook } from '../names.ts';
import type { NodeRole } from '../names.ts';
import { WARNING_SOURCE, togetherOf } from './evacuation.ts';

/** Which runs for its event an execution replaces: one ARN, as executions of an older version have it, or all before it. */
export const replacement = z.object({
  replaces: z.union([z.string().transform((arn) => [arn]), z.array(z.string())]),
  attempt: z.number().int().positive(),
});

/** As EventBridge delivers it, and as skep itself starts executions with. */
const lifecycleEvent = z.object({
  version: z.string(),
  source: z.string().optional().catch(undefined),
  time: z.iso.datetime({ offset: true }),
  detail: lifecycleDetail,
  /** Only in events that skep starts executions with. */
  skep: replacement.optional(),
  together: togetherOf,
});

const LABEL_KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/;
const LABEL_VALUE = /^[A-Za-z0-9_.:/-]{0,128}$/;
/** What the confirm document takes in all, less what skep's own labels need. */
const LABELS_LENGTH = 1500;

export const groupLabels = z.record(z.string(), z.string()).superRefine((given, context) => {
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith('skep.')) {
      context.addIssue({ code: 'custom', path: [key], message: 'labels that begin with skep. are its own' });
    } else if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(value)) {
      context.addIssue({ code: 'custom', path: [key], message: `${key}=${value} cannot be a label` });
    }
  }
  if (JSON.stringify(given).length > LABELS_LENGTH) {
    context.addIssue({ code: 'custom', message: `labels of more than ${LABELS_LENGTH} characters in all` });
  }
});

/** What the hook says of its group: a claim, not an authority; the group's tags must agree. */
const hookMetadata = z.strictObject({
  v: z.literal(1).optional(),
  cluster: clusterName,
  role: nodeRole,
  /**
   * The hook's HeartbeatTimeout, seconds, which the event does not carry. AWS takes 30 and more; below 120 a hook could end
   * between two looks.
   */
  timeout: z.number().int().min(120).max(7200).optional(),
  /** How long skep may hold an action, seconds. */
  patience: z.number().int().min(60).max(172_800).optional(),
  labels: groupLabels.optional(),
  /**
   * Of nodes of managers at their first confirmation: `active`, or `drain` for managers that only manage. Any short text is let through,
   * since a typing error must not keep a manager out of the swarm. The tidy reports it.
   */
  availability: z.string().max(40).optional(),
});

/** The availability that a group wishes for its nodes. */
export type WishedAvailability = 'active' | 'drain';

/** What is neither counts as active. Workers are there for tasks. */
export const wishedAvailability = (role: NodeRole, availability: string | undefined): WishedAvailability =>
  role === 'manager' && availability === 'drain' ? 'drain' : 'active';

/** Without `timeout` in the metadata: short, so that the hook's heartbeat is rather too early than too late. */
export const DEFAULT_HOOK_TIMEOUT = 300;
/** How long an action may take where its metadata and its plan do not say it, seconds. */
export const DEFAULT_PATIENCE = 1800;
/** A manager waits for its replacement: as long as AWS lets a hook live. */
const MANAGER_PATIENCE = 172_800;

/** One lifecycle action of a group's hook for an instance. Times in epoch seconds. */
export interface Action {
  readonly kind: 'launch' | 'terminate';
  readonly group: string;
  readonly hook: string;
  readonly instance: string;
  readonly transition: string;
  readonly actionToken: string | undefined;
  readonly time: number;
  readonly timeout: number;
  readonly patience: number;
  readonly cluster: string;
  readonly role: NodeRole;
  readonly labels: Readonly<Record<string, string>>;
  readonly availability: WishedAvailability;
  /** What is asked: a full join or leave, or nothing but to complete the hook (instances that only pass a warm pool). */
  readonly ask: 'join' | 'leave' | 'nothing';
  /** The disk lives on (warm pool, root volume): the node must leave the swarm itself. */
  readonly depart: boolean;
  /** Its group launches no other one for it: the same instance joins again (root volume). */
  readonly comesBack: boolean;
  /** A launch of an instance that may have been in service before: it comes out of the warm pool, or has a new root volume. */
  readonly isReturn: boolean;
  readonly replaces: readonly string[] | undefined;
  /** No hook waits: AWS has said that it takes the instance, and these with it, as `node@instance`. */
  readonly warned?: { readonly together: readonly string[] };
}

/** Enough to complete a hook whose event could not be understood otherwise. */
export interface Completion {
  readonly AutoScalingGroupName: string;
  readonly LifecycleHookName: string;
  readonly InstanceId?: string;
  readonly LifecycleActionToken?: string;
}

export type ReadEvent =
  | { readonly kind: 'act'; readonly action: Action; readonly completion: Completion }
  | { readonly kind: 'ignore'; readonly because: string }
  | {
      readonly kind: 'reject';
      readonly error: ClosedError;
      readonly because: string;
      /** Absent when the event does not even name a hook of skep. */
      readonly completion: Completion | undefined;
    };

export function readLifecycleEvent(stage: string, raw: unknown): ReadEvent {
  const parsed = lifecycleEvent.safeParse(raw);
  if (!parsed.success) {
    return { kind: 'reject', error: 'BadEvent', because: z.prettifyError(parsed.error), completion: undefined };
  }
  const { version, detail } = parsed.data;
  const hooks: readonly string[] = [launchHook(stage), terminateHook(stage)];
  if (!hooks.includes(detail.LifecycleHookName)) {
    return { kind: 'ignore', because: `${detail.LifecycleHookName} is not a hook of stage ${stage}` };
  }
  const completion = completionOf(detail);
  if (version !== '0') {
    return { kind: 'reject', error: 'BadEvent', because: `event version ${version} is unknown`, completion };
  }
  const metadata = readHookMetadata(detail.NotificationMetadata);
  if ('problem' in metadata) {
    return { kind: 'reject', error: 'BadMetadata', because: metadata.problem, completion };
  }
  return { kind: 'act', action: actionOf(parsed.data, metadata), completion };
}

function actionOf(
  { source, time, detail, skep, together }: z.infer<typeof lifecycleEvent>,
  metadata: z.infer<typeof hookMetadata>,
): Action {
  const timeout = metadata.timeout ?? DEFAULT_HOOK_TIMEOUT;
  const kind = detail.LifecycleTransition.endsWith('LAUNCHING') ? 'launch' : 'terminate';
  return {
    kind,
    group: detail.AutoScalingGroupName,
    hook: detail.LifecycleHookName,
    instance: detail.EC2InstanceId,
    transition: detail.LifecycleTransition,
    actionToken: detail.LifecycleActionToken,
    time: Math.floor(Date.parse(time) / 1000),
    timeout,
    patience: metadata.patience ?? defaultPatience(kind, metadata.role, timeout),
    cluster: metadata.cluster,
    role: metadata.role,
    labels: metadata.labels ?? {},
    availability: wishedAvailability(metadata.role, metadata.availability),
    ...meaningOf(detail),
    replaces: skep?.replaces,
    ...(source === WARNING_SOURCE ? { warned: { together: together ?? [] } } : {}),
  };
}

function defaultPatience(kind: Action['kind'], role: NodeRole, timeout: number): number {
  return kind === 'terminate' && role === 'manager' ? MANAGER_PATIENCE : Math.max(timeout, DEFAULT_PATIENCE);
}

function completionOf(detail: z.infer<typeof lifecycleDetail>): Completion {
  const hook = { AutoScalingGroupName: detail.AutoScalingGroupName, LifecycleHookName: detail.LifecycleHookName };
  // By token where there is one: by instance id alone, a late CONTINUE could complete a newer action of the same hook.
  return detail.LifecycleActionToken === undefined
    ? { ...hook, InstanceId: detail.EC2InstanceId }
    : { ...hook, LifecycleActionToken: detail.LifecycleActionToken };
}

export function readHookMetadata(text: string | undefined): z.infer<typeof hookMetadata> | { problem: string } {
  if (text === undefined) {
    return { problem: 'the hook has no notification metadata; it needs {"cluster": ..., "role": ...}' };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: 'the notification metadata of the hook is not JSON' };
  }
  const parsed = hookMetadata.safeParse(json);
  return parsed.success ? parsed.data : { problem: z.prettifyError(parsed.error) };
}

/** The same detail-type means different things (facts of warm pools and root volume replacement). */
function meaningOf(detail: {
  LifecycleTransition: string;
  Origin?: string | undefined;
  Destination?: string | undefined;
  Action?: string | undefined;
}): Pick<Action, 'ask' | 'depart' | 'comesBack' | 'isReturn'> {
  const hasNewRoot = detail.Action === 'ReplaceRootVolume';
  if (detail.LifecycleTransition.endsWith('LAUNCHING')) {
    const ask = detail.Destination === 'WarmPool' ? 'nothing' : 'join';
    return { ask, depart: false, comesBack: false, isReturn: detail.Origin === 'WarmPool' || hasNewRoot };
  }
  if (detail.Origin === 'WarmPool') {
    return { ask: 'nothing', depart: false, comesBack: false, isReturn: false };
  }
  const depart = detail.Destination === 'WarmPool' || hasNewRoot;
  return { ask: 'leave', depart, comesBack: hasNewRoot, isReturn: false };
}

const claiming = z.object({ detail: z.object({ NotificationMetadata: z.string() }) });
const named = z.object({ cluster: clusterName });

/** The cluster that an event names, which may be all that can be read of it. */
export function claimedBy(raw: unknown): string | undefined {
  const { data: told } = claiming.safeParse(raw);
  try {
    return named.safeParse(JSON.parse(told?.detail.NotificationMetadata ?? '')).data?.cluster;
  } catch {
    return undefined;
  }
}
