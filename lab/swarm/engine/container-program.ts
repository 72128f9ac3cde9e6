// What a container does, read from the few words of shell that services of tests and scenarios use.

export interface Program {
  /** Ends by itself after so many ms, with this code. */
  readonly exit: { readonly after: number; readonly code: number } | undefined;
  /** When `/healthy` is there, ms after the start. */
  readonly healthyAfter: number;
  /** How long it takes to end after SIGTERM, ms. A PID 1 without a trap is deaf to it. */
  readonly stop: number;
  /** When it answers HTTP, ms after the start; Infinity for what never does. */
  readonly servesAfter: number;
}

const TRAP = /^trap ['"](?:sleep (\d+); )?exit 0['"] TERM;? */;
const SLEEP = /^sleep (\d+)(?: & wait \$!)?(?:; *|$)/;
const HEALTHY = /^: >\/healthy; */;
const FOREVER = /^while :; do sleep 3600 & wait \$!; done$/;
const EXIT = /^exit (\d+)$/;

/** @throws where there is a word that it does not know: a test that means something else than what would happen */
export function readProgram(args: readonly string[]): Program {
  const [command, ...words] = args;
  if (command === 'true' && words.length === 0) {
    return readScript('exit 0');
  }
  if (command === 'sleep' && words.length === 1) {
    return readScript(`sleep ${words.join()}`);
  }
  if (command === 'serve') {
    return readServer(words);
  }
  const [flag, script] = words;
  if (command !== 'sh' || flag !== '-c' || script === undefined || words.length > 2) {
    throw new Error(`simulated containers cannot run: ${args.join(' ')}`);
  }
  return readScript(script);
}

/** `serve STARTS GRACE`: the HTTP server in the image of the lab. */
function readServer(words: readonly string[]): Program {
  const [, starts, grace] = /^(\d+) (\d+)$/.exec(words.join(' ')) ?? [];
  if (starts === undefined) {
    throw new Error(`simulated containers cannot run: serve ${words.join(' ')}`);
  }
  const after = Number(starts) * 1000;
  return { exit: undefined, healthyAfter: after, stop: Number(grace) * 1000, servesAfter: after };
}

function readScript(script: string): Program {
  const trap = TRAP.exec(script);
  const stop = trap === null ? Infinity : Number(trap[1] ?? 0) * 1000;
  let rest = script.slice(trap?.[0].length ?? 0);
  let after = 0;
  let healthyAfter = Infinity;
  for (
    let word = SLEEP.exec(rest) ?? HEALTHY.exec(rest);
    word !== null;
    word = SLEEP.exec(rest) ?? HEALTHY.exec(rest)
  ) {
    const [text, seconds] = word;
    rest = rest.slice(text.length);
    if (seconds === undefined) {
      healthyAfter = after;
    } else {
      after += Number(seconds) * 1000;
    }
  }
  return { exit: readEnd(rest, after, script), healthyAfter, stop, servesAfter: Infinity };
}

function readEnd(end: string, after: number, script: string): Program['exit'] {
  if (FOREVER.test(end)) {
    return undefined;
  }
  const code = end === '' ? '0' : EXIT.exec(end)?.[1];
  if (code === undefined) {
    throw new Error(`simulated containers cannot run: ${script}`);
  }
  return { after, code: Number(code) };
}
