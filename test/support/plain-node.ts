// Unit tests run in plain Node, many files in one process: what they import is loaded once, and what V8 has learnt of it is kept. Jest's
// own runtime loads every module anew for each file, which took half of the processor's time of all tests.
//
// The runner has no limit of time of its own: what hangs is ended here, and told by its name.
import { registerHooks } from 'node:module';
import process from 'node:process';

const globals = new URL('own-globals.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals' ? { url: globals, shortCircuit: true } : next(specifier, context),
});

/** Longer than the longest test takes on a host that is ten times as slow, milliseconds. */
const LIMIT = 1_800_000;
const LOOKS_EVERY = 10_000;

const { expect } = await import('./own-globals.ts');
let known: { readonly test: string; readonly since: number } | undefined;

setInterval(() => {
  const { testPath = '', currentTestName = '' } = expect.getState();
  const test = `${testPath}: ${currentTestName}`;
  if (known?.test !== test) {
    known = { test, since: performance.now() };
  } else if (performance.now() - known.since > LIMIT) {
    process.stderr.write(`no test has ended for ${LIMIT / 60_000} minutes since ${test}\n`);
    process.exit(1);
  }
}, LOOKS_EVERY).unref();
