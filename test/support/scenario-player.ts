// Plays scenarios for the tests, in a process of its own, one after the other. Within jest the lab would be loaded anew for each file of
// tests, module by module, and the first scenario of each would find all code cold: it takes five times the processor's time of a later one.
import type { Exchange } from '../../lab/aws/endpoint.ts';
import { parseScenario, readScenario } from '../../lab/scenario/read.ts';
import { runScenario } from '../../lab/scenario/play.ts';
import { awsModels } from '../../scripts/aws-models.ts';
import { problemsOf } from './aws-model.ts';
import type { Asked, Played } from './play-scenario.ts';

// Undefined without python3-botocore; test/lab/aws/services/shapes.test.ts says so.
const models = awsModels();

let last = Promise.resolve();
process.on('message', (message: unknown) => {
  last = last.then(async () => {
    process.send?.(await play(message as Asked));
  });
});
// The tests are over.
process.on('disconnect', () => {
  process.exit();
});

async function play({ id, file, text, holdsModels }: Asked): Promise<Played> {
  const problems = new Set<string>();
  const onExchange = (exchange: Exchange): void => {
    for (const problem of models === undefined ? [] : problemsOf(models, exchange)) {
      problems.add(problem);
    }
  };
  try {
    const scenario = text === undefined ? readScenario(file) : parseScenario(text, file);
    const result = await runScenario(scenario, { nodes: 'simulated', ...(holdsModels ? { onExchange } : {}) });
    return { id, result: JSON.stringify(result), problems: [...problems] };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
