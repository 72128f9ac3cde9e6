// The scenario format: a cluster, steps, expectations. docs/lab.md describes it for people; this is what is accepted.
import { z } from 'zod';

import { VERBS, clusterName, nodeRole } from '../../src/core/names.ts';

/** `45s`, `10m`, `1h30m`; in milliseconds. */
const duration = z
  .string()
  .regex(/^(\d+h)?(\d+m)?(\d+s)?$/, 'a duration is written like 45s, 10m or 1h30m')
  .refine((text) => text !== '', 'a duration is written like 45s, 10m or 1h30m')
  .transform((text) => {
    const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
    return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  });

const count = z.int().min(0).max(5000);
/** A number, or bounds of one. */
const bounds = z.union([
  count,
  z
    .strictObject({ min: count.optional(), max: count.optional() })
    .refine(({ min, max }) => min !== undefined || max !== undefined, 'min, max or both are wanted'),
]);
export type Bounds = z.infer<typeof bounds>;

const times = z.int().min(1).max(10_000).default(1);

const hook = z.strictObject({
  timeout: z.int().min(30).max(7200).default(1800),
  /** In place of what skep would write: for hooks that are set up wrongly. `null` for none at all. */
  metadata: z.string().nullable().optional(),
  name: z.string().optional(),
  defaultResult: z.enum(['CONTINUE', 'ABANDON']).optional(),
});

const group = z.strictObject({
  role: nodeRole,
  desired: count.default(0),
  zones: z.array(z.string()).min(1).default(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']),
  labels: z.record(z.string(), z.string()).default({}),
  patience: z.int().min(60).max(172_800).optional(),
  launchHook: hook.prefault({}),
  terminateHook: hook.prefault({}),
  /** In place of skep:cluster and skep:role: for groups that are tagged wrongly. */
  tags: z.record(z.string(), z.string()).optional(),
  agentAfter: duration.prefault('0s'),
  dockerAfter: duration.prefault('0s'),
});
export type GroupSpec = z.infer<typeof group>;

const service = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  mode: z.enum(['replicated', 'global']).default('replicated'),
  replicas: count.default(1),
  constraints: z.array(z.string()).default([]),
  /** Seconds that a task goes on after it was told to stop. */
  stopGrace: z.int().min(0).max(600).default(1),
});

const callFault = z.strictObject({ call: z.string(), effect: z.enum(['throttle', 'fail', 'lose-answer']), times });
const commandFault = z.strictObject({
  document: z.enum(VERBS),
  exitCode: z.int().min(1).max(255).optional(),
  status: z.enum(['TimedOut', 'Undeliverable', 'DeliveryTimedOut']).optional(),
  times,
});
const eventFault = z.strictObject({
  event: z.record(z.string(), z.unknown()),
  effect: z.enum(['drop', 'delay', 'duplicate']),
  by: duration.optional(),
  times,
});

const machine = z.enum(['scale-out', 'scale-in', 'tidy']);

const expectation = z.union([
  z.strictObject({
    nodes: z.strictObject({
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
    }),
  }),
  z.strictObject({
    executions: z.strictObject({
      machine: machine.optional(),
      error: z.string().optional(),
      count: bounds.optional(),
      running: bounds.optional(),
      succeeded: bounds.optional(),
      failed: bounds.optional(),
      transitions: bounds.optional(),
    }),
  }),
  z.strictObject({ measured: z.strictObject({ transitions: bounds.optional(), calls: bounds.optional() }) }),
  z.strictObject({ alarms: z.array(z.string()) }),
  z.strictObject({ deadLetters: bounds }),
  z.strictObject({ cluster: z.enum(['new', 'founded']) }),
]);
export type Expectation = z.infer<typeof expectation>;

/** What an expectation chooses by, and does not compare. */
export const SELECTORS: ReadonlySet<string> = new Set(['service', 'name', 'machine', 'error', 'labels']);

const step = z.union([
  z.strictObject({ scale: z.strictObject({ group: z.string(), to: count }) }),
  z.strictObject({ settle: duration }),
  z.strictObject({ advance: duration }),
  z.strictObject({ wait: z.strictObject({ for: z.array(expectation).min(1), within: duration }) }),
  z.strictObject({ service }),
  z.strictObject({ kill: z.strictObject({ group: z.string(), silently: z.boolean().default(false) }) }),
  z.strictObject({
    terminate: z.strictObject({
      group: z.string(),
      decrement: z.boolean().default(true),
      youngest: z.boolean().default(false),
    }),
  }),
  z.strictObject({ agent: z.strictObject({ group: z.string(), online: z.boolean() }) }),
  z.strictObject({ tidy: z.strictObject({}) }),
  z.strictObject({ fault: z.union([callFault, commandFault, eventFault]) }),
  z.strictObject({
    event: z.strictObject({
      'detail-type': z.string(),
      source: z.string().default('aws.autoscaling'),
      detail: z.record(z.string(), z.unknown()),
    }),
  }),
  z.strictObject({ start: z.strictObject({ machine, input: z.record(z.string(), z.unknown()) }) }),
  z.strictObject({ stop: z.strictObject({ machine, state: z.string().optional() }) }),
  z.strictObject({ measure: z.strictObject({}) }),
  z.strictObject({ expect: z.array(expectation).min(1) }),
]);
export type Step = z.infer<typeof step>;

export const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  seed: z.int().min(0).default(1),
  stage: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/)
    .default('dev'),
  cluster: clusterName.default('demo'),
  /** False for a cluster that nobody created. */
  declared: z.boolean().default(true),
  groups: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/), group),
  steps: z.array(step),
  expect: z.array(expectation).default([]),
});
export type Scenario = z.infer<typeof scenarioSchema>;
