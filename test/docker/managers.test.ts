// Managers that come and go on real engines: the scenarios whose answers a real raft must give, the swarm's own view asserted.
// A few of them always; all of them where SKEP_SCENARIOS is "all", or those that it names: "leader-killed,three-by-three".
import { it } from '@jest/globals';

import { expectToHold } from './support/scenario-on-docker.ts';

/** A few minutes. */
const SMOKE = ['launch-fails-after-the-join', 'two-of-three-are-replaced', 'one-of-three-dies', 'leader-killed'];
const ALL = [
  ...SMOKE,
  'leader-killed-twice',
  'three-by-three',
  'lock-holder-dies',
  'three-one-after-the-other',
  'refresh-while-workers-scale',
  'five-unhealthy-at-once',
  'five-unhealthy-launched-first',
];

const wanted = process.env['SKEP_SCENARIOS'] ?? '';
const SCENARIOS = wanted === '' ? SMOKE : wanted === 'all' ? ALL : wanted.split(',');

it.each(SCENARIOS)('%s', expectToHold, 900_000);
