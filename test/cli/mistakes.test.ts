// Mistakes that people make, most of them from one afternoon of somebody new: each has one clear answer, the documented exit code, and no stack.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startSkep } from '../support/skep-command.ts';

const SKEP = fileURLToPath(new URL('../../cli/skep.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'skep-mistakes-'));
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const KEYS = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'eu-west-1' };

/** Speaks no TLS, and answers nobody. */
const plain = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
});
let plainPort = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve);
  });
  plainPort = (plain.address() as AddressInfo).port;
});
afterAll(() => {
  plain.close();
  rmSync(folder, { recursive: true });
});

type Row = readonly [
  what: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  code: number,
  said: RegExp,
];

const typo = file('typo.yaml', 'name: x\ngroups:\n  m: { role: boss }\nsteps: []\n');
const empty = file('empty.yaml', '');
const bytes = file('bytes.yaml', '\u0001\u0002 %%% \u0003');
const settl = file('settl.yaml', 'name: x\ngroups: {}\nsteps:\n  - settl: 5m\n');

const ROWS: readonly Row[] = [
  ['nothing at all', [], {}, 1, /^Usage: skep/],
  ['a verb that is mistyped', ['staus'], {}, 1, /^error: unknown command 'staus'\n\(Did you mean status\?\)\n$/],
  [
    'an option that is mistyped',
    ['hold', 'demo', '--becuase', 'x'],
    {},
    1,
    /unknown option '--becuase'\n\(Did you mean --because\?\)/,
  ],
  ['an option of another tool', ['status', '-o', 'json'], {}, 1, /^error: unknown option '-o'\n$/],
  ['no region', ['ls'], {}, 1, /^no AWS region: set AWS_REGION/],
  ['no credentials', ['status'], { AWS_REGION: 'eu-west-1' }, 1, /^no AWS credentials: set AWS_PROFILE/],
  [
    'a profile that is not there',
    ['status'],
    { AWS_REGION: 'eu-west-1', AWS_PROFILE: 'nope' },
    1,
    /^profile nope gives no AWS credentials/,
  ],
  [
    'a closed port',
    ['status'],
    { ...KEYS, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    1,
    /^AWS was not reached at 127\.0\.0\.1:1: nothing answers/,
  ],
  [
    'an endpoint without http://',
    ['status'],
    { ...KEYS, AWS_ENDPOINT_URL: '127.0.0.1:4566' },
    1,
    /^AWS_ENDPOINT_URL=127\.0\.0\.1:4566: an address like http/,
  ],
  [
    'https to what speaks none',
    ['status'],
    { ...KEYS, AWS_ENDPOINT_URL: 'https://127.0.0.1:PORT' },
    1,
    /^AWS was not reached at .*: (it does not speak TLS|it ended the connection)/,
  ],
  [
    'a name that nobody knows',
    ['status'],
    { ...KEYS, AWS_ENDPOINT_URL: 'http://nobody.invalid' },
    1,
    /^AWS was not reached at nobody\.invalid: its name cannot be resolved/,
  ],
  ['two clusters', ['plan', 'blue', '--cluster', 'green'], {}, 1, /^one cluster is wanted, and two are named/],
  ['a name in capitals', ['status', 'BLUE'], {}, 1, /^BLUE: a cluster name is 1 to 32/],
  ['no cluster where it is never guessed', ['erase'], {}, 1, /^say which cluster: skep erase CLUSTER\n$/],
  ['no instance', ['why'], {}, 1, /^error: missing required argument 'instance'\n$/],
  ['what is no instance', ['why', 'web-1'], {}, 1, /^web-1: an EC2 instance id like i-/],
  ['a stage that cannot be', ['status', '--stage', 'a b'], {}, 1, /^--stage a b: a stage is/],
  ['a shell that is none', ['completion', 'tcsh'], {}, 1, /tcsh/],
  ['a scenario that is not there', ['lab', 'run', 'nope.yaml'], {}, 1, /^nope\.yaml: cannot be read \(ENOENT\)\n$/],
  ['a folder in place of one', ['lab', 'run', folder], {}, 1, /: cannot be read \(EISDIR\)\n$/],
  ['a role that there is not', ['lab', 'run', typo], {}, 1, /typo\.yaml:3: groups\.m\.role: /],
  ['an empty file', ['lab', 'run', empty], {}, 1, /empty\.yaml:1: /],
  ['bytes', ['lab', 'run', bytes], {}, 1, /bytes\.yaml/],
  ['a step that is mistyped', ['lab', 'run', settl], {}, 1, /settl\.yaml:4: /],
  ['a size that is no number', ['lab', 'scale', 'workers', 'abc'], {}, 1, /a whole number is wanted/],
  ['no lab', ['lab', 'groups', '--port', '1'], {}, 1, /^no lab answers on port 1/],
  ['a group of nobody', ['lab', 'scale', 'wrkrs', '3', '--port', '1'], {}, 1, /^no lab answers on port 1/],
  ['a cluster file that is not there', ['cluster', 'plan', 'nope.yaml'], {}, 1, /nope\.yaml/],
  ['a port that cannot be', ['page', '--port', '-1'], {}, 1, /a port is a number up to 65535/],
];

/** A frame of a stack, or what Node.js prints of an error that nobody took. */
const STACK = /\n\s+at .*\(|node:(events|internal)|UnhandledPromise|Node\.js v\d/;

describe('a mistake', () => {
  it.concurrent.each(ROWS)('%s', async (_what, args, env, code, said) => {
    const reached = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replace('PORT', String(plainPort))]),
    );
    const ended = await startSkep(args, { HOME: folder, ...reached }).ended;
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr).not.toMatch(STACK);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
  });

  it.each([
    ['a reader that has read enough', '| head -1', 0],
    ['a full disk', '> /dev/full', 1],
  ])('%s', async (_what, where, code) => {
    const shell = spawn('bash', ['-o', 'pipefail', '-c', `"$0" "$1" status --help ${where}`, process.execPath, SKEP], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    shell.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = await new Promise((resolve) => shell.on('close', resolve));
    expect(said).not.toMatch(STACK);
    expect(said.trim().split('\n').length).toBe(1);
    expect(ended).toBe(code);
  });
});
