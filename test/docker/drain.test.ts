// Drains on real engines, under requests: what a hand-over does where updates, constraints and histories are SwarmKit's own.
import { scenarioTests } from './support/scenario-on-docker.ts';

const SMOKE = ['hands-over'];
const MORE = ['label-written', 'leader-killed', 'two-leave-together', 'execution-stopped', 'paused-rollout'];

scenarioTests('drain', SMOKE, MORE);
