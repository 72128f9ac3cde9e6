// The scenarios of the folder, on simulated nodes.
import { testScenarios } from '../support/scenarios.ts';

testScenarios('test/scenarios/update/*.yaml');
