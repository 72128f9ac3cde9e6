// A swarm that was made by hand on real engines is taken in: containers keep their ids, and a node that was there before is drained.
import { scenarioTests } from './support/scenario-on-docker.ts';

const SMOKE = ['containers-keep-their-ids'];
const MORE = ['takes-a-swarm-in', 'stopped-and-run-again', 'after-it-was-left-alone', 'let-go-and-taken-in-again'];

scenarioTests('adopt', SMOKE, MORE);
