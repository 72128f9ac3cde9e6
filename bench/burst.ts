// What a burst costs, on simulated nodes: the table of docs/architecture.md, row by row.
//
//   node bench/burst.ts WORKERS [MANAGERS [BUFFER]]
//
// So many workers come at once, and leave at once. BUFFER is what the managers' agents take besides what they run
// (`Mds.CommandWorkerBufferLimit`); without it they are as they come.
import { stringify } from 'yaml';

import { runScenario } from '../lab/scenario/play.ts';
import { parseScenario } from '../lab/scenario/read.ts';

const [workers = 100, managers = 3, buffer] = process.argv.slice(2).map(Number);

const any = { max: 1_000_000 };
const burst = (to: number): readonly unknown[] => [
  { measure: {} },
  { scale: { group: 'workers', to } },
  { settle: '2h' },
];

async function measure(name: string, to: number): Promise<void> {
  const before = to === 0 ? [{ scale: { group: 'workers', to: workers } }, { settle: '2h' }] : [];
  const scenario = {
    name,
    groups: { managers: { role: 'manager', desired: managers }, workers: { role: 'worker' } },
    // Re-reads of what SSM tells late are another matter.
    limits: { lag: { invocations: '0s' }, ...(buffer === undefined ? {} : { agent: { buffer } }) },
    steps: [{ settle: '15m' }, ...before, ...burst(to)],
    expect: [
      { measured: { transitions: any, calls: any } },
      { nodes: { count: managers + to, ready: managers + to } },
      { hooks: { open: 0, abandoned: 0, timedOut: 0 } },
    ],
  };
  const { ok, last, bounds, expectations } = await runScenario(parseScenario(stringify(scenario), name), {
    nodes: 'simulated',
  });
  const { transitions = NaN, calls = NaN } = (expectations[0]?.seen ?? {}) as Record<string, number>;
  const each = (count: number): string => (count / workers).toFixed(1);
  const longest = bounds.toSorted((a, b) => b.seconds - a.seconds)[0];
  process.stdout.write(
    `${name}: ${ok ? '' : 'NOT WELL: '}the last one after ${last?.seconds.toFixed(0) ?? '?'} s, ` +
      `${each(transitions)} transitions and ${each(calls)} calls for each; it waited most for ${JSON.stringify(longest)}\n`,
  );
}

await measure(`${workers} workers come, ${managers} manager(s)`, workers);
await measure(`${workers} workers leave, ${managers} manager(s)`, 0);
