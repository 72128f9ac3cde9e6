// What somebody has changed by hand of a cluster's stacks. `skep cluster plan` shows it, and `up` leaves it.
import { findDrift } from '../../src/aws/stack-drift.ts';
import { driftWords } from '../../src/core/cluster/drift.ts';
import { Failed } from '../errors.ts';
import { inWords } from '../aws-problems.ts';
import type { Planned } from './bring-up.ts';
import type { Ports } from './present.ts';

/** Lines about all stacks that are settled, which CloudFormation looks at side by side. A look that fails is told, and stops nobody. */
export async function driftLines(ports: Ports, planned: readonly Planned[]): Promise<string[]> {
  const stacks = planned.flatMap(({ step }) => (step.do === 'compare' ? [step.stack.name] : []));
  const found = await Promise.all(stacks.map((stack) => linesOf(ports, stack)));
  return found.flat();
}

async function linesOf({ stacks, pause }: Ports, stack: string): Promise<string[]> {
  try {
    return driftWords(await findDrift(stacks, stack, pause)).map((line) => `! ${stack}: ${line}`);
  } catch (error) {
    if (error instanceof Failed) throw error;
    const why = inWords(error) ?? (error instanceof Error ? error.message : String(error));
    return [`? ${stack}: nobody knows what was changed by hand: ${why}`];
  }
}
