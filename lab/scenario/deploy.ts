// A deployment in the middle of a scenario: CloudFormation switches roles first, then functions, documents and machines one after the other, in any order.
import { z } from 'zod';

import { DEPLOYED, deployPartOf } from '../deployment.ts';
import type { Lab } from '../lab.ts';
import { StepFailed } from './step-failed.ts';

export const deploySchema = z.strictObject({
  parts: z.array(z.enum(DEPLOYED)).min(1),
  /** Of this code, or of the release that the scenario begins with: an update that is rolled back. */
  of: z.enum(['present', 'release']).default('present'),
  /** The documents are those of an older release, which do not have this parameter: commands that say it are refused. */
  without: z.string().exactOptional(),
});

type Deploy = z.infer<typeof deploySchema>;

export function deploy(lab: Lab, say: (text: string) => void, { parts, of, without }: Deploy): void {
  if (without !== undefined && !parts.includes('documents')) {
    throw new StepFailed('what documents are without is said where documents are deployed');
  }
  const stack = of === 'present' ? lab.stack : lab.release;
  if (stack === undefined) {
    throw new StepFailed('the scenario has no release to go back to');
  }
  const lacking = without === undefined ? '' : `, the documents without ${without}`;
  say(`deployed: ${parts.join(', ')}${of === 'release' ? ' of the release' : ''}${lacking}`);
  for (const part of parts) {
    deployPartOf(lab, stack, part, without);
  }
}
