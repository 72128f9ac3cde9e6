// What an SSM agent reports of a script: its exit code's meaning, and what it keeps of the output. As its source has it
// (agent/plugins/runscript, pluginutil, iohandler); the ends of commands whose script it lost were seen by running it.
import type { DocumentOutcome } from '../../nodes/machines.ts';
import type { Status } from './invocation.ts';

/** The end of a command, as the agent tells it, or as SSM makes it where the agent tells nothing. */
export interface Result {
  readonly status: Status;
  readonly details: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Bytes of each stream, and what the last ones of it become where that is reached: it may cut in the middle of a character. */
const KEPT = 24_000;
const SUFFIX = '--output truncated--';

/** Exit codes that mean something to the agent. */
const KILLED = 137;
const SUCCESS_AND_STOP = 168;
const FAILURE_AND_STOP = 169;
/** What it adds to the output of such a step. */
const SKIPPED =
  '\nStep exited with code 169. Therefore, marking step as failed. Further document steps will be skipped.';

export function truncated(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length < KEPT ? text : `${bytes.subarray(0, KEPT - SUFFIX.length).toString()}${SUFFIX}`;
}

/**
 * A script that was killed, by its time-out, by a cancellation, or because memory ran out, has 137 and keeps its stdout: the agent calls
 * the last one a time-out too, and tells it at once.
 */
export function resultOf(outcome: DocumentOutcome): Result {
  const isCancelled = outcome.cancelled === true;
  const code = outcome.timedOut || isCancelled ? KILLED : outcome.exitCode;
  const stdout = truncated(outcome.stdout);
  const stderr = truncated(outcome.stderr);
  if (code === KILLED) {
    return isCancelled
      ? { status: 'Cancelled', details: 'Cancelled', code, stdout, stderr }
      : { status: 'TimedOut', details: 'ExecutionTimedOut', code, stdout, stderr };
  }
  if (code === 0 || code === SUCCESS_AND_STOP) {
    return { status: 'Success', details: 'Success', code, stdout, stderr: code === 0 ? stderr : '' };
  }
  return { status: 'Failed', details: 'Failed', code, ...failedOutput(outcome, code) };
}

function failedOutput({ stdout, stderr }: DocumentOutcome, code: number): { stdout: string; stderr: string } {
  const said = stderr === '' || stderr.endsWith('\n') ? stderr : `${stderr}\n`;
  return {
    stdout: truncated(`${stdout}${code === FAILURE_AND_STOP ? SKIPPED : ''}`),
    stderr: truncated(`${said}failed to run commands: exit status ${code}`),
  };
}

/** It has no script to tell of: its parser refused the command (-1), it lost the process that ran it (1), or it was started anew (0). */
export const failedWithoutOutput = (code: -1 | 0 | 1): Result => ({
  status: 'Failed',
  details: 'Failed',
  code,
  stdout: '',
  stderr: '',
});
