// The scenario format: a cluster, steps, expectations. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { LEVELS } from '../../src/core/verdict/findings.ts';
import { VERBS, clusterName, nodeRole } from '../../src/core/names.ts';
import { SPEAKS_FROM } from '../nodes/machines.ts';
import { adopt, release, setup, swarm } from './adopt-schema.ts';
import { choice } from './choice-schema.ts';
import { dns, dnsSteps } from './dns-schema.ts';
import { deploySchema } from './deploy.ts';
import { fault } from './fault-schema.ts';
import { announce, event, impair, interrupt } from './interrupt-schema.ts';
import { limits } from './limits-schema.ts';
import { lifetime, membershipSteps, warmPool } from './membership-schema.ts';
import { bounds, clock, count, duration, manyBounds } from './quantities.ts';
import { rogue } from './rogue-schema.ts';
import { load, service } from './service-schema.ts';
import { refreshed, upgradeSteps } from './upgrade-schema.ts';

const hook = z.strictObject({
  timeout: z.int().min(30).max(7200).default(1800),
  /** In place of what skep would write: for hooks that are set up wrongly. `null` for none at all. */
  metadata: z.string().nullable().optional(),
  name: z.string().optional(),
  defaultResult: z.enum(['CONTINUE', 'ABANDON']).optional(),
});

/** What somebody changes of a hook by hand. */
const hookChange = z.strictObject({
  timeout: z.int().min(30).max(7200).exactOptional(),
  metadata: z.string().exactOptional(),
  defaultResult: z.enum(['CONTINUE', 'ABANDON']).exactOptional(),
});

const stageName = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/);

const healthyRange = z
  .strictObject({ minHealthy: z.int().min(0).max(100), maxHealthy: z.int().min(100).max(200) })
  .refine(({ minHealthy, maxHealthy }) => maxHealthy - minHealthy <= 100, 'they differ by at most 100');

const group = z.strictObject({
  /** Of several: whose hooks it has. */
  stage: stageName.optional(),
  /** Of another cluster than the scenario's. */
  cluster: clusterName.optional(),
  role: nodeRole,
  desired: count.default(0),
  zones: z.array(z.string()).min(1).default(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']),
  /** How long one of its instances may be in service. */
  lifetime: lifetime.optional(),
  warmPool: warmPool.optional(),
  labels: z.record(z.string(), z.string()).default({}),
  /** In the metadata of its hooks: `drain` for managers that only manage. Any text, since people mistype. */
  availability: z.string().optional(),
  patience: z.int().min(60).max(172_800).optional(),
  launchHook: hook.prefault({}),
  terminateHook: hook.prefault({}),
  /** In place of skep:cluster and skep:role: for groups that are tagged wrongly. */
  tags: z.record(z.string(), z.string()).optional(),
  agentAfter: duration.prefault('0s'),
  dockerAfter: duration.prefault('0s'),
  clock: clock.optional(),
  /** Where others see its machines, if not at their addresses. */
  speaksFrom: z.enum(SPEAKS_FROM).optional(),
  /** Its instance maintenance policy. Without one it terminates and launches at once. */
  maintenance: healthyRange.optional(),
  /** Knobs: what AWS does is not documented. */
  launchesAfter: z.enum(['termination-begins', 'termination-ends']).default('termination-begins'),
  retainedEndsBy: z.enum(['at-once', 'hook-again']).default('at-once'),
  /** A bad image: the swarm folder of the oldest instance of that group is in it, or the id of that instance is its hostname. */
  image: z.strictObject({ swarmFolderOf: z.string().optional(), hostnameOf: z.string().optional() }).optional(),
  /** Somebody had it before skep: it has none of skep's hooks and tags, and its instances are terminated as they are. */
  byHand: z.boolean().default(false),
  setup: setup.prefault({}),
  /** The role of its instances, where it is not as docs/security.md says. */
  instanceRole: z
    .strictObject({
      managedInstanceCore: z.boolean().default(true),
      /** Somebody has forgotten to attach it. */
      nodePolicy: z.boolean().default(true),
      tags: z.record(z.string(), z.string()).optional(),
    })
    .prefault({}),
});
export type GroupSpec = z.infer<typeof group>;

const machine = z.enum(['scale-out', 'scale-in', 'tidy', 'recover', 'rotate-tokens', 'rebalance']);

const names = z.array(z.string()).optional();
const moveBounds = { planned: bounds.optional(), made: bounds.optional(), remaining: bounds.optional() };
const expectation = z.union([
  z.strictObject({
    nodes: z.strictObject({
      stage: stageName.optional(),
      cluster: clusterName.optional(),
      count: bounds.optional(),
      ready: bounds.optional(),
      down: bounds.optional(),
      active: bounds.optional(),
      labelled: bounds.optional(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  }),
  z.strictObject({
    tasks: z.strictObject({
      service: z.string(),
      running: bounds.optional(),
      orphaned: bounds.optional(),
      rejected: bounds.optional(),
      ever: bounds.optional(),
      onNodes: bounds.optional(),
      most: bounds.optional(),
      kept: bounds.optional(),
      onWarned: bounds.optional(),
    }),
  }),
  z.strictObject({
    requests: z.strictObject({
      service: z.string(),
      sent: manyBounds.optional(),
      slow: bounds.optional(),
      failed: manyBounds.optional(),
      gap: bounds.optional(),
    }),
  }),
  z.strictObject({
    hooks: z.strictObject({
      open: bounds.optional(),
      continued: bounds.optional(),
      abandoned: bounds.optional(),
      timedOut: bounds.optional(),
    }),
  }),
  z.strictObject({
    group: z.strictObject({
      name: z.string(),
      instances: bounds.optional(),
      inService: bounds.optional(),
      waiting: bounds.optional(),
      retained: bounds.optional(),
      kept: bounds.optional(),
      warm: bounds.optional(),
    }),
  }),
  z.strictObject({
    managers: z.strictObject({
      leastReachable: bounds.optional(),
      leastMembers: bounds.optional(),
      mostMembers: bounds.optional(),
      leastSpare: bounds.optional(),
      longestWithoutLeader: bounds.optional(),
      members: bounds.optional(),
      reachable: bounds.optional(),
      agree: z.boolean().optional(),
      inService: z.boolean().optional(),
      recorded: z.boolean().optional(),
      sameEpoch: z.boolean().optional(),
      epoch: bounds.optional(),
    }),
  }),
  z.strictObject({
    executions: z.strictObject({
      stage: stageName.optional(),
      machine: machine.optional(),
      error: z.string().optional(),
      at: z.string().optional(),
      count: bounds.optional(),
      running: bounds.optional(),
      succeeded: bounds.optional(),
      failed: bounds.optional(),
      transitions: bounds.optional(),
    }),
  }),
  z.strictObject({ measured: z.strictObject({ transitions: manyBounds.optional(), calls: manyBounds.optional() }) }),
  /** Commands that were sent since the last `measure`. */
  z.strictObject({
    commands: z.strictObject({
      document: z.enum(VERBS).optional(),
      group: z.string().optional(),
      count: bounds,
    }),
  }),
  z.strictObject({ alarms: z.array(z.string()) }),
  /** All alarms that have rung, by name; those on levels and on AWS's own metrics too. */
  z.strictObject({ rang: z.array(z.string()) }),
  z.strictObject({
    verdict: z.strictObject({
      level: z.enum([...LEVELS, 'none']).optional(),
      reasons: names,
      unsent: bounds.optional(),
    }),
  }),
  z.strictObject({
    notified: z.strictObject({
      to: z.enum(LEVELS).optional(),
      topic: bounds.optional(),
      webhook: bounds.optional(),
      refused: bounds.optional(),
    }),
  }),
  z.strictObject({ deadLetters: bounds }),
  /** Actions that somebody was denied. Without this expectation there must be none. */
  z.strictObject({ denied: z.array(z.string()) }),
  z.strictObject({ cluster: z.enum(['new', 'founded']) }),
  z.strictObject({
    tidied: z.strictObject({
      repairs: bounds.optional(),
      reports: bounds.optional(),
      failed: bounds.optional(),
      kinds: names,
    }),
  }),
  z.strictObject({ refreshed }),
  z.strictObject({ dns }),
  z.strictObject({ rebalanced: z.strictObject({ ...moveBounds, outcomes: names, leftOut: names }) }),
]);
export type Expectation = z.infer<typeof expectation>;

/** What an expectation chooses by, and does not compare. */
export const SELECTORS: ReadonlySet<string> = new Set([
  'stage',
  'cluster',
  'service',
  'name',
  'machine',
  'error',
  'at',
  'document',
  'group',
  'labels',
  'to',
]);

const plainSteps = [
  z.strictObject({
    scale: z.union([
      z.strictObject({ group: z.string(), to: count }),
      z.strictObject({ group: z.string(), by: z.int().min(1).max(5000) }),
    ]),
  }),
  z.strictObject({ settle: duration }),
  z.strictObject({ advance: duration }),
  z.strictObject({ wait: z.strictObject({ for: z.array(expectation).min(1), within: duration }) }),
  z.strictObject({ service }),
  z.strictObject({ load }),
  /** Of the service, on simulated nodes only. */
  z.strictObject({ ghost: z.strictObject({ service: z.string() }) }),
  z.strictObject({
    kill: z.strictObject({
      ...choice,
      silently: z.boolean().default(false),
      /** Not now, but whom the next execution is about that enters this state. */
      when: z.strictObject({ machine, state: z.string() }).optional(),
    }),
  }),
  z.strictObject({
    terminate: z.strictObject({
      ...choice,
      decrement: z.boolean().default(true),
      youngest: z.boolean().default(false),
      retained: z.boolean().default(false),
    }),
  }),
  z.strictObject({
    unhealthy: z.strictObject({
      group: z.string(),
      count: count.min(1).default(1),
      /** Those whose engine the scenario has killed. */
      engineDown: z.boolean().default(false),
    }),
  }),
  z.strictObject({
    refresh: z.strictObject({
      group: z.string(),
      range: healthyRange.optional(),
      awaitsTermination: z.boolean().default(true),
    }),
  }),
  z.strictObject({ announce }),
  z.strictObject({ impair }),
  z.strictObject({ interrupt }),
  ...upgradeSteps,
  ...membershipSteps,
  ...dnsSteps,
  z.strictObject({ engine: z.strictObject({ ...choice, runs: z.boolean() }) }),
  z.strictObject({ cable: z.strictObject({ ...choice, connected: z.boolean() }) }),
  /** Off: one is stopped, by hand. On: all that were stopped are started. */
  z.strictObject({ power: z.strictObject({ ...choice, on: z.boolean() }) }),
  /** Off: all of the group that are in standby go back to service. */
  z.strictObject({ standby: z.strictObject({ ...choice, on: z.boolean() }) }),
  /** Of all instances of the group, or of the leader alone. */
  z.strictObject({ agent: z.strictObject({ ...choice, online: z.boolean() }) }),
  /** Everything that goes wrong by these steps and by faults is over. */
  z.strictObject({ calm: z.strictObject({}) }),
  z.strictObject({ docker: z.strictObject({ group: z.string(), run: z.string().min(1) }) }),
  z.strictObject({ swarm }),
  z.strictObject({ adopt }),
  z.strictObject({ release }),
  z.strictObject({ tidy: z.strictObject({}) }),
  z.strictObject({ hold: z.strictObject({ because: z.string().default('') }) }),
  z.strictObject({ unhold: z.strictObject({}) }),
  /** The word without which the last manager may not go, or its taking back. */
  z.strictObject({ erase: z.strictObject({ for: duration.prefault('1h'), takeBack: z.boolean().default(false) }) }),
  z.strictObject({ webhook: z.strictObject({ up: z.boolean() }) }),
  /** An event that nobody can handle, as it lies in the queue. */
  z.strictObject({ deadLetter: z.strictObject({}) }),
  /** By somebody's hand. */
  z.strictObject({ record: z.record(z.string(), z.unknown()).nullable() }),
  z.strictObject({
    item: z.strictObject({
      of: z.enum(['cluster', 'clusters']).default('cluster'),
      key: z.string().min(1),
      set: z.record(z.string(), z.unknown()).nullable(),
    }),
  }),
  z.strictObject({ tags: z.strictObject({ group: z.string(), tags: z.record(z.string(), z.string()) }) }),
  z.strictObject({
    hook: z.strictObject({ group: z.string(), of: z.enum(['launch', 'terminate']), change: hookChange.nullable() }),
  }),
  z.strictObject({ fault }),
  z.strictObject({ rogue }),
  z.strictObject({ event }),
  z.strictObject({ start: z.strictObject({ machine, input: z.record(z.string(), z.unknown()) }) }),
  z.strictObject({ stop: z.strictObject({ machine, state: z.string().optional() }) }),
  z.strictObject({ deploy: deploySchema }),
  z.strictObject({ measure: z.strictObject({ as: z.string().min(1).exactOptional() }) }),
  z.strictObject({ expect: z.array(expectation).min(1) }),
] as const;
const plainStep = z.union(plainSteps);
export type PlainStep = z.infer<typeof plainStep>;

/** More turns than that are a mistake: nothing of skep has so many calls or states. */
const MOST_TURNS = 100;
const listed = z.array(z.string().min(1)).min(1).max(MOST_TURNS);
const turns = { except: listed.default([]), do: z.array(plainStep).min(1) };

/** Without loops in loops: nobody could read them. */
const each = z.union([
  z.strictObject({
    call: z.union([z.literal('every call so far', 'a list of calls, or: every call so far'), listed]),
    ...turns,
  }),
  z.strictObject({
    state: z.union([
      z
        .string()
        .regex(
          /^every state of (scale-out|scale-in|tidy|recover|rebalance)$/,
          'a list of states, or: every state of scale-out, say',
        ),
      listed,
    ]),
    ...turns,
  }),
]);
export type Each = z.infer<typeof each>;

const step = z.union([...plainSteps, z.strictObject({ each })]);
export type Step = z.infer<typeof step>;

export const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  seed: z.int().min(0).default(1),
  stage: stageName.default('dev'),
  /** Further stages in the same account. */
  beside: z.array(stageName).max(2).default([]),
  /** The folder of a kept release, from the root of the project: what is deployed when the scenario begins. */
  release: z.string().min(1).exactOptional(),
  cluster: clusterName.default('demo'),
  /** False for a cluster that nobody created. */
  declared: z.boolean().default(true),
  limits: limits.prefault({}),
  /** The rules of lab/invariants that the run is held against: those that hold always, or also what must be so at the end. */
  invariants: z.enum(['none', 'always', 'at rest too']).default('none'),
  /** A step that cannot be taken is passed over: nobody has looked whether it can. */
  passOver: z.boolean().default(false),
  groups: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/), group),
  steps: z.array(step),
  expect: z.array(expectation).default([]),
});
export type Scenario = z.infer<typeof scenarioSchema>;

/** The scenario's, and those of groups that belong to another one. */
export function clustersOf({ cluster, groups }: Scenario): string[] {
  return [...new Set([cluster, ...Object.values(groups).map((one) => one.cluster ?? cluster)])];
}

/** Of a hook, as skep wants it. */
export function ownMetadata(
  cluster: string,
  { role, labels, patience, availability }: GroupSpec,
  timeout: number,
): string {
  return JSON.stringify({ cluster, role, timeout, labels, patience, availability });
}
