// Services of a hostile user on real engines: what simulated docker does not take, since it has no volume drivers, in whole runs of skep.
import { scenarioTests } from './support/scenario-on-docker.ts';

scenarioTests('hostile/docker', ['service-made-to-run-a-command', 'quote-in-a-driver-name'], []);
