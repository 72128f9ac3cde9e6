// What this host must have to run docker machines, and what machines leave on it: control groups and one folder.
import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdir, readdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { MachinesUnavailable } from '../machines.ts';
import { SLOW_SECONDS } from '../service-arguments.ts';
import { MINIMAL_PATH, mustRun } from './processes.ts';

const CGROUPS = '/sys/fs/cgroup';
const FOLDERS = '/run';
const BUSYBOX = '/bin/busybox';
const SERVER = fileURLToPath(new URL('serve.sh', import.meta.url));

/** Program -> Debian package. */
const PROGRAMS: Readonly<Record<string, string>> = {
  dockerd: 'docker.io',
  docker: 'docker.io',
  busybox: 'busybox-static',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  pivot_root: 'util-linux',
  flock: 'util-linux',
  curl: 'curl',
  openssl: 'openssl',
  tar: 'tar',
};

/** Throws `MachinesUnavailable`, in one sentence, where this host cannot run docker machines. */
export async function checkHost(): Promise<void> {
  if (process.platform !== 'linux')
    throw new MachinesUnavailable(`docker machines need Linux, this is ${process.platform}`);
  if (process.getuid?.() !== 0) throw new MachinesUnavailable('docker machines need root: run the lab with sudo');
  const names = Object.keys(PROGRAMS);
  const there = await Promise.all(names.map(isInstalled));
  const missing = names.filter((_, index) => !(there[index] ?? false));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PROGRAMS[name] ?? name))].sort();
  throw new MachinesUnavailable(`docker machines need ${missing.join(', ')}: apt-get install ${packages.join(' ')}`);
}

async function isInstalled(name: string): Promise<boolean> {
  for (const folder of MINIMAL_PATH.split(':')) {
    try {
      await access(join(folder, name), constants.X_OK);
      return true;
    } catch {
      // Perhaps in the next folder.
    }
  }
  return false;
}

/**
 * A name for one lab, unique on this host: two labs may run at once. It carries the process id, so that a later lab can tell
 * what a killed one left.
 */
export function labName(): string {
  return `skep-lab-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
}

/** The folder of a lab: unix sockets and the image. /run, since a path of a unix socket may have 108 bytes only. */
export function labFolder(lab: string): string {
  return join(FOLDERS, lab);
}

const APPLETS = ['sh', 'sleep', 'cat', 'echo', 'true', 'httpd', 'wget', 'pidof'];
/** What a slow request is answered by. */
const SLOW = `#!/bin/sh\nsleep ${SLOW_SECONDS}\nprintf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'\n`;

/**
 * Builds the image of the tasks, from busybox alone: no registry is reachable from a machine.
 * @returns the path of a tar, made for `docker import`.
 */
export async function buildImage(folder: string): Promise<string> {
  const root = join(folder, 'image');
  const tar = join(folder, 'image.tar');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile(BUSYBOX, join(root, 'bin/busybox'));
  for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
  await copyFile(SERVER, join(root, 'bin/serve'));
  await chmod(join(root, 'bin/serve'), 0o755);
  await mkdir(join(root, 'www/cgi-bin'), { recursive: true });
  await writeFile(join(root, 'www/index.html'), 'ok\n');
  await writeFile(join(root, 'www/cgi-bin/slow'), SLOW, { mode: 0o755 });
  await mustRun('tar', ['--create', '--file', tar, '--directory', root, '.'], { timeoutMs: 20_000 });
  await rm(root, { recursive: true });
  return tar;
}

/** Removes the control groups whose name passes, in every hierarchy (one with cgroup v2, a dozen with v1). */
export async function removeCgroups(matches: (name: string) => boolean): Promise<void> {
  for (const folder of [CGROUPS, ...(await folders(CGROUPS)).map((name) => join(CGROUPS, name))]) {
    const ours = (await folders(folder)).filter(matches);
    for (const name of ours) await removeCgroup(join(folder, name));
  }
}

async function removeCgroup(path: string): Promise<void> {
  for (const child of await folders(path)) await removeCgroup(join(path, child));
  // A group is busy for a moment after its last process has ended.
  for (let tries = 50; ; tries -= 1) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || tries === 0) throw error;
      await sleep(50);
    }
  }
}

async function folders(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Removes what labs left that were killed: their machines died with them, but a control group has no owner. */
export async function sweep(): Promise<void> {
  const isStale = (name: string): boolean => {
    const pid = /^skep-lab-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  };
  await removeCgroups(isStale);
  for (const name of (await folders(FOLDERS)).filter(isStale))
    await rm(join(FOLDERS, name), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
