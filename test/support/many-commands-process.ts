// The process behind ManyCommands: it runs one command after the other, as cli/main.ts would run each, and answers with what it printed.
import type { CommandLine } from './many-commands.ts';

type Run = typeof import('../../cli/run.ts');

/** Of the sources, or of a package. */
const { runSkep } = (await import(process.argv[2] ?? '')) as Run;

// Of a person who is not root, wherever the tests run.
process.getuid = () => 1000;

process.on('message', (line: CommandLine) => {
  void answer(line);
});

async function answer({ args, env, columns }: CommandLine): Promise<void> {
  for (const name of Object.keys(process.env)) {
    Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, env);
  const said = { stdout: '', stderr: '' };
  const real = { stdout: process.stdout.write.bind(process.stdout), stderr: process.stderr.write.bind(process.stderr) };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array) => {
      said[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    };
    Object.assign(process[name], { isTTY: columns !== undefined, columns });
  }
  process.exitCode = undefined;
  const code = await runSkep(args);
  process.exitCode = undefined;
  Object.assign(process.stdout, { write: real.stdout });
  Object.assign(process.stderr, { write: real.stderr });
  process.send?.({ code, ...said });
}
