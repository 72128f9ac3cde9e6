// Plays scenarios for the tests, on simulated nodes.
import type { Exchange } from '../../lab/aws/endpoint.ts';
import { parseScenario, readScenario } from '../../lab/scenario/read.ts';
import type { Scenario } from '../../lab/scenario/schema.ts';
import type { ScenarioResult } from '../../lab/scenario/result.ts';
import { runScenario } from '../../lab/scenario/play.ts';
import { awsModels } from '../../scripts/aws-models.ts';
import { problemsOf } from './aws-model.ts';

// Undefined without python3-botocore; test/lab/aws/services/shapes.test.ts says so.
const models = awsModels();

/**
 * @param file its path, from the root of the project
 * @param holdsModels whether every call and answer is held against AWS's models
 * @throws what reading and running it throws, such as BadScenario
 */
export async function playFile(
  file: string,
  { holdsModels = false }: { readonly holdsModels?: boolean } = {},
): Promise<{ readonly result: ScenarioResult; readonly problems: readonly string[] }> {
  const problems = new Set<string>();
  const onExchange = (exchange: Exchange): void => {
    for (const problem of models === undefined ? [] : problemsOf(models, exchange)) {
      problems.add(problem);
    }
  };
  const result = await play(readScenario(file), holdsModels ? { onExchange } : {});
  return { result, problems: [...problems] };
}

/** @throws as playFile does */
export const playText = (text: string): Promise<ScenarioResult> => play(parseScenario(text, 'generated'));

const play = async (
  scenario: Scenario,
  options: { readonly onExchange?: (exchange: Exchange) => void } = {},
): Promise<ScenarioResult> => asTold(await runScenario(scenario, { nodes: 'simulated', ...options }));

/** As `lab run --json` tells it. */
const asTold = (result: ScenarioResult): ScenarioResult => JSON.parse(JSON.stringify(result)) as ScenarioResult;
