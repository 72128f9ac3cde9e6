// The seed alone decides: two processes play the same, to the last call.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';

const run = promisify(execFile);

async function traces(): Promise<unknown> {
  const { stdout } = await run('node', [
    'cli/skep.ts',
    'lab',
    'simulate',
    '--seeds',
    '1',
    '--tries',
    '0',
    '--json',
  ]).catch(
    // A broken rule is told by the exit code, and is another test's.
    (error: unknown) => error as { readonly stdout: string },
  );
  return (JSON.parse(stdout) as { readonly traces: unknown }).traces;
}

it('the same seed has the same trace in two processes', async () => {
  const [one, other] = [await traces(), await traces()];

  expect(one).toEqual({ 1: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(other).toEqual(one);
});
