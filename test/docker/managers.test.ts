// Managers that come and go on real engines: the scenarios whose answers a real raft must give, the swarm's own view asserted.
import { scenarioTests } from './support/scenario-on-docker.ts';

/** A minute. */
const SMOKE = ['two-of-three-are-replaced'];
const MORE = [
  'leader-killed',
  'launch-fails-after-the-join',
  'one-of-three-dies',
  'leader-killed-twice',
  'three-by-three',
  'lock-holder-dies',
  'three-one-after-the-other',
  'refresh-while-workers-scale',
  'five-unhealthy-at-once',
  'five-unhealthy-launched-first',
];

scenarioTests('managers', SMOKE, MORE);
