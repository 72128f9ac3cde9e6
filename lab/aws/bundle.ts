// The bundles of functions as JavaScript: each is read and compiled once in a process, and what V8 makes of it is kept for the next one.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

type Load = (...given: readonly unknown[]) => unknown;

interface Bundle {
  readonly load: Load;
  readonly script: Script;
  /** Where its code is to be kept; undefined where it came from there. */
  readonly keepAt: string | undefined;
}

/**
 * By the bundle's path, which has the hash of what it was made of. Each call of a loader evaluates the bundle anew, for labs that are open at
 * once: which lab gets what is evaluated is for `execution-environment.ts` to say. It is the same function for all labs of a process, since what V8 has learnt of the functions within, and the
 * code that it has optimized, belong to the function that makes them: a new one would run the SDK cold in each lab.
 */
const bundles = new Map<string, Bundle>();

export function loaderOf(file: string): Load {
  const bundle = bundles.get(file) ?? compile(file);
  bundles.set(file, bundle);
  return bundle.load;
}

/** Code of another version of V8, or of other flags, is refused by V8; by its tag each has a file of its own. */
function compile(file: string): Bundle {
  const kept = `${file}.${cachedDataVersionTag()}.v8`;
  const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
  const given = 'exports, require, module, __filename, __dirname, process, Date, console, setTimeout, fetch';
  const source = `(function (${given}) {${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
  const isKept = cachedData !== undefined && script.cachedDataRejected === false;
  return { load: script.runInThisContext() as Load, script, keepAt: isKept ? undefined : kept };
}

/**
 * Keeps the code of the bundles that were compiled in this process, with that of the functions in them that have run by now. The
 * bundles are megabytes, and each process that opens a lab, as each file of tests does, would compile them again.
 */
export function keepCode(): void {
  for (const [file, { load, script, keepAt }] of bundles) {
    // Somebody may have removed the bundle meanwhile: then nobody would read what is kept of it.
    if (keepAt !== undefined && existsSync(file)) {
      // Whole or not at all: processes that run at once keep the same.
      const made = `${keepAt}.${process.pid}.tmp`;
      writeFileSync(made, script.createCachedData());
      renameSync(made, keepAt);
      bundles.set(file, { load, script, keepAt: undefined });
    }
  }
}
