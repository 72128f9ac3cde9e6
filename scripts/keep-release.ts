// Keeps the package of a release for the scenarios that update from it:
//
//   node scripts/keep-release.ts REVISION
//
// packages that revision with the npm packages of this tree, and replaces test/fixtures/release with the result.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

import { writeKeptRelease } from '../lab/aws/stack/kept-release.ts';
import { packageService } from '../lab/aws/stack/package-service.ts';

const STAGE = 'dev';
const FOLDER = 'test/fixtures/release';

const [, , wanted] = process.argv;
if (wanted === undefined) {
  process.stderr.write('usage: node scripts/keep-release.ts REVISION\n');
  process.exit(1);
}

const git = (...args: string[]): Buffer => execFileSync('git', args, { maxBuffer: 256 * 1024 * 1024 });
const revision = git('rev-parse', '--verify', `${wanted}^{commit}`).toString().trim();
const root = mkdtempSync(path.join(tmpdir(), 'skep-release-'));
try {
  execFileSync('tar', ['-x', '-C', root], { input: git('archive', revision) });
  symlinkSync(path.resolve('node_modules'), path.join(root, 'node_modules'));
  const packaged = await packageService({ stage: STAGE, root });
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')));
  writeKeptRelease(FOLDER, packaged, { version, revision, stage: STAGE });
  process.stdout.write(`${FOLDER}: ${version}, ${revision}\n`);
} finally {
  rmSync(root, { recursive: true });
}
