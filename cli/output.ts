// Prints what the command says, also where the reader of its output has gone or the disk is full.
import { writeSync } from 'node:fs';

/** A line of what was asked for. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A reader that has read enough (`| head`) is no error; a full disk is one, and is told in one line. */
export function keepOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        process.exit(0);
      }
      tell(`skep cannot write its output: ${error.code ?? error.message}\n`);
      process.exit(1);
    });
  }
}

/** Writes to stderr without a buffer, so that the process may end right after it. If stderr is closed the text is dropped. */
export function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // There is nobody left to be told.
  }
}
