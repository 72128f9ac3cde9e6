// A stack file as far as skep reads it before Docker does, and when what Docker made of it has converged.
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

import { UsageError } from './errors.ts';

const stack = z.looseObject({ services: z.record(z.string(), z.unknown()) });
/** As Docker takes it for the first part of a service's name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** @throws {UsageError} for what Docker would refuse only after the way to the manager was made */
export function checkStack(file: string, text: string, name: string): void {
  if (!NAME.test(name)) {
    throw new UsageError(`${name}: the name of a stack is 1 to 63 letters, digits, - and _`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new UsageError(`${file}:${line}: ${error.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? ''}`);
  }
  const read = stack.safeParse(document.toJS());
  if (!read.success || Object.keys(read.data.services).length === 0) {
    throw new UsageError(`${file}: a stack file has services, each by its name`);
  }
}

/** A service as `docker service ls` and `inspect` tell it. */
export const deployed = z.object({
  name: z.string(),
  /** `2/3`, `2/3 (max 1 per node)`, `0/1 (1/1 completed)`. */
  replicas: z.string(),
  update: z.string(),
});
type Deployed = z.infer<typeof deployed>;

export interface Convergence {
  readonly state: 'converged' | 'under way' | 'failed';
  /** One line for each service that is not there yet. */
  readonly open: readonly string[];
}

/** Updates that Docker has stopped, or taken back: they do not converge by themselves to what was deployed. */
const FAILED: ReadonlySet<string> = new Set(['paused', 'rollback_started', 'rollback_paused', 'rollback_completed']);

export function convergenceOf(services: readonly Deployed[]): Convergence {
  const failed = services.filter(({ update }) => FAILED.has(update));
  if (failed.length > 0) {
    return { state: 'failed', open: failed.map(({ name, update }) => `${name}: its update is ${update}`) };
  }
  const open = services.filter((one) => one.update === 'updating' || !runsAsWanted(one.replicas));
  return {
    // Of a stack without services nothing is known yet.
    state: services.length > 0 && open.length === 0 ? 'converged' : 'under way',
    open: open.map(({ name, replicas, update }) => `${name}: ${replicas}${update === 'updating' ? ', updating' : ''}`),
  };
}

function runsAsWanted(replicas: string): boolean {
  const [, running, wanted, done, all] = /^(\d+)\/(\d+)(?: \((\d+)\/(\d+) completed\))?/.exec(replicas) ?? [];
  if (done !== undefined) {
    return done === all;
  }
  return running !== undefined && running === wanted;
}
