// The framework itself deploys and removes the service, with the plugin of ours in it, against an account that has nothing else.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { devNull, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DeploymentAccount } from '../support/deployment-account.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INPUTS = [
  ...['serverless.yml', 'package.json', 'package-lock.json', 'tsconfig.json'],
  ...['resources', 'statemachines', 'documents', 'functions', 'src'],
];
const STACK = 'skep-dev';
const TABLE = 'AWS::DynamoDB::Table';

const account = new DeploymentAccount();
let endpoint = '';
let folder = '';
let artifacts = '';

/** @returns how it ended, and what it printed */
function serverless(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const bin = createRequire(path.join(ROOT, 'package.json')).resolve('serverless/bin/serverless.js');
  const env = {
    ...{ PATH: process.env['PATH'], HOME: folder, AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull },
    ...{ AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab', AWS_ENDPOINT_URL: endpoint },
    ...{ SLS_AWS_MONITORING_FREQUENCY: '50', AWS_MAX_ATTEMPTS: '1' },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: `${stdout}${stderr}` });
    });
  });
}
const deploy = (): ReturnType<typeof serverless> => serverless('deploy', '--package', artifacts);

beforeAll(async () => {
  endpoint = await account.open();
  folder = await mkdtemp(path.join(tmpdir(), 'skep-deployment-'));
  artifacts = path.join(folder, 'artifacts');
  for (const input of INPUTS) await cp(path.join(ROOT, input), path.join(folder, input), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  expect(await serverless('package', '--package', artifacts)).toMatchObject({ code: 0 });
}, 300_000);

afterAll(async () => {
  await account.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe('deployed by the framework', () => {
  it('a region that does not have a service is told by the type that it lacks, and nothing is made', async () => {
    const bring = account.withoutType('AWS::SSM::Document');
    const { code, text } = await deploy();
    bring();
    expect(text).toContain('resource types: [AWS::SSM::Document]');
    expect(code).toBe(1);
    expect(account.names(TABLE)).toEqual([]);
  }, 120_000);

  it('a stage whose names another owner has is told by the name, and theirs stays as it is', async () => {
    const give = account.takenByAnother('AWS::Lambda::Function', 'skep-dev-claim');
    const { code, text } = await deploy();
    expect(text).toMatch(/skep-dev-claim.*already exists/);
    expect(code).toBe(1);
    expect(account.names('AWS::Lambda::Function')).toEqual(['skep-dev-claim']);
    expect(account.names(TABLE)).toEqual([]);
    give();
  }, 120_000);

  it('a first try that fails half-way, for want of quota, says why, and leaves no table that blocks the next one', async () => {
    account.failToCreate('TidySchedule', 'The requested resource exceeds the maximum number allowed');
    const { code, text } = await deploy();
    expect(text).toContain('exceeds the maximum number allowed');
    expect(code).toBe(1);
    expect(account.names(TABLE)).toEqual([]);
  }, 120_000);

  it('the second try succeeds, and its table is protected', async () => {
    const { code, text } = await deploy();
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('is protected from deletion') });
    expect(account.status(STACK)).toBe('UPDATE_COMPLETE');
    expect(account.names('AWS::Lambda::Function')).toHaveLength(10);
    expect(account.deletionProtection.get(STACK)).toBe(true);
  }, 120_000);

  it('the same again changes nothing', async () => {
    expect(await serverless('deploy', '--package', artifacts, '--force')).toMatchObject({ code: 0 });
    expect(account.status(STACK)).toBe('UPDATE_COMPLETE');
  }, 120_000);

  it('removed, only the table stays', async () => {
    expect(await serverless('remove')).toMatchObject({ code: 0 });
    expect(account.status(STACK)).toBeUndefined();
    expect(account.names('AWS::Lambda::Function')).toEqual([]);
    expect(account.names(TABLE)).toEqual([STACK]);
  }, 120_000);

  it('deployed once more, that table is taken in', async () => {
    const { code, text } = await deploy();
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining("is this stack's now") });
    expect(account.status(STACK)).toBe('UPDATE_COMPLETE');
  }, 120_000);
});
