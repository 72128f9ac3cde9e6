// Ctrl-C, for commands that have something to end, or to say how it goes on, before the process ends.

/** @returns what Ctrl-C and a polite kill abort */
export function interruption(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller;
}
