// How the commands of the lab that open one are ended.

/** Ctrl-C and a polite kill end what the lab has started before the process ends. */
export function interruption(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller;
}
