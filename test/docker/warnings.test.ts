// Warnings, names and upgrades on real engines: of each kind a scenario that takes no longer than its drains do.
import { describe } from '@jest/globals';

import { scenarioTests } from './support/scenario-on-docker.ts';

describe('a warning', () => {
  scenarioTests('warnings', ['before-the-notice-is-over'], ['the-only-replica']);
});

describe('a name in DNS', () => {
  scenarioTests('dns', ['one-named-node-leaves'], []);
});

describe('an upgrade', () => {
  scenarioTests('upgrade', ['one-worker-is-taken-out'], ['one-instance-is-removed']);
});
