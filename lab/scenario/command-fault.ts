// Faults of commands as a scenario words them: on which instances, and what becomes of the command there.
import type { CommandFault, FaultOutcome } from '../aws/services/command-fault.ts';
import { choose } from './disturbances.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';

type Given = Extract<Extract<PlainStep, { fault: unknown }>['fault'], { document: string }>;

/** How long after the script's begin its agent or machine goes down, ms: in its midst, for documents that take but a moment. */
const SOON = 50;
const LATE = 300_000;

export async function armCommandFault(run: ScenarioRun, given: Given): Promise<void> {
  const { document: verb, times } = given;
  const on = await instancesOf(run, given);
  const fault: CommandFault = { verb, outcome: outcomeOf(given), times, ...(on === undefined ? {} : { on }) };
  run.arm(run.lab.runCommand.faults, fault, () => fault.times < times);
}

/** Of a group: those that it has when the command is sent, so that faults can lie in wait for instances to come. */
async function instancesOf(
  run: ScenarioRun,
  { group, instance }: Given,
): Promise<((instanceId: string) => boolean) | undefined> {
  if (group === undefined) {
    return undefined;
  }
  const { autoScaling } = run.lab;
  const { members } = autoScaling.group(group);
  if (instance === undefined) {
    return (instanceId) => members.has(instanceId);
  }
  const chosen = await choose(run, { group, leader: instance === 'leader', youngest: instance === 'youngest' });
  return (instanceId) => instanceId === chosen;
}

function outcomeOf(given: Given): FaultOutcome {
  const { exitCode, status } = given;
  if (given.effect !== undefined) {
    return effectOf(given.effect, given.by);
  }
  if (status === 'Failed') {
    return { status, code: exitCode === 0 || exitCode === -1 ? exitCode : 1 };
  }
  return status === undefined ? { exitCode: exitCode ?? 1 } : { status };
}

function effectOf(effect: NonNullable<Given['effect']>, by: number | undefined): FaultOutcome {
  if (effect === 'lost' || effect === 'cut-off' || effect === 'twice') {
    return { effect };
  }
  return { effect, by: by ?? (effect === 'late' || effect === 'begins-late' ? LATE : SOON) };
}
