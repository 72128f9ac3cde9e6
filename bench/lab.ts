// What the lab costs: the processor's time of a scenario, scenarios per minute of it, and the heap after many runs in one process.
//
//   node bench/lab.ts [RUNS [FILE...]]
//
// Each of the files (a few typical scenarios without any) is played RUNS times (5 without it), in turns. The first turn is told apart: in
// it a process is new, as at the start of a file of tests. The time is that of the processor, all threads, so that a machine which is busy
// with other things falsifies it less. The heap is what is left after a collection: what a lab keeps of those before it would show there.
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { runScenario } from '../lab/scenario/play.ts';
import { readScenario } from '../lab/scenario/read.ts';

const TYPICAL = [
  'test/scenarios/worker/back-from-standby.yaml',
  'test/scenarios/managers/leader-killed.yaml',
  'test/scenarios/tidy/down-but-alive.yaml',
  'test/scenarios/trouble/calls-throttled.yaml',
];

const [runs = '5', ...given] = process.argv.slice(2);
const files = given.length > 0 ? given : TYPICAL;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const loading = process.cpuUsage();
print(`${((loading.user + loading.system) / 1000).toFixed(0).padStart(6)} ms until the lab is loaded`);

const perMinute = (ms: number): string =>
  `${((60_000 * files.length) / ms).toFixed(0)} scenarios per minute of the processor`;

let later = 0;
for (let run = 0; run < Number(runs); run += 1) {
  let turn = 0;
  for (const file of files) {
    const before = process.cpuUsage();
    const { ok, calls } = await runScenario(readScenario(file), { nodes: 'simulated' });
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    turn += ms;
    const made = Object.values(calls).reduce((sum, count) => sum + count, 0);
    const ended = ok ? '' : ', and its expectations do not hold';
    print(`${ms.toFixed(0).padStart(6)} ms ${path.basename(file, '.yaml')}, ${made} calls${ended}`);
  }
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  later += run === 0 ? 0 : turn;
  print(`turn ${run + 1}: ${perMinute(turn)}; heap ${megabytes(heapUsed)}, process ${megabytes(rss)}`);
}
if (Number(runs) > 1) {
  print(`after the first turn: ${perMinute(later / (Number(runs) - 1))}`);
}
