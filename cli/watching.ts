// `--watch`: the same again and again, until Ctrl-C.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import { wholeNumber } from './numbers.ts';

export interface Watched {
  /** Seconds from one look to the next, or as often as is usual; undefined to look once. */
  readonly watch?: number | true;
}

/** A look is a few calls, of which a whole account has a share: not more often than every two seconds. Seconds. */
const EVERY = '5';
const LEAST = 2;

export function watchable(command: Command): Command {
  return command.option('--watch [seconds]', `look again and again (default: every ${EVERY} s), until Ctrl-C`, (text) =>
    wholeNumber(LEAST, 3600)(text),
  );
}

/** On a terminal each look takes the place of the one before; where another program reads, they follow each other. */
const CLEAR = '\u001b[H\u001b[2J';

/** @param look prints what there is now, and sets the exit code */
export async function watching({ watch }: Watched, look: () => Promise<void>): Promise<void> {
  await look();
  if (watch === undefined) {
    return;
  }
  const every = watch === true ? Number(EVERY) : watch;
  for (;;) {
    await sleep(every * 1000);
    process.stdout.write(process.stdout.isTTY ? CLEAR : '\n');
    await look();
  }
}
