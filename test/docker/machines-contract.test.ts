// The contract of machines on real engines: where the scripts and the engine themselves say what is true.
import { describe } from '@jest/globals';

import { DockerMachines } from '../../lab/nodes/docker/docker-machines.ts';
import { contractOfMachines } from '../contract/machines.contract.ts';
import { inWallTime } from '../contract/scene.ts';

/**
 * Of each subject one, five minutes on two processors, which it keeps busy. All of it takes half an hour: `SKEP_SCENARIOS=all`. What each
 * document does has tests of its own beside this one.
 */
const SMOKE = [
  'confirming and leaving',
  'joining',
  'a second manager',
  'a leader that dies',
  'services whose tasks are moved',
];

describe('docker machines', () => {
  const chapters = process.env['SKEP_SCENARIOS'] === 'all' ? {} : { chapters: SMOKE };
  contractOfMachines((surroundings) => inWallTime(new DockerMachines(surroundings)), { together: true, ...chapters });
});
