#!/usr/bin/env node
// Starts the command: compiled where it was installed (`npm pack` puts dist/ into the package), from its sources in a clone.
// Plain JavaScript that an old Node.js can read, so that a person learns what is missing.
import { existsSync } from 'node:fs';
import module from 'node:module';
import process from 'node:process';
import { URL, fileURLToPath } from 'node:url';

const compiled = new URL('../dist/main.js', import.meta.url);
const sources = new URL('./skep.ts', import.meta.url);

if (existsSync(sources)) {
  await fromSources();
} else {
  await import(compiled.href);
}

async function fromSources() {
  if (process.features.typescript === undefined || process.features.typescript === false) {
    process.stderr.write(
      `from a clone, skep runs its TypeScript with Node.js 24, and this is ${process.version}: ` +
        'run "npm ci" (without --ignore-scripts), which brings one, and start it with "npx skep"\n',
    );
    process.exitCode = 1;
    return;
  }
  // What Node makes of the sources is kept. From here on, since to strip the types of even one file it loads a compiler, for as long as help takes.
  module.enableCompileCache(fileURLToPath(new URL('../.build/compile-cache', import.meta.url)));
  await import(sources.href);
}
