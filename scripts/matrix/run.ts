// Lets documents fail in the flows that send them, and counts what comes of it.
//
// What a cell costs is its flow, so the documents of one flow fail in the same round, each in a way of its own. Where that is no good end,
// each of them is looked at alone; and alone from the beginning is what is to end by the table of final errors.
import { stringify } from 'yaml';

import { play } from '../../lab/scenario/play.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import type { Scenario, Step } from '../../lab/scenario/schema.ts';
import { StepFailed } from '../../lab/scenario/step-failed.ts';
import { takeStep } from '../../lab/scenario/steps.ts';
import { FLOWS, REST, documentsByFlow, isFinalCell, isLast, staysOpen } from './cells.ts';
import type { Cell, Flow, Steps } from './cells.ts';

interface Counts {
  /** Instances that were ended undrained or against their will, and hooks that ended by themselves. */
  readonly forced: number;
  readonly abandoned: number;
  readonly open: number;
}

export interface Outcome extends Cell, Counts {
  /** The table of final errors says that the document ends so. */
  readonly isFinal: boolean;
  /** The document was sent, and failed so. */
  readonly hit: boolean;
  readonly ok: boolean;
}

type Round = readonly Cell[];

export async function runCells(cells: readonly Cell[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const documents of documentsByFlow(cells.map(({ document }) => document))) {
    const own = cells.filter(({ document }) => documents.includes(document));
    outcomes.push(...(await runRounds(roundsOf(own))));
  }
  return outcomes;
}

/** Final ones alone; of the others one of each document at a time. */
function roundsOf(cells: readonly Cell[]): Round[] {
  const alone = cells.filter((cell) => isFinalCell(cell) || staysOpen(cell));
  const others = cells.filter((cell) => !alone.includes(cell));
  const columns = [...new Set(others.map(({ document }) => document))].map((document) =>
    others.filter((cell) => cell.document === document),
  );
  const longest = Math.max(0, ...columns.map(({ length }) => length));
  const together = Array.from({ length: longest }, (_, row) => columns.flatMap((column) => column.slice(row, row + 1)));
  return [...together, ...alone.map((cell) => [cell])];
}

/** They share a lab where they can. One that its lab does not get through ends the lab, and the others go on in the next. */
async function runRounds(rounds: readonly Round[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let left = rounds;
  while (left.length > 0) {
    const last = left.findIndex((round) => round.some(isLast));
    const done = await runLab(last === -1 ? left : left.slice(0, last + 1));
    const apart = done.flatMap((judged) => (judged.length > 1 && judged.some(({ ok }) => !ok) ? judged : []));
    outcomes.push(...done.flat().filter((outcome) => !apart.includes(outcome)));
    left = [...left.slice(done.length), ...apart.map((outcome) => [outcome])];
  }
  return outcomes;
}

/** At least one round, and none after one that its lab did not get through. */
async function runLab(rounds: readonly Round[]): Promise<Outcome[][]> {
  const flow = flowOf(rounds[0] ?? []);
  const run = await ScenarioRun.open(scenarioOf(flow, flow.start), { nodes: 'simulated' });
  const outcomes: Outcome[][] = [];
  try {
    await play(run);
    let before = await count(run, flow);
    for (const round of rounds) {
      const { hit, through } = await playRound(run, round);
      const now = await count(run, flow);
      const { open } = now;
      const seen = { open, forced: now.forced - before.forced, abandoned: now.abandoned - before.abandoned };
      outcomes.push(round.map((cell) => judge(cell, seen, hit.has(cell))));
      before = now;
      if (!through) {
        break;
      }
    }
  } finally {
    await run.close();
  }
  return outcomes;
}

function flowOf(round: Round): Flow {
  const [first] = round;
  if (first === undefined) {
    throw new Error('a round has at least one cell');
  }
  return FLOWS[first.document];
}

/** What comes back may be hit too: it is counted with its round. What is left of the faults then hits no other one. */
async function playRound(run: ScenarioRun, round: Round): Promise<{ hit: ReadonlySet<Cell>; through: boolean }> {
  const flow = flowOf(round);
  const { faults } = run.lab.runCommand;
  const steps = [
    ...round.map(({ document, way, times }) => ({ fault: { document, ...way.fault, times } })),
    ...(round.some(staysOpen) ? flow.sends.map(asAdvance) : flow.sends),
    ...(round.some(isLast) ? [] : flow.back),
  ];
  let through = true;
  for (const step of scenarioOf(flow, steps).steps) {
    through = through && (await isTaken(run, step));
  }
  const hit = round.filter(({ document, times }) => faults.some((one) => one.verb === document && one.times < times));
  faults.splice(0);
  return { hit: new Set(hit), through };
}

const asAdvance = (step: unknown): unknown => (step === REST ? { advance: REST.settle } : step);

async function isTaken(run: ScenarioRun, step: Step): Promise<boolean> {
  try {
    await takeStep(run, step);
    return true;
  } catch (error) {
    if (error instanceof StepFailed) {
      return false;
    }
    throw error;
  }
}

/** Counted since the start of the lab. */
const LOOKS: Steps = [
  { hooks: { open: 0, abandoned: 0, timedOut: 0 } },
  { executions: { error: 'Forced', count: 0 } },
  { executions: { error: 'ManagerRetained', count: 0 } },
];

async function count(run: ScenarioRun, flow: Flow): Promise<Counts> {
  const looked = await run.checkAll(scenarioOf(flow, [REST], LOOKS).expect);
  const [{ open = NaN, abandoned = NaN, timedOut = NaN } = {}, ...ends] = looked.map(
    ({ seen }) => seen as Readonly<Record<string, number>>,
  );
  return { open, abandoned, forced: ends.reduce((sum, { count: ended = NaN }) => sum + ended, timedOut) };
}

function scenarioOf({ groups }: Flow, steps: Steps, expect: Steps = []): Scenario {
  const scenario = { name: 'documents that fail', groups, steps, expect };
  return parseScenario(stringify(scenario, { aliasDuplicateObjects: false }), 'generated');
}

function judge(cell: Cell, seen: Counts, hit: boolean): Outcome {
  const isFinal = isFinalCell(cell);
  const nothing = seen.forced === 0 && seen.abandoned === 0;
  // A recovery that ended leaves the quorum lost, and the hooks of its managers open until a person starts another.
  const isOver = seen.open === 0 || (isFinal && isLast(cell));
  return { ...cell, ...seen, isFinal, hit, ok: hit && isOver && (nothing || isFinal) };
}
