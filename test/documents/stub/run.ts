// A document, run by the shell of this machine with stubs in place of what it calls: whatever they are asked, this process answers. So a run
// takes no engine, no metadata and no root, and what Docker prints may be anything.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';

import { render } from '../../docker/support/documents.ts';
import type { Agent, Verb } from '../../docker/support/documents.ts';

export interface Call {
  readonly tool: string;
  readonly args: readonly string[];
  readonly stdin: string;
}
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr?: string;
}
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether the canary was called, by whomever. */
  readonly isDead: boolean;
  readonly calls: readonly Call[];
}

const STUBS = ['docker', 'curl', 'openssl', 'systemctl', 'cloud-init'];
/** By the clock of the machine. */
export const BEGINS = 1_800_000_000;
/** What no argument has in it, and no JSON. */
const END = '\0\u0002\n';
const STUB = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; case " $* " in *' @- '* | *' -K - '*) printf '\\001'; cat ;; esac; printf '\\000\\002\\n'; } >&6
IFS= read -r code <&7
if [ "$code" = 0 ]; then exec cat "FOLDER/stdout"; fi
cat "FOLDER/stdout"
cat "FOLDER/stderr" >&2
exit "$code"
`;

/** A folder that stands for a machine: its lock, its memory, its /proc. */
export class Machine {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'stub-'));
  readonly #canary = path.join(this.folder, 'canary-is-dead');

  constructor() {
    for (const name of ['bin', 'proc/net', 'docker/swarm/certificates']) {
      mkdirSync(path.join(this.folder, name), { recursive: true });
    }
    for (const name of STUBS) this.#command(name, STUB.replaceAll('FOLDER', this.folder));
    this.#command('canary', `#!/bin/sh\n: >'${this.#canary}'\n`);
    // Nothing here comes about by waiting, and each look at the clock is a second later: so no loop is long.
    this.#command('sleep', '#!/bin/sh\n');
    const clock = path.join(this.folder, 'clock');
    this.#command(
      'date',
      `#!/bin/sh\nread -r now <'${clock}'\nnow=$((now + 1))\necho "$now" >'${clock}'\necho "$now"\n`,
    );
    writeFileSync(path.join(this.folder, 'proc/net/fib_trie'), '  |-- 10.0.0.1\n     /32 host LOCAL\n');
    writeFileSync(path.join(this.folder, 'proc/net/route'), 'head\n');
  }

  #command(name: string, text: string): void {
    writeFileSync(path.join(this.folder, 'bin', name), text, { mode: 0o755 });
  }

  remember(name: string, text: string): void {
    mkdirSync(path.join(this.folder, 'memory'), { recursive: true });
    writeFileSync(path.join(this.folder, 'memory', name), text);
  }

  forget(): void {
    for (const name of ['memory', 'run']) rmSync(path.join(this.folder, name), { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  run(
    verb: Verb,
    values: Readonly<Record<string, string>>,
    answer: (call: Call) => Answer,
    agent: Agent = 'environment',
  ): Promise<Outcome> {
    const { script, parameters } = render(verb, values, agent);
    const here = script
      .replaceAll('/run/skep', `${this.folder}/run`)
      .replaceAll('/var/lib/skep', `${this.folder}/memory`)
      .replaceAll(' /proc/', ` ${this.folder}/proc/`);
    const file = path.join(this.folder, 'script.sh');
    writeFileSync(path.join(this.folder, 'clock'), `${BEGINS}\n`);
    writeFileSync(file, here);
    const env = {
      PATH: `${this.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`SSM_${name}`, value])),
    };
    const pipes = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    const child = spawn('/bin/sh', [file], { env, stdio: [...pipes] });
    const calls: Call[] = [];
    const told = { out: '', err: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (told.out += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (told.err += text));
    const [, , , , , , asked, done] = child.stdio as readonly (Duplex | null)[];
    let buffered = '';
    asked?.setEncoding('utf8').on('data', (text: string) => {
      buffered += text;
      if (!buffered.endsWith(END)) return;
      const [words = '', stdin = ''] = buffered.slice(0, -END.length).split('\u0001');
      const [tool = '', ...args] = words.replace(/\0$/, '').split('\0');
      buffered = '';
      const call = { tool, args, stdin };
      calls.push(call);
      const { code, stdout, stderr = '' } = answer(call);
      writeFileSync(path.join(this.folder, 'stdout'), stdout);
      writeFileSync(path.join(this.folder, 'stderr'), stderr);
      done?.write(`${code}\n`);
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => {
        const isDead = existsSync(this.#canary);
        rmSync(this.#canary, { force: true });
        resolve({ exitCode, stdout: told.out, stderr: told.err, isDead, calls });
      });
    });
  }
}
