// Plays what a seed makes, or a shortened form of it, and tells what came of it.
import { parseScenario } from '../scenario/read.ts';
import { Interrupted } from '../scenario/interrupted.ts';
import { runScenario } from '../scenario/play.ts';
import type { RunOptions } from '../scenario/run.ts';
import type { ScenarioResult } from '../scenario/result.ts';
import { textOf } from './clusters/written.ts';
import type { Written } from './clusters/written.ts';
import { Trace } from './trace.ts';

export interface Played {
  readonly seed: number;
  /** Of the whole trace. */
  readonly hash: string;
  /** What does not hold: the rule, or whatever else a run must not have. Empty: nothing. */
  readonly broken: readonly { readonly what: string; readonly seen: unknown }[];
  /** Executions that did what they were for, and hooks that were completed: a seed in which nothing works shows nothing. */
  readonly useful: number;
  readonly virtualSeconds: number;
  readonly executions: ScenarioResult['executions'];
}

export async function playWritten(
  written: Written,
  options: Pick<RunOptions, 'changed' | 'signal' | 'onProgress'> = {},
): Promise<Played> {
  const trace = new Trace();
  const scenario = parseScenario(textOf(written), written.name);
  try {
    const result = await runScenario(scenario, {
      nodes: 'simulated',
      ...options,
      onProgress: (progress) => {
        trace.onProgress(progress);
        options.onProgress?.(progress);
      },
      onExchange: trace.onExchange,
    });
    const { executions, hooks, virtualSeconds } = result;
    const broken = result.expectations.filter(({ ok }) => !ok).map(({ what, seen }) => ({ what, seen }));
    const useful =
      hooks.continued + executions.filter(({ status, machine }) => status === 'SUCCEEDED' && machine !== 'tidy').length;
    return { seed: written.seed, hash: trace.digest(), broken, useful, virtualSeconds, executions };
  } catch (error) {
    if (error instanceof Interrupted) {
      throw error;
    }
    // The lab itself went wrong: that is for a person to see as well.
    const seen = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      seed: written.seed,
      hash: trace.digest(),
      broken: [{ what: 'the lab plays it to its end', seen }],
      useful: 0,
      virtualSeconds: 0,
      executions: [],
    };
  }
}

/** By what a run is known again when it is shortened: that it breaks the same. */
export const complaintOf = ({ broken }: Played): string | undefined => broken[0]?.what;
