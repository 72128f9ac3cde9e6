// Tests that need AWS's models say so, and are told when there are none.
import { describe } from '@jest/globals';

import { awsModels } from '../../scripts/aws-models.ts';
import type { Models } from '../../scripts/aws-models.ts';

const NO_MODELS = "AWS's models are not here: apt-get install python3-botocore";

/** `describe`, with the models; skipped, and why, where python3-botocore is not installed. */
export function describeWithModels(name: string, tests: (models: Models) => void): void {
  const models = awsModels();
  if (models === undefined) {
    // eslint-disable-next-line no-restricted-syntax -- nothing to hold anything against
    describe.skip(`${name} (${NO_MODELS})`, () => {
      tests({});
    });
    return;
  }
  describe(name, () => {
    tests(models);
  });
}
