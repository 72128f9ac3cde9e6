// The contract of machines on real engines: where the scripts and the engine themselves say what is true.
import { describe } from '@jest/globals';

import { DockerMachines } from '../../lab/nodes/docker/docker-machines.ts';
import { contractOfMachines } from '../contract/machines.contract.ts';
import { inWallTime } from '../contract/scene.ts';

describe('docker machines', () => {
  contractOfMachines((surroundings) => inWallTime(new DockerMachines(surroundings)), { together: true });
});
