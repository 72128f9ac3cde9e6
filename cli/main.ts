// The process of the command: where its output goes, what Ctrl-C does, and its exit code.
import { INTERRUPTED } from './exit-codes.ts';
import { endOnInterrupt } from './interruption.ts';
import { keepOutput } from './output.ts';
import { runSkep } from './run.ts';

keepOutput();
endOnInterrupt();
process.exitCode = await runSkep(process.argv.slice(2));
if (process.exitCode === INTERRUPTED) {
  // After Ctrl-C the process waits for nothing that is still under way, such as the packaging of the service.
  process.exit();
}
