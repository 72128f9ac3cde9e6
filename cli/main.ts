// The process of the command: where its output goes, what Ctrl-C does, and its exit code.
import { INTERRUPTED } from './exit-codes.ts';
import { endOnInterrupt } from './interruption.ts';
import { keepOutput } from './output.ts';
import { runSkep } from './run.ts';

// The SDK warns in seven lines of the Node.js that its next versions will want. The one in the package runs on this one, and the warning would stand before each answer.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
keepOutput();
endOnInterrupt();
process.exitCode = await runSkep(process.argv.slice(2));
if (process.exitCode === INTERRUPTED) {
  // After Ctrl-C the process waits for nothing that is still under way, such as the packaging of the service.
  process.exit();
}
