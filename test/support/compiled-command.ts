// The command as people install it, compiled once for all tests that start it. From its sources a process spends two thirds of its start on
// hundreds of modules, and tests start some hundreds of processes.
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = path.join(ROOT, '.build/commands');
const A_DAY = 24 * 60 * 60 * 1000;

/** What it is made of, besides packages, for which the lock file stands. */
const INPUTS = ['{cli,src,lab}/**/*.*', 'cluster/*', 'scripts/build-command.ts', 'package.json', 'package-lock.json'];

/** What `npm pack` puts beside dist/. */
const BESIDE = ['cli/skep.js', 'cluster', 'package.json'];

/** @returns its launcher, in a folder without the sources, so that it starts what is compiled */
export function compiledCommand(): string {
  const folder = path.join(FOLDERS, hashOfInputs());
  if (!existsSync(folder)) {
    removeOld();
    make(folder);
  }
  return path.join(folder, 'cli/skep.js');
}

function hashOfInputs(): string {
  const hash = createHash('sha256');
  for (const file of globSync(INPUTS, { cwd: ROOT }).toSorted()) {
    const content = readFileSync(path.join(ROOT, file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Whole or not at all: the workers of a run may begin at once. */
function make(folder: string): void {
  const work = `${folder}.${randomUUID()}.tmp`;
  try {
    mkdirSync(work, { recursive: true });
    execFileSync(process.execPath, ['scripts/build-command.ts', path.join(work, 'dist')], { cwd: ROOT });
    for (const file of BESIDE) {
      cpSync(path.join(ROOT, file), path.join(work, file), { recursive: true });
    }
    if (!existsSync(folder)) {
      renameSync(work, folder);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Younger ones stay: another run may be starting them. */
function removeOld(): void {
  const folders = existsSync(FOLDERS) ? readdirSync(FOLDERS).map((name) => path.join(FOLDERS, name)) : [];
  for (const folder of folders.filter((one) => Date.now() - statSync(one).mtimeMs > A_DAY)) {
    rmSync(folder, { recursive: true, force: true });
  }
}
