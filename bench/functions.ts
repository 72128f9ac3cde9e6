// What the functions weigh: the size of each one's zip, and the processor's time that the import of its bundle takes, as at a cold start.
//
//   node bench/functions.ts [RUNS]
//
// The time is the median of RUNS imports (7 without it), each in a process of its own; the functions take turns, so that a busy moment of
// the machine is no single one's. It counts what this machine's processor does; a Lambda of 512 MB has a third of one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

import { loadStack } from '../lab/aws/stack/load-stack.ts';
import { packageService } from '../lab/aws/stack/package-service.ts';

const RUNS = Number(process.argv[2] ?? 7);
const IMPORT = `const before = process.cpuUsage();
require(process.argv[1]);
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1000));`;

const place = { account: '123456789012', region: 'eu-west-1', partition: 'aws' };
const { functions } = loadStack(await packageService({ stage: 'dev' }), place);

const times = new Map(functions.map(({ key }): [string, number[]] => [key, []]));
for (let run = 0; run < RUNS; run += 1) {
  for (const { key, name, environment, code } of functions) {
    // Nothing of this environment: a `NODE_OPTIONS` or a cache of compiled code would be measured as well.
    const env = {
      ...environment,
      AWS_REGION: place.region,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
    };
    times.get(key)?.push(Number(execFileSync(process.execPath, ['--eval', IMPORT, code], { env, encoding: 'utf8' })));
  }
}

for (const { key, code } of functions) {
  const sorted = (times.get(key) ?? []).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  process.stdout.write(
    `${key.padEnd(12)} ${(deflateRawSync(readFileSync(code)).length / 1000).toFixed(0).padStart(4)} KB zipped, ${median.toFixed(0).padStart(4)} ms of the processor for the import\n`,
  );
}
