// A quorum that is lost, and one that is not, on real engines: whole runs, from the machine to `docker node ls`.
import { it } from '@jest/globals';

import { expectToHold } from './support/scenario-on-docker.ts';

const SCENARIOS =
  process.env['SKEP_SCENARIOS'] === 'all'
    ? ['managers/quorum-lost', 'managers/quorum-not-lost']
    : ['managers/quorum-lost'];

it.each(SCENARIOS)('%s', expectToHold, 600_000);
