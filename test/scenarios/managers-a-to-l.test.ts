// One half of the scenarios of the folder, on simulated nodes: all of them would keep one worker busy to the end.
import { testScenarios } from '../support/scenarios.ts';

testScenarios('test/scenarios/managers/[a-l]*.yaml');
