// Reads how a command ended, from what GetCommandInvocation says.
import { oneLine } from '../clean-text.ts';
import { exitCode } from '../exit-codes.ts';
import { isEnd } from './final-errors.ts';
import type { Verb } from '../names.ts';
import type { Outcome } from './rendezvous.ts';
import { traitsOf } from './verbs.ts';

export interface Invocation {
  readonly status: string;
  /** Docs spell it with spaces, the API without. */
  readonly statusDetails: string;
  /** -1 until the script has run. */
  readonly responseCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * How old the news of a founding may be, seconds: events take less than a second; where one was lost, a look after 90 s asks again, and
 * looks after 20.
 */
const FRESH = 30;

/** Documents cut their message at 400 characters; a rogue may not. */
const MESSAGE = 500;

const UNDER_WAY = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

export const isUnderWay = (status: string): boolean => UNDER_WAY.includes(status);

/** Undefined while the command is under way. */
export function outcomeOf(verb: Verb, invocation: Invocation): Outcome | undefined {
  if (isUnderWay(invocation.status)) {
    return undefined;
  }
  if (invocation.status === 'Success') {
    return success(verb, invocation);
  }
  const error = errorOf(invocation);
  const said = oneLine(invocation.stderr.trim().slice(-500));
  return failure(verb, error, `${causeOf(invocation)}${said === '' ? '' : `; stderr: ${said}`}`);
}

/**
 * A founding is recorded once and for ever, so what is recorded must still be there: its only node may have died since. What was
 * heard late is not believed but asked again (init only reports what it has founded).
 *
 * @param notBefore it has not ended before this time, epoch seconds, by the clock of AWS or of a function: never by that of the instance,
 *   which may be anything
 */
export function asHeard(verb: Verb, outcome: Outcome, notBefore: number, now: number): Outcome {
  return traitsOf(verb).founds === true && outcome.ok && now - notBefore > FRESH
    ? failure(verb, 'HeardTooLate', `the founding may have ended ${now - notBefore} s ago`)
    : outcome;
}

/**
 * Documents end with their JSON and a code of the table. Where both are missing it was not the document that ended: its worker was killed
 * (code 1), the machine rebooted (0), the agent refused the command (-1), or the answer was cut off. So it says nothing about the node.
 */
function errorOf({ status, statusDetails, responseCode, stdout }: Invocation): string {
  const details = statusDetails.replaceAll(/\s/g, '');
  // "Delivery timed out" does not prove that the script did not run: documents are idempotent for this reason.
  if (details === 'Undeliverable' || details === 'DeliveryTimedOut') {
    return 'CommandUndelivered';
  }
  if (status === 'TimedOut') {
    return 'CommandTimedOut';
  }
  if (status === 'Cancelled' || status === 'Canceled' || details === 'Terminated') {
    return 'CommandCancelled';
  }
  return exitCode(responseCode)?.error ?? (lastJson(stdout) === undefined ? 'ScriptLost' : 'CommandFailed');
}

function causeOf({ statusDetails, responseCode, stdout }: Invocation): string {
  const message = lastJson(stdout)?.['message'];
  const meaning = exitCode(responseCode);
  const what =
    typeof message === 'string' ? oneLine(message, MESSAGE) : (meaning?.meaning ?? oneLine(statusDetails, MESSAGE));
  return `${what} (exit code ${responseCode}${meaning === undefined ? '' : `; ${meaning.remedy}`})`;
}

function success(verb: Verb, { stdout }: Invocation): Outcome {
  const output = lastJson(stdout);
  return output === undefined
    ? failure(verb, 'ScriptLost', 'the document ended well, but its last line is not JSON: was its output cut off?')
    : { ok: true, output };
}

function failure(verb: Verb, error: string, cause: string): Outcome {
  return { ok: false, error, cause, retryable: !isEnd(verb, error) };
}

/** Documents end with one JSON line; docker may have printed before it. */
function lastJson(stdout: string): Record<string, unknown> | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && isKept(value, DEEPEST)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** As documents name the members of what they print. */
const MEMBER = /^[A-Za-z][\w.-]{0,99}$/;
/** Documents need 3. The table takes 32. */
const DEEPEST = 8;

/**
 * Whether the table can keep it, which has no place for `__proto__`, for numbers without an exact value or for what is nested without an end.
 * Documents print nothing of that kind; an instance whose root is somebody else's may.
 */
function isKept(value: unknown, depth: number): boolean {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value);
  }
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  const members: readonly [string, unknown][] = Object.entries(value);
  return (
    depth > 0 &&
    members.every(([name, inner]) => (Array.isArray(value) || MEMBER.test(name)) && isKept(inner, depth - 1))
  );
}
