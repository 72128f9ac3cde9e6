// Repairs on real engines: what a tidy finds and does where the nodes, their versions and their removal are SwarmKit's own, and what the
// managers see afterwards.
import { scenarioTests } from './support/scenario-on-docker.ts';

/** Half a minute: of each kind of repair that changes a swarm, one, all by one tidy. */
const SMOKE = ['after-an-outage'];
/** Half an hour: lost events wait for the schedule, late ones for their time, and hooks for their end. */
const MORE = [
  'joined-again',
  'left-drained',
  'left-demoted',
  'half-of-twenty',
  'joins-what-came-through',
  'launch-event-lost',
  'launch-event-late',
  'node-of-nobody',
  'two-at-once',
];

scenarioTests('tidy', SMOKE, MORE);
