// What cloud-init would do with the user data of a group, on a docker machine: it writes the files and runs the commands. In place of systemd, of
// package managers and of S3, which a machine of the lab has not, stand programs that note how they were called.
import { readFileSync } from 'node:fs';

import { parse } from 'yaml';
import { z } from 'zod';

import { userDataOf } from '../../../src/core/cluster/user-data.ts';

const cloudConfig = z.strictObject({
  write_files: z.array(
    z.strictObject({
      path: z.string(),
      permissions: z.string().default('0644'),
      encoding: z.literal('b64').optional(),
      content: z.string(),
    }),
  ),
  runcmd: z.array(z.array(z.string().regex(/^[\w./-]+$/))),
});

/** Where they note it. */
const NOTED = '/run/lab/noted';

/** @param id of the operating system, as it stands in /etc/os-release */
const STUBS = (id: string): Readonly<Record<string, string>> => ({
  systemctl: `echo "systemctl $*" >>${NOTED}
case "$1 \${2:-}" in
'cat amazon-ssm-agent.service') [ ${id} = amzn ] || [ -e /run/lab/agent-installed ] ;;
'cat snap.amazon-ssm-agent.amazon-ssm-agent.service') [ ${id} = ubuntu ] ;;
show*) echo 'Mon 2020-01-06 10:00:00 UTC' ;;
esac`,
  dnf: `echo "dnf $*" >>${NOTED}`,
  // A mirror that fails once.
  'apt-get': `echo "apt-get $*" >>${NOTED}
case "$*" in *update) [ -e /run/lab/mirror ] || { touch /run/lab/mirror; exit 100; } ;; esac`,
  dpkg: `case "$1" in
--print-architecture) echo arm64 ;;
*) echo "dpkg $*" >>${NOTED}; touch /run/lab/agent-installed ;;
esac`,
  curl: `case "$*" in
*https://s3.*) echo "curl \${!#}" >>${NOTED}; touch /run/amazon-ssm-agent.deb ;;
*) exec /usr/bin/curl "$@" ;;
esac`,
  sleep: `echo "sleep $*" >>${NOTED}`,
});

const quoted = (text: string): string => `'${Buffer.from(text, 'utf8').toString('base64')}'`;
const written = (path: string, text: string, mode: string): string =>
  `mkdir -p '${path.replace(/\/[^/]*$/, '')}' && printf %s ${quoted(text)} | base64 -d >'${path}' && chmod ${mode} '${path}'`;

/** A script that does it, and prints what was noted. */
export function bootScript(id: string, role: 'manager' | 'worker', own: string): string {
  const template: unknown = parse(readFileSync('cluster/group.yaml', 'utf8'));
  const config = cloudConfig.parse(parse(userDataOf(template, { role, script: own })));
  return [
    'set -eu',
    `rm -rf /run/lab/stubs /run/lab/mirror /run/lab/agent-installed && : >${NOTED}`,
    ...Object.entries(STUBS(id)).map(([name, text]) =>
      written(`/run/lab/stubs/${name}`, `#!${name === 'curl' ? '/bin/bash' : '/bin/sh'}\n${text}\n`, '0755'),
    ),
    `echo ID=${id} >/etc/os-release`,
    ...config.write_files.map(({ path, permissions, encoding, content }) =>
      written(path, encoding === undefined ? content : Buffer.from(content, 'base64').toString('utf8'), permissions),
    ),
    ...config.runcmd.map((words) => `PATH=/run/lab/stubs:$PATH ${words.join(' ')}`),
    `cat ${NOTED}`,
  ].join('\n');
}
