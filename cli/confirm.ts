// Asks a person before something is changed.
import { createInterface } from 'node:readline/promises';

import { Interrupted } from '../lab/scenario/interrupted.ts';
import { UsageError } from './errors.ts';

export interface Approved {
  /** The person has said it before. */
  readonly yes: boolean;
}

interface Confirmation extends Approved {
  /** Only this goes on: a `y` is typed too soon. */
  readonly cluster: string;
  /** What it is the name of. */
  readonly what?: string;
}

export async function confirm(question: string, { cluster, yes, what = 'cluster' }: Confirmation): Promise<void> {
  if (yes) {
    return;
  }
  needTerminal();
  const said = await ask(`${question}Type the ${what}'s name: `);
  if (said.trim() !== cluster) {
    throw new UsageError('not confirmed: nothing was done');
  }
}

/** Of each verb that asks. */
export const YES = ['--yes', 'do not ask', false] as const;

/**
 * For what can be taken back, or does no harm when it is done twice. Without a terminal it does not ask: a script has said what it wants.
 *
 * @throws {UsageError} when it is not confirmed
 */
export async function approve({ yes }: Approved): Promise<void> {
  if (yes || !process.stdin.isTTY) {
    return;
  }
  const said = await ask('Go on? [y/N] ');
  if (!/^y(es)?$/i.test(said.trim())) {
    throw new UsageError('not confirmed: nothing was done');
  }
}

/**
 * For what costs money: a script has to say that it wants it.
 *
 * @throws {UsageError} when it is not confirmed
 */
export async function agree(asked: Approved): Promise<void> {
  if (!asked.yes) {
    needTerminal();
  }
  await approve(asked);
}

/** A terminal that is closed, or at which Ctrl-C is typed, answers nothing by itself: the question would wait for ever. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('SIGINT', () => {
        reject(new Interrupted('interrupted: nothing was done'));
      });
      terminal.once('close', () => {
        reject(new UsageError('nobody answered: nothing was done'));
      });
      terminal.question(question).then(resolve, reject);
    });
  } finally {
    terminal.close();
  }
}

/** @throws {UsageError} without a terminal */
function needTerminal(): void {
  if (!process.stdin.isTTY) {
    throw new UsageError('stdin is not a terminal, so nobody can be asked: pass --yes to confirm');
  }
}
