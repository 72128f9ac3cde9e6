// Of the scenario format: services, and who asks them.
import { z } from 'zod';

const seconds = z.int().min(0).max(600);
const texts = z.record(z.string(), z.string());
/** A text, or one that is too long to be written down. */
const long = z.union([
  z.string(),
  z
    .strictObject({ text: z.string().min(1), repeat: z.int().min(1).max(100_000) })
    .transform(({ text, repeat }) => text.repeat(repeat)),
]);

const plain = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  mode: z.enum(['replicated', 'global']).default('replicated'),
  replicas: z.int().min(0).max(5000).default(1),
  constraints: z.array(z.string()).default([]),
  /** Seconds that a task goes on after it was told to stop. */
  stopGrace: seconds.default(1),
  http: z.boolean().exactOptional(),
  startsAfter: seconds.exactOptional(),
  health: z.enum(['none', 'check']).exactOptional(),
  order: z.enum(['start-first', 'stop-first']).exactOptional(),
  update: z
    .strictObject({
      parallelism: z.int().min(0).max(100).exactOptional(),
      delay: seconds.exactOptional(),
      failureAction: z.enum(['pause', 'continue', 'rollback']).exactOptional(),
      monitor: seconds.exactOptional(),
    })
    .exactOptional(),
  restart: z.enum(['any', 'on-failure', 'none']).exactOptional(),
  mounts: z
    .array(z.enum(['volume', 'bind', 'tmpfs']))
    .min(1)
    .exactOptional(),
  hostPort: z.int().min(1).max(65_535).exactOptional(),
  labels: z.record(z.string(), long).exactOptional(),
  env: texts.exactOptional(),
  image: z.string().min(1).exactOptional(),
  maxReplicas: z.int().min(1).max(5000).exactOptional(),
  /** So many services of this kind, with a number behind the name of each. */
  copies: z.int().min(1).max(1000).exactOptional(),
});

export const service = plain.refine(({ mode, maxReplicas }) => mode === 'replicated' || maxReplicas === undefined, {
  path: ['maxReplicas'],
  message: 'only a replicated service has that',
});

/** What the services of such a step are called. */
export const serviceNames = ({ name, copies }: { readonly name: string; readonly copies?: number }): string[] =>
  copies === undefined ? [name] : Array.from({ length: copies }, (_, index) => `${name}-${index + 1}`);

/** From a container on the oldest instance of the group, until the run ends. */
export const load = z.strictObject({
  service: z.string(),
  group: z.string(),
  perSecond: z.int().min(1).max(50).default(10),
});
