// `skep recover` as a person meets it: what it shows, and what each answer to its question does. AWS is a server that knows the four
// calls that the command makes; the terminal is a real one, which util-linux brings: hence not among the tests of the command.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

const SKEP = fileURLToPath(new URL('../../cli/skep.ts', import.meta.url));
const [SURVIVOR, OTHER, SILENT] = ['i-00000000000000001', 'i-00000000000000002', 'i-00000000000000003'];

const told = {
  runs: true,
  state: 'active',
  manager: true,
  leader: false,
  members: 3,
  nodeId: 'n',
  swarmId: '',
  raftTime: 1_700_000_000,
  epoch: '0',
  recovering: 0,
  remotes: [],
};
const candidates = [SURVIVOR, OTHER, SILENT].map((instance) => ({ instance, state: 'running' }));
const answers = [
  { instance: SURVIVOR, told },
  { instance: OTHER, told: { ...told, runs: false, manager: false, state: '' } },
  { instance: SILENT, error: 'States.Timeout' },
];
const plan = {
  kind: 'recover',
  survivor: SURVIVOR,
  nodeId: 'n',
  fence: [OTHER],
  terminate: [SILENT],
  ending: [SILENT],
  epoch: 0,
  begun: false,
  because: 'it is the only one left',
};
const recovered = { nodeId: 'n', address: '10.0.0.1:2377', epoch: 1, removed: 2 };

/** The inputs of executions that were started. */
const started: Record<string, unknown>[] = [];
const ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:skep-dev-recover';

function reply(operation: string, input: Record<string, unknown>): unknown {
  switch (operation) {
    case 'Query':
      return { Items: [{ sk: { S: 'demo' } }], Count: 1, ScannedCount: 1 };
    case 'ListStateMachines':
      return {
        stateMachines: ['recover', 'tidy'].map((name) => ({
          ...{
            name: `skep-dev-${name}`,
            stateMachineArn: ARN.replace(/recover$/, name),
            type: 'STANDARD',
            creationDate: 0,
          },
        })),
      };
    case 'StartExecution':
      started.push(JSON.parse(String(input['input'])) as Record<string, unknown>);
      return { executionArn: `${ARN}:${started.length}`, startDate: 0 };
    default: {
      const output = started.at(-1)?.['dry'] === true ? { candidates, answers, plan } : { plan, recovered };
      return { executionArn: ARN, status: 'SUCCEEDED', output: JSON.stringify(output) };
    }
  }
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify(reply(operation, JSON.parse(body) as Record<string, unknown>)));
  });
});
let environment: NodeJS.ProcessEnv = {};

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Answers when it is asked; `undefined` closes the terminal. */
function run(command: readonly [string, ...string[]], answer?: string): Promise<Ended> {
  const [file, ...args] = command;
  const child = spawn(file, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  let asked = false;
  const hear = (chunk: Buffer): void => {
    said += chunk.toString();
    if (!asked && /Type the cluster's name: |Go on\? \[y\/N\] /.test(said)) {
      asked = true;
      child.stdin.write(answer ?? '\u0004');
    }
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, said: said.replaceAll('\r', '') });
    });
  });
}

const ASKED = ['recover', '--cluster', 'demo', '--terminate', SILENT];
const direct = (...more: string[]): Promise<Ended> => run([process.execPath, SKEP, ...ASKED, ...more]);
/** util-linux's script gives it a terminal of its own, and ends with its exit code. */
const onTerminal = (answer?: string, words: readonly string[] = ASKED): Promise<Ended> =>
  run(['script', '-qefc', `${process.execPath} ${SKEP} ${words.join(' ')}`, devNull], answer);

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  environment = {
    PATH: process.env['PATH'],
    HOME: devNull,
    TERM: 'xterm',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  started.length = 0;
});

const DRY = { cluster: 'demo', terminate: [SILENT], dry: true };
const REAL = { cluster: 'demo', terminate: [SILENT], from: SURVIVOR };

describe('on a terminal', () => {
  it('shows what it found and what it would do, and goes on with what was shown when the name is typed', async () => {
    const { code, said } = await onTerminal('demo\n');
    expect([code, started]).toEqual([0, [DRY, REAL]]);
    // Eighty columns are too few for the table.
    const survivor = ['EC2: running', 'docker: runs', 'says of itself: a manager without a leader'];
    expect(said).toContain([SURVIVOR, ...survivor].join('\n  '));
    expect(said).toMatch(
      /i-00000000000000003\n {2}EC2: running\n {2}docker: ?\n {2}says of itself: no answer \(States.Timeout\)/,
    );
    for (const line of [
      `terminate ${SILENT}`,
      `stop and disable Docker on ${OTHER}, for good`,
      `make ${SURVIVOR} the only manager (it is the only one left)`,
      'raise the epoch from 0 to 1',
      `recovered: ${SURVIVOR} (node n) is the only manager, in epoch 1`,
      `${OTHER} stays fenced`,
    ]) {
      expect(said).toContain(line);
    }
    expect(said.indexOf('this is what would be done')).toBeLessThan(said.indexOf('Type the cluster'));
  });

  it.each([
    ['no', 'no\n', 1, 'not confirmed: nothing was done'],
    ['yes, which is not the name', 'yes\n', 1, 'not confirmed: nothing was done'],
    ['nothing', '\n', 1, 'not confirmed: nothing was done'],
    ['the end of the terminal (Ctrl-D)', undefined, 1, 'nobody answered: nothing was done'],
    ['Ctrl-C', '\u0003', 130, 'interrupted: nothing was done'],
  ])('changes nothing where the answer is %s', async (_what, answer, code, message) => {
    const ended = await onTerminal(answer);
    expect([ended.code, started]).toEqual([code, [DRY]]);
    expect(ended.said).toContain(message);
  });
});

const TIDY = { cluster: 'demo', dryRun: false, repairHooks: false };

describe('a verb that may be run twice', () => {
  it.each([
    ['no', 'n\n', []],
    ['nothing', '\n', []],
    ['something else', 'demo\n', []],
    ['y', 'y\n', [TIDY]],
    ['yes', 'yes\n', [TIDY]],
  ])('says where, asks on a terminal, and goes on with a yes: %s', async (_what, answer, done) => {
    const { said } = await onTerminal(answer, ['tidy', 'demo']);
    expect(said).toMatch(
      /demo is to be compared, and what differs repaired: account 123456789012, stage dev, region eu-west-1/,
    );
    expect(said).toContain('Go on? [y/N]');
    expect(said.includes('not confirmed: nothing was done')).toBe(done.length === 0);
    expect(started).toEqual(done);
  });

  it.each([
    ['on a terminal with --yes', () => onTerminal(undefined, ['tidy', 'demo', '--yes'])],
    ['where there is no terminal', () => run([process.execPath, SKEP, 'tidy', 'demo'])],
  ])('does not ask %s', async (_where, typed) => {
    expect((await typed()).said).not.toContain('Go on?');
    expect(started).toEqual([TIDY]);
  });
});

describe('without a terminal', () => {
  it('changes nothing where nobody said --yes, and says so', async () => {
    const { code, said } = await direct();
    expect([code, started]).toEqual([1, [DRY]]);
    expect(said).toContain('stdin is not a terminal, so nobody can be asked: pass --yes to confirm\n');
  });

  it('goes on with --yes', async () => {
    expect((await direct('--yes')).code).toBe(0);
    expect(started).toEqual([DRY, REAL]);
  });
});
