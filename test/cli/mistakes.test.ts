// Mistakes that people make, beside the fifty of somebody's first afternoon: each has one clear answer, the documented exit code, and no stack.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ManyCommands } from '../support/many-commands.ts';
import { STACK } from '../support/skep-command.ts';

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

let refusingPort = 0;
let commands: ManyCommands;
beforeAll(async () => {
  commands = new ManyCommands();
  await new Promise<void>((resolve) => {
    refusing.listen(0, '127.0.0.1', resolve);
  });
  refusingPort = (refusing.address() as AddressInfo).port;
});
afterAll(() => {
  commands.close();
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

const empty = file('empty.yaml', '');

const unparsed = file('unparsed.yaml', 'services:\n  web:\n    image: [nginx\n  api: {}\n');

const ROWS: readonly Row[] = [
  ['two clusters', ['plan', 'blue', '--cluster', 'green'], {}, 1, /^one cluster is wanted, and two are named/],
  ['a name in capitals', ['status', 'BLUE'], {}, 1, /^BLUE: a cluster name is 1 to 32/],
  ['no cluster where it is never guessed', ['erase'], {}, 1, /^say which cluster: skep erase CLUSTER\n$/],
  ['no instance', ['why'], {}, 1, /^error: missing required argument 'instance'\n$/],
  ['what is no instance', ['why', 'web-1'], {}, 1, /^web-1: an EC2 instance id like i-/],
  ['a stage that cannot be', ['status', '--stage', 'a b'], {}, 1, /^--stage a b: a stage is/],
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
    /^AWS denies dynamodb:Query on arn:aws:dynamodb:\S+table\/skep-dev to arn:aws:iam::123456789012:user\/somebody: docs\/commands\.md lists what each verb needs\n$/,
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
];

describe('a mistake', () => {
  it.each(ROWS)('%s', async (_what, args, env, code, said) => {
    const reached = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replace('AWS/', `${String(refusingPort)}/`)]),
    );
    const ended = await commands.skep(args, { HOME: folder, ...reached });
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr).not.toMatch(STACK);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
  });
});
