// What a rebalance does after it has looked once more, or after its command came to nothing: all that the state machine needs of it.
import { toText } from '../services/facts.ts';
import { rebalanceRound } from './round.ts';
import type { NextRound, Round } from './round.ts';
import { afterTrouble } from './run.ts';

interface RoundInput extends Pick<Round, 'runs' | 'seen' | 'unreadable' | 'cut' | 'moved' | 'now'> {
  /** Of the last command, if it came to nothing; empty otherwise. */
  readonly failed: string;
  /** How many came to nothing in a row, before this one. */
  readonly troubles: number;
  /** Why it is to end; empty as long as it may go on. */
  readonly closing: string;
}

export interface DecidedRound extends Omit<NextRound, 'changes'> {
  /** As the document takes them. */
  readonly changes: readonly string[];
  readonly closing: string;
  readonly troubles: number;
  readonly over: boolean;
}

export function decideRound({ failed, troubles: before, closing, ...look }: RoundInput): DecidedRound {
  const troubles = failed === '' ? 0 : before + 1;
  const next =
    failed === ''
      ? rebalanceRound({ ...look, closing: closing === '' ? undefined : closing })
      : afterTrouble(look.runs, troubles, failed);
  return { ...next, changes: next.changes.map(toText), closing, troubles, over: next.ask.length === 0 };
}
