// An update on real engines, under requests: scripts of the last release run beside functions of the present, and the other way round.
import { scenarioTests } from './support/scenario-on-docker.ts';

const SMOKE = ['in-a-hand-over'];
const MORE = ['in-a-hand-over-functions-last', 'in-a-rebalance', 'rolled-back'];

scenarioTests('update', SMOKE, MORE);
