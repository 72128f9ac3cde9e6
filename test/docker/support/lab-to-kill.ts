// A lab that another process kills: opens docker machines, launches two, says so, and stays until the end.
import { instance, Bench } from './bench.ts';

const bench = new Bench();
await bench.machines.open();
await Promise.all([bench.launch(instance(1)), bench.launch(instance(2))]);
await bench.machines.shell(instance(1), 'until docker run --detach skep/idle:1 sleep 1000; do sleep 0.1; done');
process.stdout.write('running\n');
setInterval(() => undefined, 1000);
