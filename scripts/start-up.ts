// How long a lab takes to be up, with nothing on it yet: `node scripts/start-up.ts [SCENARIO]`. It has to stay under 1.5 s.
//
// Both numbers count from the start of this process. The second one is the processor's, which does not depend on who else is there.
// The first run after a change of the service packages it as well; the second is what counts.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../.build/compile-cache', import.meta.url)));
const { readScenario } = await import('../lab/scenario/read.ts');
const { ScenarioRun } = await import('../lab/scenario/run.ts');

const [file = 'examples/scale-out-in/scenario.yaml'] = process.argv.slice(2);
const run = await ScenarioRun.open(readScenario(file), { nodes: 'simulated' });
const wall = performance.now();
const { user, system } = process.cpuUsage();
await run.close();
process.stdout.write(
  `up after ${(wall / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of the processor\n`,
);
