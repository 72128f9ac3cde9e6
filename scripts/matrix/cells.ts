// Every way in which a document can fail, in the flow that sends it: what is done, and what must not come of it.
import { stringify } from 'yaml';

import { parseScenario } from '../../lab/scenario/read.ts';
import type { ScenarioResult } from '../../lab/scenario/result.ts';
import { runScenario } from '../../lab/scenario/play.ts';
import { EXIT_CODES } from '../../src/core/exit-codes.ts';
import { isEnd } from '../../src/core/steps/final-errors.ts';
import { VERBS } from '../../src/core/names.ts';
import type { Verb } from '../../src/core/names.ts';

export interface Way {
  readonly name: string;
  /** Of the table of exit codes; undefined for what no document of skep says. */
  readonly error?: string;
  /** What the step `fault` takes besides the document. */
  readonly fault: Readonly<Record<string, unknown>>;
}

export const WAYS: readonly Way[] = [
  ...EXIT_CODES.map(({ code, error }) => ({ name: `${String(code)} ${error}`, error, fault: { exitCode: code } })),
  { name: 'exit code 1', fault: { exitCode: 1 } },
  { name: 'exit code 137', fault: { exitCode: 137 } },
  ...[1, 0, -1].map((exitCode) => ({
    name: `Failed without output, ${String(exitCode)}`,
    fault: { status: 'Failed', exitCode },
  })),
  ...['TimedOut', 'DeliveryTimedOut', 'Cancelled', 'Undeliverable'].map((status) => ({
    name: status,
    fault: { status },
  })),
  ...['cut-off', 'lost', 'late', 'twice', 'reboot', 'agent-restarts'].map((effect) => ({
    name: effect,
    fault: { effect },
  })),
];

type Steps = readonly unknown[];

interface Flow {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly start: Steps;
  /** What sends the document, after the fault was set. */
  readonly sends: Steps;
  /** Afterwards all is as it was at the start; undefined where each cell needs a cluster of its own. */
  readonly back?: Steps;
}

/** Longer than any deadline of the flows. */
const REST = { settle: '4h' };
const scale = (group: string, to: number): unknown => ({ scale: { group, to } });
const managers = { role: 'manager', desired: 3 };

const joins: Flow = {
  groups: { managers, workers: { role: 'worker' } },
  start: [{ settle: '15m' }],
  sends: [scale('workers', 1), REST],
  back: [scale('workers', 0), REST],
};
const leaves: Flow = {
  groups: joins.groups,
  start: [...joins.start, scale('workers', 1), REST],
  sends: joins.back ?? [],
  back: joins.sends,
};
const replacesManager: Flow = {
  groups: { managers },
  start: [{ settle: '15m' }],
  sends: [{ terminate: { group: 'managers', decrement: false } }, REST],
  back: [],
};
const handsOver: Flow = {
  groups: { managers, workers: { role: 'worker', desired: 2 } },
  start: [
    { settle: '15m' },
    { service: { name: 'web', order: 'start-first', startsAfter: 5, constraints: ['node.role==worker'] } },
    { wait: { for: [{ tasks: { service: 'web', running: 1 } }], within: '2m' } },
  ],
  sends: [{ terminate: { group: 'workers', running: 'web', decrement: false } }, REST],
  back: [],
};
const tidies: Flow = {
  groups: { managers, workers: { role: 'worker', desired: 1 } },
  start: [{ settle: '15m' }],
  sends: [{ tidy: {} }, { settle: '1h' }],
  back: [],
};
const recovers: Flow = {
  groups: { managers },
  start: [
    { settle: '15m' },
    { engine: { group: 'managers', leader: true, runs: false } },
    { advance: '25s' },
    { kill: { group: 'managers', leader: true } },
    { advance: '60s' },
  ],
  // What does not get through never settles.
  sends: [{ start: { machine: 'recover', input: { cluster: 'demo' } } }, { advance: '1h' }],
};

const FLOWS: Readonly<Record<Verb, Flow>> = {
  init: {
    groups: { managers: { role: 'manager', desired: 0 } },
    start: [{ advance: '1m' }],
    sends: [scale('managers', 3), REST],
  },
  prepare: replacesManager,
  join: joins,
  confirm: joins,
  demote: replacesManager,
  drain: leaves,
  leave: leaves,
  forget: leaves,
  shift: handsOver,
  inspect: tidies,
  mend: {
    ...tidies,
    // A node whose availability nobody of skep has set: a launch that was not heard of.
    start: [...tidies.start],
    sends: [
      { fault: { event: { 'detail-type': ['EC2 Instance-launch Lifecycle Action'] }, effect: 'drop' } },
      scale('workers', 2),
      { advance: '2m' },
      { tidy: {} },
      REST,
    ],
    back: [scale('workers', 1), REST],
  },
  survey: recovers,
  fence: recovers,
  recover: recovers,
  rotate: { ...tidies, sends: [{ start: { machine: 'rotate-tokens', input: {} } }, { settle: '1h' }] },
};

/** A document that fails in one way, so often in a row. */
export interface Cell {
  readonly document: Verb;
  readonly way: Way;
  readonly times: number;
}

export interface Outcome extends Cell {
  /** Instances that were ended undrained or against their will, and hooks that ended by themselves. */
  readonly forced: number;
  readonly abandoned: number;
  readonly open: number;
  /** The table of final errors says that the document ends so. */
  readonly isFinal: boolean;
  readonly ok: boolean;
}

export const ALL_CELLS: readonly Cell[] = VERBS.flatMap((document) =>
  [1, 3].flatMap((times) => WAYS.map((way) => ({ document, way, times }))),
);

/** Counted since the start of the lab. */
const LOOKS: Steps = [
  { expect: [{ hooks: { open: 0, abandoned: 0, timedOut: 0 } }] },
  { expect: [{ executions: { error: 'Forced', count: 0 } }] },
  { expect: [{ executions: { error: 'ManagerRetained', count: 0 } }] },
];

function scenarioOf(document: Verb, cells: readonly Cell[]): ReturnType<typeof parseScenario> {
  const { groups, start, sends, back = [] } = FLOWS[document];
  const rounds = cells.flatMap(({ way, times }) => [
    { fault: { document, ...way.fault, times } },
    ...sends,
    ...LOOKS,
    ...back,
    // What came back may have been hit too: it is counted with its cell.
    ...(back.length > 0 ? LOOKS : []),
  ]);
  const steps = [...start, ...rounds];
  return parseScenario(
    stringify({ name: `failures of ${document}`, groups, steps }, { aliasDuplicateObjects: false }),
    'generated',
  );
}

const seenOf = ({ expectations }: ScenarioResult, index: number): Record<string, number> =>
  (expectations[index]?.seen ?? {}) as Record<string, number>;

/** Those of one document share a lab where they can. One that its lab does not get through ends the lab, and the others go on in the next. */
export async function runCells(document: Verb, cells: readonly Cell[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < cells.length) {
    const rest = cells.slice(outcomes.length);
    outcomes.push(...(await runLab(document, FLOWS[document].back === undefined ? rest.slice(0, 1) : rest)));
  }
  return outcomes;
}

/** At least one, and none after one that could not be told. */
async function runLab(document: Verb, cells: readonly Cell[]): Promise<Outcome[]> {
  const { back = [] } = FLOWS[document];
  const result = await runScenario(scenarioOf(document, cells), { nodes: 'simulated' });
  const looks = back.length === 0 ? LOOKS.length : 2 * LOOKS.length;
  const outcomes: Outcome[] = [];
  let before = { forced: 0, abandoned: 0 };
  for (const [index, cell] of cells.entries()) {
    const last = (index + 1) * looks - LOOKS.length;
    const { timedOut = Number.NaN, abandoned = Number.NaN, open = Number.NaN } = seenOf(result, last);
    const counted = (offset: number): number => seenOf(result, last + offset)['count'] ?? Number.NaN;
    const forced = timedOut + counted(1) + counted(2);
    outcomes.push(judge(cell, { forced: forced - before.forced, abandoned: abandoned - before.abandoned, open }));
    if (Number.isNaN(forced)) {
      break;
    }
    before = { forced, abandoned };
  }
  return outcomes;
}

function judge(cell: Cell, seen: Pick<Outcome, 'forced' | 'abandoned' | 'open'>): Outcome {
  const { document, way } = cell;
  const isFinal = way.error !== undefined && isEnd(document, way.error);
  const nothing = seen.forced === 0 && seen.abandoned === 0;
  // A recovery that did not go through leaves the quorum lost, and the hooks of its managers open until a person starts another.
  const isOver = seen.open === 0 || (seen.open > 0 && FLOWS[document] === recovers);
  return { ...cell, ...seen, isFinal, ok: isOver && (nothing || isFinal) };
}

/**
 * A few of all: each document fails in some ways, and each way hits some document, once or three times in a row by turns.
 *
 * @param share every so many-th way of a document, each document beginning with another
 */
export function someCells(documents: readonly Verb[], share: number): Cell[] {
  return documents.flatMap((document, row) =>
    WAYS.filter((_way, column) => column % share === row % share).map((way, index) => ({
      document,
      way,
      times: (index + row) % 2 === 0 ? 1 : 3,
    })),
  );
}
