// How many seeds a minute of the processor plays, and whether the heap stays flat: node --expose-gc bench/simulate.ts [SEEDS] [EVERY]
//
// One process plays one seed after the other, as `skep lab simulate` does; after each EVERY of them what is not needed is collected, and
// a line says what is left. What grows from line to line is a leak.
import { simulate } from '../lab/simulate/simulate.ts';

const [count, every] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 10)];
const collect = (globalThis as { readonly gc?: () => void }).gc;

process.stdout.write('seeds  seeds per CPU-minute  heap MB  resident MB\n');
for (let from = 1; from <= count; from += every) {
  const seeds = Array.from({ length: Math.min(every, count - from + 1) }, (_, index) => from + index);
  const { seedsPerCpuMinute } = await simulate({ seeds, tries: 0 });
  collect?.();
  const { heapUsed, rss } = process.memoryUsage();
  const [heap, resident] = [heapUsed, rss].map((bytes) => String(Math.round(bytes / 1e6)));
  const row = [
    String(from + seeds.length - 1).padEnd(5),
    String(seedsPerCpuMinute).padEnd(20),
    heap?.padEnd(7),
    resident,
  ];
  process.stdout.write(`${row.join('  ')}\n`);
}
