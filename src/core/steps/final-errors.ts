// Which step is not tried again after which error. The state machines have these names where they stop retrying, and a test compares
// them.
import { VERBS, WAITS } from '../names.ts';
import type { StepKind, Verb } from '../names.ts';
import { OF_AN_ACTION, REASONS } from './final-reasons.ts';
import type { FinalName } from './final-reasons.ts';
import { UNITS } from './verbs/all.ts';

export interface FinalError {
  readonly error: string;
  /** The steps that it ends. Of all others it is an error like any other. */
  readonly of: readonly StepKind[];
  readonly then: 'ends' | 'turns';
  readonly why: string;
}

/** Of the steps that send no document. */
const WAITING: Readonly<Record<Exclude<StepKind, Verb>, readonly FinalName[]>> = {
  lock: [...OF_AN_ACTION, 'NotFounded'],
  hold: ['HeldTooLong', 'Superseded'],
  erase: OF_AN_ACTION,
};

const BY_STEP: readonly (readonly [StepKind, readonly FinalName[]])[] = [
  ...VERBS.map((verb) => [verb, UNITS[verb].final] as const),
  ...WAITS.map((wait) => [wait, WAITING[wait]] as const),
];

export const FINAL_ERRORS: readonly FinalError[] = Object.entries(REASONS).map(([error, { then, why }]) => ({
  error,
  of: BY_STEP.filter(([, final]) => final.some((name) => name === error)).map(([step]) => step),
  then,
  why,
}));

/** Whether a step is not tried again after this error. */
export function isFinal(step: StepKind, error: string): boolean {
  return FINAL_ERRORS.some((row) => row.error === error && row.of.includes(step));
}

/** Whether it ends the step for good. What only turns it may be asked again, by another state or when the action comes back. */
export function isEnd(step: StepKind, error: string): boolean {
  return FINAL_ERRORS.some((row) => row.error === error && row.of.includes(step) && row.then === 'ends');
}
