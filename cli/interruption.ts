// Ctrl-C. The command ends at once, says what goes on without it, and exits with 130: if you end something, you want to know what is left of it.
import { INTERRUPTED } from './exit-codes.ts';
import { tell } from './output.ts';

const NOTHING = 'nothing was changed';

/** One command a process: what is true if it ends here. */
const state = { left: NOTHING, carriers: 0, seen: false };

/** Says what goes on, or stays, if the command ends from here on. It is said before the first call that changes something. */
export function leaves(text: string): void {
  state.left = text;
}

/** What a person is told about a command that Ctrl-C has ended; undefined where nothing has. */
export function interruptedText(): string | undefined {
  return state.seen ? `interrupted: ${state.left}` : undefined;
}

/** For the whole process, and first of all: a command that has something to end by itself takes over by what stands below. */
export function endOnInterrupt(): void {
  process.on('SIGINT', () => {
    if (state.carriers > 0) {
      return;
    }
    state.seen = true;
    tell(`${interruptedText() ?? ''}\n`);
    // Whoever has opened something that outlives the process, such as a socket, closes it when the process exits.
    process.exit(INTERRUPTED);
  });
}

/** @returns what Ctrl-C and a polite kill abort; a second Ctrl-C ends the process at once */
export function interruption(): AbortController {
  const controller = new AbortController();
  const give = passOn();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      state.seen ||= signal === 'SIGINT';
      give();
      controller.abort();
    });
  }
  return controller;
}

/** Ctrl-C is for somebody else, such as the other end of a session. @returns what ends that */
export function passOn(): () => void {
  let passes = true;
  state.carriers += 1;
  return () => {
    state.carriers -= passes ? 1 : 0;
    passes = false;
  };
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
