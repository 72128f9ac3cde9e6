// Packaging: made once per state of the inputs, whoever asks; and an error of the framework is told as it is.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { packageService, PackagingFailed } from '../../../../lab/aws/stack/package-service.ts';

const TIMEOUT = 120_000;
let root: string;

/** A service of the same make, as small as can be: what is under test is the caching, not skep's template. */
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'skep-package-'));
  await symlink(path.resolve('node_modules'), path.join(root, 'node_modules'));
  await cp('package.json', path.join(root, 'package.json'));
  await mkdir(path.join(root, 'functions'));
  await writeFile(
    path.join(root, 'functions', 'f.ts'),
    "export const handler = (): Promise<string> => Promise.resolve('one');\n",
  );
  await writeService('nodejs24.x');
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function writeService(runtime: string): Promise<void> {
  await writeFile(
    path.join(root, 'serverless.yml'),
    [
      'service: small',
      `provider: { name: aws, runtime: ${runtime}, versionFunctions: false }`,
      'plugins: [serverless-esbuild]',
      'package: { individually: true }',
      'custom: { esbuild: { bundle: true, keepOutputDirectory: true } }',
      "functions: { f: { handler: functions/f.handler, name: 'f-${sls:stage}', role: 'arn:aws:iam::1:role/r' } }",
    ].join('\n'),
  );
}

const run = async (code: string): Promise<unknown> => {
  const bundle = createRequire(import.meta.url)(path.join(code, 'functions', 'f.js')) as {
    handler: () => Promise<unknown>;
  };
  return bundle.handler();
};

describe('packageService', () => {
  it(
    'makes one package for all who ask at once, leaves nothing else behind, and touches nothing in the project',
    async () => {
      const [one, two] = await Promise.all([
        packageService({ stage: 'dev', root }),
        packageService({ stage: 'dev', root }),
      ]);
      expect(two).toEqual(one);
      expect(await readdir(path.join(root, '.build', 'packages'))).toEqual([`dev-${one.hash}`]);
      expect((await readdir(root)).sort()).toEqual([
        '.build',
        'functions',
        'node_modules',
        'package.json',
        'serverless.yml',
      ]);
      expect(await readFile(one.template, 'utf8')).toContain('f-dev');
    },
    TIMEOUT,
  );

  it(
    'hands out what Lambda would load',
    async () => {
      const { code } = await packageService({ stage: 'dev', root });
      expect(await run(code)).toBe('one');
    },
    TIMEOUT,
  );

  it(
    'does not package again what has not changed',
    async () => {
      const before = await packageService({ stage: 'dev', root });
      const mark = path.join(path.dirname(before.template), 'mark');
      await writeFile(mark, '');
      expect(await packageService({ stage: 'dev', root })).toEqual(before);
      expect(await readdir(path.dirname(mark))).toContain('mark');
    },
    TIMEOUT,
  );

  it(
    'packages again what has changed, and keeps the older one for those who run it',
    async () => {
      const before = await packageService({ stage: 'dev', root });
      await writeFile(
        path.join(root, 'functions', 'f.ts'),
        "export const handler = (): Promise<string> => Promise.resolve('two');\n",
      );
      const after = await packageService({ stage: 'dev', root });
      expect(after.hash).not.toBe(before.hash);
      expect([await run(before.code), await run(after.code)]).toEqual(['one', 'two']);
    },
    TIMEOUT,
  );

  it(
    'takes over from a process that died while it packaged',
    async () => {
      const { hash } = await packageService({ stage: 'dev', root });
      // No process has this id: it is above the highest that Linux gives.
      await writeFile(path.join(root, '.build', 'packages', `late-${hash}.lock`), '4194305');
      expect(await packageService({ stage: 'late', root })).toMatchObject({ stage: 'late', hash });
      expect(await readdir(path.join(root, '.build', 'packages'))).not.toContain(`late-${hash}.lock`);
    },
    TIMEOUT,
  );

  it(
    'fails with what the framework says, and leaves no half of a package',
    async () => {
      await writeService('nodejs1.x');
      const before = await readdir(path.join(root, '.build', 'packages'));
      await expect(packageService({ stage: 'dev', root })).rejects.toThrow(PackagingFailed);
      await expect(packageService({ stage: 'dev', root })).rejects.toThrow(/runtime/);
      expect(await readdir(path.join(root, '.build', 'packages'))).toEqual(before);
    },
    TIMEOUT,
  );

  it.each(['', '1dev', '-dev', 'dev_2', '../dev', 'a'.repeat(33)])('refuses %j as a stage', async (stage) => {
    await expect(packageService({ stage, root })).rejects.toThrow(/not a stage/);
  });
});
