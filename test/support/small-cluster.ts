// A cluster of one manager and one worker that stands, for tests that ask it something.
import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { play } from '../../lab/scenario/play.ts';

export async function playSmallCluster(name: string): Promise<ScenarioRun> {
  const scenario = `
name: ${name}
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
`;
  const run = await ScenarioRun.open(parseScenario(scenario, name), { nodes: 'simulated' });
  await play(run);
  return run;
}
