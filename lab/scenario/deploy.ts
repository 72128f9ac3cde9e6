// A deployment in the middle of a scenario: CloudFormation switches functions, documents and machines one after the other, in any order.
import { z } from 'zod';

import { DEPLOYED, deployPart } from '../deployment.ts';
import type { Lab } from '../lab.ts';
import { StepFailed } from './step-failed.ts';

export const deploySchema = z.strictObject({
  parts: z.array(z.enum(DEPLOYED)).min(1),
  /** The documents are those of an older release, which do not have this parameter: commands that say it are refused. */
  without: z.string().exactOptional(),
});

export function deploy(lab: Lab, say: (text: string) => void, { parts, without }: z.infer<typeof deploySchema>): void {
  if (without !== undefined && !parts.includes('documents')) {
    throw new StepFailed('what documents are without is said where documents are deployed');
  }
  say(`deployed: ${parts.join(', ')}${without === undefined ? '' : `, the documents without ${without}`}`);
  for (const part of parts) {
    deployPart(lab, part, without);
  }
}
