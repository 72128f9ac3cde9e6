// Whether simulations bite: plants one fault after the other into a copy of the project, and simulates until a rule is broken.
//
//   npm run simulate:planted -- [--runs 3] [--seeds 500] [--only NAME,NAME]
//
// It ends with 1 if a fault was not found within so many seeds. A fault whose text is not in the code any more is an error, too.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { FAULTS } from './planted/faults.ts';
import type { PlantedFault } from './planted/faults.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NEEDED = ['src', 'functions', 'lab', 'cli', 'resources', 'statemachines', 'documents', 'cluster', 'examples'];
const FILES = ['serverless.yml', 'package.json', 'package-lock.json', 'tsconfig.json'];
/** Runs of one fault begin so far from each other: they share no seed. */
const APART = 10_000;

const run = promisify(execFile);

interface Found {
  /** How many seeds it took; undefined where it was not found. */
  readonly seeds: number | undefined;
  readonly rule: string;
}

function plant({ file, find, put, name }: PlantedFault): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skep-planted-'));
  for (const needed of [...NEEDED, ...FILES]) {
    cpSync(path.join(ROOT, needed), path.join(folder, needed), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const text = readFileSync(path.join(folder, file), 'utf8');
  if (text.split(find).length !== 2) {
    throw new Error(`${name}: ${file} does not have this text exactly once: ${find}`);
  }
  writeFileSync(
    path.join(folder, file),
    text.replace(find, () => put),
  );
  return folder;
}

async function seek(folder: string, from: number, seeds: number): Promise<Found> {
  const flags = ['--from', String(from), '--seeds', String(seeds), '--tries', '0', '--first', '--json'];
  const { stdout } = await run(process.execPath, ['cli/skep.ts', 'lab', 'simulate', ...flags], {
    cwd: folder,
    maxBuffer: 1e8,
  }).catch((error: unknown) => {
    // That a rule is broken is told by the exit code. Without a result it is something else.
    const { code, stdout: said = '' } = error as { readonly code?: unknown; readonly stdout?: string };
    if (code === 2 && said !== '') {
      return { stdout: said };
    }
    throw error;
  });
  const { violations } = JSON.parse(stdout) as {
    readonly violations: readonly { readonly seed: number; readonly what: string }[];
  };
  const [first] = violations;
  return first === undefined
    ? { seeds: undefined, rule: '' }
    : { seeds: first.seed - from + 1, rule: /^the rule ([a-z-]+)/.exec(first.what)?.[1] ?? first.what };
}

/** Not found counts as more than any number. */
function median(all: readonly Found[]): string {
  const sorted = all.map(({ seeds = Infinity }) => seeds).toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Infinity;
  return Number.isFinite(middle) ? String(middle) : 'not found';
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    seeds: { type: 'string', default: '500' },
    only: { type: 'string' },
  },
});
const chosen = FAULTS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
process.stdout.write('| fault | median seeds | each run | broken rules |\n| --- | --- | --- | --- |\n');
for (const fault of chosen) {
  const folder = plant(fault);
  try {
    const found: Found[] = [];
    for (let turn = 0; turn < Number(values.runs); turn += 1) {
      found.push(await seek(folder, 1 + turn * APART, Number(values.seeds)));
    }
    const each = found.map(({ seeds }) => seeds ?? 'none').join(', ');
    const rules = [...new Set(found.map(({ rule }) => rule).filter((rule) => rule !== ''))].join(', ');
    process.stdout.write(`| ${fault.name} | ${median(found)} | ${each} | ${rules} |\n`);
    if (found.some(({ seeds }) => seeds === undefined)) {
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
