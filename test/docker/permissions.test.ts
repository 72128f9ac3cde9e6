// Every statement of every policy is needed: each is taken out, and a scenario fails. Minutes, and no docker: it stands with the slow ones.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';

it('no statement of the packaged template could be left out', async () => {
  const run = promisify(execFile)(process.execPath, ['scripts/permissions.ts'], { maxBuffer: 2 ** 24 });
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });

  expect(stdout.split('\n').filter((line) => line.includes('NOTHING NEEDS IT'))).toEqual([]);
  expect(stdout).toMatch(/\d+ statements, 0 that nothing needs/);
}, 3_600_000);
