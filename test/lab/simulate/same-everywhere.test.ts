// The seed alone decides: other processes play the same, to the last call, however many there are.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';

const run = promisify(execFile);

interface Told {
  readonly traces: unknown;
  readonly violations: unknown;
  readonly useful: unknown;
  readonly coverage: unknown;
}

/** Of two seeds in which people are told of something, by way of the webhook too: its address differs from process to process. */
async function told(jobs: number): Promise<Told> {
  const flags = ['--from', '10', '--seeds', '2', '--jobs', String(jobs), '--tries', '0', '--json'];
  const { stdout } = await run('node', ['cli/skep.ts', 'lab', 'simulate', ...flags]).catch(
    // A broken rule is told by the exit code, and is another test's.
    (error: unknown) => error as { readonly stdout: string },
  );
  const { traces, violations, useful, coverage } = JSON.parse(stdout) as Told;
  return { traces, violations, useful, coverage };
}

it('the same seeds have the same traces in other processes, and are told the same', async () => {
  const [alone, beside] = [await told(1), await told(2)];

  const hash = expect.stringMatching(/^[0-9a-f]{16}$/);
  expect(alone.traces).toEqual({ 10: hash, 11: hash });
  expect(beside).toEqual(alone);
});
