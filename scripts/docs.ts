// Writes the tables of docs/errors.md, docs/lab.md and docs/simulation.md from the code that they are about: `npm run docs`. A test compares them.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';

import { ABSENT, FIDELITY } from '../lab/aws/fidelity.ts';
import { RULES } from '../lab/invariants/rules.ts';
import { QUOTAS } from '../lab/aws/services/quotas.ts';
import type { Quota } from '../lab/aws/services/quotas.ts';
import { CLOSED_ERRORS, ERRORS } from '../src/core/errors.ts';
import type { ClosedError, FlowErrorName } from '../src/core/errors.ts';
import { EXIT_CODES } from '../src/core/exit-codes.ts';
import { FINAL_ERRORS } from '../src/core/steps/final-errors.ts';

export const ERRORS_PAGE = fileURLToPath(new URL('../docs/errors.md', import.meta.url));
const SIMULATION_PAGE = fileURLToPath(new URL('../docs/simulation.md', import.meta.url));
export const LAB_PAGE = fileURLToPath(new URL('../docs/lab.md', import.meta.url));

/** What a person does. A new error without a line here does not compile. */
const REMEDIES: Readonly<Record<FlowErrorName | ClosedError, string>> = {
  AgentNotRegistered:
    'nothing at first; if it stays, look at the agent, its way out to SSM, and AmazonSSMManagedInstanceCore',
  HeardTooLate: 'nothing',
  LeaderFound: 'nothing',
  Held: 'nothing; `skep unhold CLUSTER` when you are done',
  HoldLifted: 'nothing',
  HeldTooLong: '`skep unhold CLUSTER`: the next tidy does what was left undone',
  OnlyManager: 'nothing: it waits as any last manager does',
  LockTaken: 'nothing: it waits for its turn',
  NotAsExpected: 'nothing',
  PageUnreadable:
    'nothing; if it stays, look at the manager that the cause names: another one tells the same, or none but it can be asked',
  ManagersChanged: 'nothing',
  Throttled: 'nothing; if it stays, ask AWS for a higher quota',
  AwsUnavailable: 'nothing; if it stays, look at the AWS Health Dashboard',
  CommandTimedOut: 'look at what runs long on the instance',
  CommandUndelivered: 'look at the agent of the instance that the command was for',
  CommandCancelled: 'ask who cancelled it (CloudTrail: CancelCommand)',
  ScriptLost:
    'nothing; if it stays, look at the agent of the instance that the command was for, and at the space on its disk',
  CommandFailed: 'look at the output of the command in Systems Manager, and report it',
  InstanceUnreachable: 'nothing: EC2 and the managers are asked instead; look at the agent if the instance lives',
  NodeUnresponsive: 'as for InstanceUnreachable',
  InstanceGone: 'nothing',
  Superseded: 'nothing',
  DeadlineReached: 'look at what the execution waited for, or give the hook more `patience`',
  Unconfirmed: 'bring back a majority of the managers: the next tidy confirms the node',
  NodeOfAnother:
    'look at the instance before its group ends it: somebody else may be root on it; or its image has a swarm folder in it',
  MissedRecovery: 'nothing: the launch is undone',
  NotFounded: 'nothing, until its first manager is to be there: then look at that launch',
  RecoveryUnderWay: 'wait for its end, or stop its execution',
  NothingKept: '`docker service rollback`: it goes where it should',
  RollbackRefused: 'look at `docker service inspect`, and try again',
  RecoveryRefused: 'what the cause says, and then `skep recover` again',
  RebalanceUnderWay: 'wait for its end, or `skep rebalance NAME --cancel`',
  ServiceUnknown: 'name services as `docker service ls` does',
  NodesChanged: 'nothing; if a rebalance ends with it, start it again when no instances come or go',
  BadInput: 'report it: this must not happen',
  LaunchAbandoned: 'read the cause, which names the error behind it',
  LaunchContinued: 'read the cause, repair it; the next tidy joins the instance',
  SwarmLeftAlone:
    'take its swarm in (`skep adopt`), or detach the instance; if its swarm is not in use, end it, and its group launches another',
  Forced: 'read the cause; look whether a container ended before its time',
  JoinUnfinished: 'read the cause, which names what it waited for; the next tidy goes on with the join',
  ManagerKept: 'read the cause; the next tidy joins it anew, once its lease is over',
  ManagerRetained:
    'decide what becomes of the manager, which still runs where its group has instance retention; the last one of a cluster goes only after `skep erase CLUSTER`',
  BadEvent: 'start executions with lifecycle events only',
  BadMetadata: 'repair the metadata of the hook, as the cause says',
  MetadataMismatch: 'make the metadata of the hook and the tags of the group agree',
  ClusterUndeclared: '`skep create NAME`, if the cluster is really new',
};

type Row = readonly string[];

const table = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Whether it is tried again: by all but those documents and waits that the table of final errors names. */
function triedAgain(error: string): string {
  const rows = FINAL_ERRORS.filter((row) => row.error === error);
  return rows.length === 0 ? 'yes' : `not by ${rows.flatMap(({ of }) => of).join(', ')}`;
}

function finals(): string {
  const rows = FINAL_ERRORS.map(({ error, of, then, why }) => [`\`${error}\``, of.join(', '), then, why]);
  return table(['name', 'of', 'the action', 'why'], rows);
}

function exitCodes(): string {
  return table(
    ['code', 'name', 'tried again', 'meaning', 'what to do'],
    EXIT_CODES.map(({ code, error, meaning, remedy }) => [
      String(code),
      `\`${error}\``,
      triedAgain(error),
      meaning,
      remedy,
    ]),
  );
}

function errors(closed: boolean): string {
  const fromDocuments = new Set(EXIT_CODES.map(({ error }) => error));
  const rows = [...ERRORS].filter(
    ([name]) => !fromDocuments.has(name) && Object.hasOwn(CLOSED_ERRORS, name) === closed,
  );
  const remedies: Readonly<Record<string, string>> = REMEDIES;
  return table(
    ['name', 'meaning', 'what to do'],
    rows.map(([name, meaning]) => [`\`${name}\``, meaning, remedies[name] ?? '']),
  );
}

function fidelity(): string {
  return table(
    ['service', 'operation', 'fidelity', 'remarks'],
    Object.entries(FIDELITY).flatMap(([service, operations]) =>
      Object.entries(operations).map(([operation, { level, remark }]) => [
        `\`${service}\``,
        `\`${operation}\``,
        level,
        remark,
      ]),
    ),
  );
}

const absent = (): string =>
  table(
    ['absent', 'instead'],
    Object.entries(ABSENT).map(([action, instead]) => [`\`${action}\``, instead]),
  );

const quotas = (): string =>
  table(
    ['limit', 'from', 'to', 'source'],
    Object.entries(QUOTAS).map(([name, { value, source, min }]: [string, Quota]) => [
      `\`${name}\``,
      min === undefined ? '' : String(min),
      String(value),
      source,
    ]),
  );

const rules = (): string =>
  table(
    ['rule', 'what must hold'],
    Object.entries(RULES).map(([name, what]) => [`\`${name}\``, what]),
  );

type Tables = Readonly<Record<string, () => string>>;

const ERROR_TABLES: Tables = {
  'exit codes': exitCodes,
  'errors on the way': () => errors(false),
  'errors at the end': () => errors(true),
  'final errors': finals,
};
const LAB_TABLES: Tables = { operations: fidelity, absent, quotas };

/** The pages with tables of the code, and these. */
export const PAGES: ReadonlyMap<string, Tables> = new Map([
  [ERRORS_PAGE, ERROR_TABLES],
  [LAB_PAGE, LAB_TABLES],
  [SIMULATION_PAGE, { rules }],
]);

/**
 * The page with its tables written anew, formatted as the rest of the project.
 *
 * @throws if the page lacks the markers of a table
 */
export async function withTables(page: string, tables: Tables = ERROR_TABLES): Promise<string> {
  let text = page;
  for (const [name, make] of Object.entries(tables)) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) {
      throw new Error(`the page has no markers for the table of ${name}`);
    }
    text = `${text.slice(0, from)}${begin}\n\n${make()}\n\n${text.slice(to)}`;
  }
  return format(text, { ...(await resolveConfig(ERRORS_PAGE)), parser: 'markdown' });
}

if (import.meta.main) {
  for (const [page, tables] of PAGES) {
    writeFileSync(page, await withTables(readFileSync(page, 'utf8'), tables));
  }
}
