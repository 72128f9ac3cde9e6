// Packages the service with the local framework, as a deployment would, so that the lab plays what would be deployed.
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface PackagedService {
  readonly stage: string;
  /** Changes whenever anything changes that the package is made of. */
  readonly hash: string;
  /** Path of the CloudFormation template (JSON). */
  readonly template: string;
  /** Folder of the bundles: `<code>/functions/claim.js` is what Lambda loads for `functions/claim.handler`. CommonJS. */
  readonly code: string;
}

export interface PackageOptions {
  readonly stage: string;
  /** Where packages are kept. Default: `.build/packages` of the project. */
  readonly cacheDir?: string;
  /** The project's folder. Default: this one. */
  readonly root?: string;
}

/** The framework refused to package the service; the message is what it printed. */
export class PackagingFailed extends Error {
  override readonly name = 'PackagingFailed';
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** Everything that a package is made of, besides node_modules, for which the lock file stands. */
const INPUTS = [
  'serverless.yml',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'resources',
  'statemachines',
  'documents',
  'functions',
  'src',
];

const STAGE = /^[a-zA-Z][a-zA-Z0-9-]{0,31}$/;
const TWO_MINUTES = 2 * 60 * 1000;
const A_DAY = 24 * 60 * 60 * 1000;

const underWay = new Map<string, Promise<PackagedService>>();

/**
 * Packages a stage, or returns the package that was made of the same inputs before. Callers may be concurrent, in one process or
 * in several. Needs neither network nor credentials.
 * @throws PackagingFailed
 */
export function packageService(options: PackageOptions): Promise<PackagedService> {
  const { stage, root = PROJECT, cacheDir = path.join(root, '.build', 'packages') } = options;
  if (!STAGE.test(stage)) return Promise.reject(new PackagingFailed(`not a stage: ${stage} (want ${STAGE.source})`));
  const key = [root, cacheDir, stage].join('\n');
  const running = underWay.get(key);
  if (running !== undefined) return running;
  const started = fromCache(stage, root, cacheDir).finally(() => underWay.delete(key));
  underWay.set(key, started);
  return started;
}

async function fromCache(stage: string, root: string, cacheDir: string): Promise<PackagedService> {
  const expected = packageAt(cacheDir, stage, await hashOf(root));
  if (existsSync(expected.folder)) return expected.packaged;
  await mkdir(cacheDir, { recursive: true });
  const release = await takeTurn(`${expected.folder}.lock`);
  try {
    if (existsSync(expected.folder)) return expected.packaged;
    const packaged = await make(stage, root, cacheDir);
    await removeOld(cacheDir, stage);
    return packaged;
  } finally {
    await release();
  }
}

function packageAt(cacheDir: string, stage: string, hash: string): { folder: string; packaged: PackagedService } {
  const folder = path.join(cacheDir, `${stage}-${hash}`);
  return {
    folder,
    packaged: { stage, hash, template: path.join(folder, 'template.json'), code: path.join(folder, 'code') },
  };
}

/**
 * Packages a copy of the inputs, in a folder of its own: neither `npx serverless deploy` in the project nor an edit that is made
 * meanwhile can get in between. The result appears under its final name, the hash of that very copy, in one step.
 */
async function make(stage: string, root: string, cacheDir: string): Promise<PackagedService> {
  const work = path.join(cacheDir, `${stage}.${randomUUID()}.tmp`);
  try {
    await mkdir(work);
    for (const input of INPUTS.filter((it) => existsSync(path.join(root, it)))) {
      await cp(path.join(root, input), path.join(work, input), { recursive: true });
    }
    const { folder, packaged } = packageAt(cacheDir, stage, await hashOf(work));
    const framework = path.dirname(createRequire(path.join(root, 'package.json')).resolve('serverless/package.json'));
    await symlink(path.dirname(framework), path.join(work, 'node_modules'));
    await runFramework(path.join(framework, 'bin', 'serverless.js'), ['package', '--stage', stage], work);
    await keepResults(work);
    await rename(work, folder).catch((error: unknown) => {
      // Somebody else made the same package in the meantime.
      if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
    });
    return packaged;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Leaves the template and the bundles of what the framework wrote. */
async function keepResults(work: string): Promise<void> {
  await rename(
    path.join(work, '.serverless', 'cloudformation-template-update-stack.json'),
    path.join(work, 'template.json'),
  );
  await rename(path.join(work, '.esbuild', '.build'), path.join(work, 'code'));
  // The project's own package.json would make ES modules of the bundles. On Lambda there is none.
  await writeFile(path.join(work, 'code', 'package.json'), '{"type":"commonjs"}\n');
  for (const entry of await readdir(work)) {
    if (entry !== 'template.json' && entry !== 'code') await rm(path.join(work, entry), { recursive: true });
  }
}

/** Credentials are not passed on: packaging needs none, and should it ever, that must show here and not at a first user. */
function runFramework(bin: string, args: readonly string[], cwd: string): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS|NODE|SLS|SERVERLESS)_/.test(name)),
  );
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [bin, ...args], { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else
        reject(
          new PackagingFailed(`serverless ${args.join(' ')} failed:\n${stdout}${stderr}`.trim(), { cause: error }),
        );
    });
  });
}

async function hashOf(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await filesOf(root)) {
    const content = await readFile(path.join(root, file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const input of INPUTS.filter((it) => existsSync(path.join(root, it)))) {
    if (!(await stat(path.join(root, input))).isDirectory()) {
      files.push(input);
      continue;
    }
    const entries = await readdir(path.join(root, input), { recursive: true, withFileTypes: true });
    files.push(
      ...entries.filter((it) => it.isFile()).map((it) => path.relative(root, path.join(it.parentPath, it.name))),
    );
  }
  return files.sort();
}

/**
 * Waits while another process makes the same package, so that the tests' workers do not all make it. Only a courtesy: two that
 * work at once, after one was killed, disturb each other in nothing, since each makes its own folder and renames it.
 */
async function takeTurn(lock: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return () => rm(lock, { force: true });
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    else await sleep(50);
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  const info = await stat(lock).catch(() => undefined);
  if (info === undefined) return false;
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  return Date.now() - info.mtimeMs > TWO_MINUTES || (holder > 0 && !isAlive(holder));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Not by `instanceof`: an error of Node's own is not an Error of the realm that jest runs this in. */
function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Younger ones stay: another lab may be running from them. */
async function removeOld(cacheDir: string, stage: string): Promise<void> {
  const ofStage = new RegExp(`^${stage}(-[0-9a-f]{16}|\\..*\\.tmp)$`);
  for (const name of (await readdir(cacheDir)).filter((it) => ofStage.test(it))) {
    const folder = path.join(cacheDir, name);
    const info = await stat(folder).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > A_DAY) await rm(folder, { recursive: true, force: true });
  }
}
