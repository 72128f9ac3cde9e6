// Every way in which a document can fail, and the flow that sends it.
import { EXIT_CODES } from '../../src/core/exit-codes.ts';
import { isEnd } from '../../src/core/steps/final-errors.ts';
import { VERBS } from '../../src/core/names.ts';
import type { Verb } from '../../src/core/names.ts';
import { UNITS } from '../../src/core/steps/verbs/all.ts';

/** A document that a person sends stands in no flow. */
type Sent = Exclude<Verb, 'availability'>;
export const DOCUMENTS = VERBS.filter((verb): verb is Sent => UNITS[verb].byHand !== true);

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

export type Steps = readonly unknown[];

export interface Flow {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly start: Steps;
  /** What sends the document, after the fault was set. */
  readonly sends: Steps;
  /** Afterwards all is as it was at the start. */
  readonly back: Steps;
}

/**
 * The engine is in a swarm that nobody declared: its launch is continued, and both are left as they are. So a manager whose replacement
 * it was to be waits on, for as long as AWS lets it (48 hours), and is retained then: its hook is open, and nothing is lost.
 */
const LEFT_ALONE: readonly string[] = ['ForeignSwarm', 'FoundedOtherwise'];

/** Longer than any deadline of the flows. */
export const REST = { settle: '4h' };
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
  sends: joins.back,
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
const founds: Flow = {
  groups: { managers: { role: 'manager', desired: 0 } },
  start: [{ advance: '1m' }],
  sends: [scale('managers', 3), REST],
  // The swarm is erased, and the cluster can be founded anew.
  back: [{ erase: {} }, scale('managers', 0), REST],
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
  sends: [{ start: { machine: 'recover', input: { cluster: 'demo' } } }, REST],
  // None: a new lab is up sooner.
  back: [],
};

export const FLOWS: Readonly<Record<Sent, Flow>> = {
  init: founds,
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
    // An execution that died has left its mark on a node: the tidy takes it back.
    sends: [
      { docker: { group: 'managers', run: 'node update --availability drain --label-add skep.leaving=true $workers' } },
      ...tidies.sends,
    ],
  },
  survey: recovers,
  fence: recovers,
  recover: recovers,
  rotate: { ...tidies, sends: [{ start: { machine: 'rotate-tokens', input: {} } }, { settle: '1h' }] },
};

/** A document that fails in one way, so often in a row. */
export interface Cell {
  readonly document: Sent;
  readonly way: Way;
  readonly times: number;
}

export const ALL_CELLS: readonly Cell[] = DOCUMENTS.flatMap((document) =>
  [1, 3].flatMap((times) => WAYS.map((way) => ({ document, way, times }))),
);

/** What cannot settle. */
export const staysOpen = ({ document, way: { error = '' } }: Cell): boolean =>
  [replacesManager, founds].includes(FLOWS[document]) && LEFT_ALONE.includes(error) && isEnd(document, error);

/** There is no way back to what was before it. */
export const isLast = (cell: Cell): boolean => staysOpen(cell) || FLOWS[cell.document] === recovers;

/** What an error ends as if two managers give it, one after the other. */
const IN_A_ROW: Partial<Record<Verb, Readonly<Record<string, string>>>> = {
  confirm: { WrongInstance: 'NodeOfAnother' },
};

/** Whether the table of final errors says that the document ends so. */
export function isFinalCell({ document, way: { error }, times }: Cell): boolean {
  return error !== undefined && isEnd(document, (times > 1 ? IN_A_ROW[document]?.[error] : undefined) ?? error);
}

/** Documents that the same flow sends. */
export function documentsByFlow(documents: readonly Sent[]): Sent[][] {
  const flows = new Set(documents.map((document) => FLOWS[document]));
  return [...flows].map((flow) => documents.filter((document) => FLOWS[document] === flow));
}

/**
 * A few of all: each document fails in some ways, and each way hits some document, once or three times in a row by turns.
 *
 * @param share every so many-th way of a document, each document beginning with another
 */
export function someCells(documents: readonly Sent[], share: number): Cell[] {
  return documents.flatMap((document, row) =>
    WAYS.filter((_way, column) => column % share === row % share).map((way, index) => ({
      document,
      way,
      times: (index + row) % 2 === 0 ? 1 : 3,
    })),
  );
}
