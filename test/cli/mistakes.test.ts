// Mistakes that people make, most of them from one afternoon of somebody new: each has one clear answer, the documented exit code, and no stack.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { STACK, startSkep } from '../support/skep-command.ts';

const SKEP = fileURLToPath(new URL('../../cli/skep.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'skep-mistakes-'));
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const KEYS = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'eu-west-1' };

/** What AWS answers, where the lab has no way to: by the first part of the path. */
const ANSWERS: Readonly<Record<string, readonly [type: string, message: string]>> = {
  expired: ['ExpiredTokenException', 'The security token included in the request is expired'],
  unknown: ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
  denied: [
    'AccessDeniedException',
    'User: arn:aws:iam::123456789012:user/somebody is not authorized to perform: dynamodb:Query on resource: ' +
      'arn:aws:dynamodb:eu-west-1:123456789012:table/skep-dev because no identity-based policy allows the dynamodb:Query action',
  ],
  nothing: ['ResourceNotFoundException', 'Requested resource not found'],
};
const aws = (answer: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: `http://127.0.0.1:AWS/${answer}`,
});
const refusing = createHttpServer((request, response) => {
  const [type, message] = ANSWERS[request.url?.split('/')[1] ?? ''] ?? ['InternalServerError', 'no such row'];
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }));
});

/** Speaks no TLS, and answers nobody. */
const plain = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
});
let plainPort = 0;
let refusingPort = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve);
  });
  plainPort = (plain.address() as AddressInfo).port;
  await new Promise<void>((resolve) => {
    refusing.listen(0, '127.0.0.1', resolve);
  });
  refusingPort = (refusing.address() as AddressInfo).port;
});
afterAll(() => {
  plain.close();
  refusing.close();
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

const unparsed = file('unparsed.yaml', 'services:\n  web:\n    image: [nginx\n  api: {}\n');

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
  [
    'keys that have expired',
    ['status'],
    { ...KEYS, ...aws('expired') },
    1,
    /^the AWS credentials have expired \(\w+\): log in again\n$/,
  ],
  [
    'keys that AWS does not know',
    ['status'],
    { ...KEYS, ...aws('unknown') },
    1,
    /^AWS does not know these credentials/,
  ],
  [
    'a permission that is missing',
    ['status'],
    { ...KEYS, ...aws('denied') },
    1,
    /^AWS denies dynamodb:Query on arn:aws:dynamodb:\S+table\/skep-dev to arn:aws:iam::123456789012:user\/somebody: docs\/security\.md/,
  ],
  [
    'the wrong region',
    ['status', '--region', 'us-east-1'],
    { ...KEYS, ...aws('nothing') },
    1,
    /^there is no table skep-dev here \(region us-east-1\): is stage dev deployed in this account and region\?\n$/,
  ],
  [
    'two names for one cluster',
    ['drain', 'i-0123456789abcdef0', 'blue', '--cluster', 'green'],
    KEYS,
    1,
    /^one cluster is wanted/,
  ],
  ['what is no instance, to be drained', ['drain', 'web-1'], KEYS, 1, /^web-1: an EC2 instance id like i-/],
  ['what is no instance, to be activated', ['activate', 'i-123'], KEYS, 1, /^i-123: an EC2 instance id like i-/],
  ['what is no instance, for its logs', ['logs', 'blue'], KEYS, 1, /^blue: an EC2 instance id like i-/],
  ['no number', ['logs', 'i-0123456789abcdef0', '--last', 'all'], {}, 1, /a whole number from 1 to 100 is wanted/],
  ['a time that cannot be', ['nodes', '--watch', '0'], {}, 1, /a whole number from 2 to 3600 is wanted/],
  [
    'a tidy more often than there is one',
    ['create', 'blue', '--tidy-every', '7'],
    {},
    1,
    /--tidy-every 7: a number from 10/,
  ],
  ['a port of the managers', ['create', 'blue', '--data-path-port', '2377'], {}, 1, /--data-path-port 2377: /],
  ['a reason of two lines', ['hold', 'blue', '--because', 'a\nb'], {}, 1, /--because: one line/],
  ['more moves than there may be', ['rebalance', 'blue', '--max-moves', '0'], {}, 1, /--max-moves 0: a number from 1/],
  [
    'no plugin for a shell',
    ['shell', 'i-0123456789abcdef0'],
    KEYS,
    1,
    /^session-manager-plugin is not installed, and this needs it: https:\/\/docs\.aws\.amazon\.com\S+\n$/,
  ],
  ['what is no instance, for a shell', ['shell', 'web-1'], KEYS, 1, /^web-1: an EC2 instance id like i-/],
  ['no plugin to connect with', ['connect', 'blue'], KEYS, 1, /^session-manager-plugin is not installed/],
  ['a stack that is not there', ['deploy', 'nope.yaml', 'app'], KEYS, 1, /^nope\.yaml: cannot be read \(ENOENT\)\n$/],
  ['a stack file that does not parse', ['deploy', unparsed, 'app'], KEYS, 1, /unparsed\.yaml:4: \S.*\n$/],
  [
    'a stack file without services',
    ['deploy', empty, 'app'],
    KEYS,
    1,
    /empty\.yaml: a stack file has services, each by its name\n$/,
  ],
  ['a name that no stack has', ['deploy', unparsed, 'a b'], KEYS, 1, /^a b: the name of a stack is 1 to 63/],
  ['no instance to kill', ['lab', 'kill', 'web-1', '--port', '1'], {}, 1, /^web-1: an EC2 instance id like i-/],
  ['no lab to stop', ['lab', 'stop', '--port', '1'], {}, 1, /^no lab answers on port 1/],
  ['no lab whose nodes could be shown', ['lab', 'nodes', '--port', '1'], {}, 1, /^no lab answers on port 1/],
];

describe('a mistake', () => {
  it.concurrent.each(ROWS)('%s', async (_what, args, env, code, said) => {
    const reached = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        value.replace('PORT', String(plainPort)).replace('AWS/', `${String(refusingPort)}/`),
      ]),
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
