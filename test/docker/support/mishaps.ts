// Ends documents in their midst, as an agent that is killed and a machine that is started anew do it: right after one of their calls was
// carried out, and before the script has read the answer.
import { expect } from '@jest/globals';

import type { DocumentOutcome } from '../../../lab/nodes/machines.ts';
import { outcomeOf } from '../../../src/core/steps/result.ts';
import type { Outcome } from '../../../src/core/steps/rendezvous.ts';
import { until } from './bench.ts';
import type { Bench } from './bench.ts';
import type { Verb } from './documents.ts';

/** What documents change and ask with. */
const COMMANDS = ['docker', 'curl', 'systemctl'];

/** Of these the calls that change anything, or read a secret. */
const CHANGES = '-X POST|aws-sigv4|node (rm|update|demote)|swarm leave|--rotate|disable|mask|stop docker';

/**
 * Stands before the real command. The file says how many calls from now on, which ones count (all that this expression fits), and what then:
 * `group` is killed as an agent kills it, `script` alone as the kernel may do, for want of memory; `hang` waits for the machine to go down.
 */
const STAND_IN = `#!/bin/sh
name=\${0##*/}
real=$(PATH=/usr/local/bin:/usr/bin:/bin; command -v "$name")
if [ -z "\${SSM_cluster+x}" ] || ! read -r left how words 2>/dev/null </run/lab/mishap; then exec "$real" "$@"; fi
if ! printf '%s' "$name $*" | grep -Eq -- "$words"; then exec "$real" "$@"; fi
left=$((left - 1))
if [ "$left" != 0 ]; then
  echo "$left $how $words" >/run/lab/mishap
  exec "$real" "$@"
fi
rm /run/lab/mishap
case $how in
group)
  "$real" "$@" || :
  kill -9 0
  ;;
script)
  pkill -9 -f _script.sh
  sleep 5
  "$real" "$@"
  touch /run/lab/ended
  ;;
hang)
  "$real" "$@" || :
  touch /run/lab/hung
  sleep 300
  ;;
esac
`;

/** What the agent tells of a script that it has lost, by turns: its worker was killed, its machine was started anew, it knows nothing. */
const LOST = [1, 0, -1];
/** More than any document has. */
const MOST_CALLS = 60;
const PATIENCE_MS = 150_000;

type Parameters = Record<string, string> | (() => Promise<Record<string, string>>);

export class Mishaps {
  readonly #bench: Bench;
  /** Documents that were killed, and work folders that such have left behind. */
  killed = 0;
  leftBehind = 0;
  readonly restarted = new Set<Verb>();
  readonly rebooted = new Set<Verb>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async prepare(instanceId: string): Promise<void> {
    const files = COMMANDS.map((name) => `/usr/sbin/${name}`).join(' ');
    const line = `cat >/usr/sbin/stand-in <<'END'\n${STAND_IN}END\nchmod 755 /usr/sbin/stand-in; for one in ${files}; do ln -s stand-in $one; done`;
    await this.#bench.machines.shell(instanceId, line);
  }

  /**
   * The agent is started anew, and the script dies with it: after its first change, then after its second, and so on, each time sent again,
   * until it gets through. What killed ones have left is gone then.
   *
   * @param words an expression for the calls that count
   */
  async restarts(on: string, verb: Verb, parameters: Parameters, words = CHANGES): Promise<Record<string, unknown>> {
    this.restarted.add(verb);
    for (let call = 1; call < MOST_CALLS; call += 1) {
      await this.#arm(on, `${call} group ${words}`);
      const outcome = await this.#bench.run(on, verb, await given(parameters));
      if (await this.#isArmed(on)) {
        await this.#disarm(on);
        return this.#untilDone([on], verb, parameters, outcome);
      }
      this.#isLost(verb, outcome);
      const left = await this.#bench.machines.shell(on, 'ls -d /run/skep/work.* 2>/dev/null | wc -l');
      this.leftBehind += Number(left);
    }
    throw new Error(`${verb} has more than ${MOST_CALLS} calls`);
  }

  /** Its machine is started anew in the middle of it, after the first call of that kind. It is sent again to the others, by turns. */
  async reboot(
    on: string,
    verb: Verb,
    parameters: Parameters,
    words: string,
    others: readonly string[] = [on],
  ): Promise<Record<string, unknown>> {
    const { machines } = this.#bench;
    this.rebooted.add(verb);
    await machines.shell(on, 'rm -f /run/lab/hung');
    await this.#arm(on, `1 hang ${words}`);
    const running = this.#bench.run(on, verb, await given(parameters));
    await until(
      () => machines.shell(on, 'ls /run/lab/hung 2>/dev/null || :'),
      (said) => said !== '',
      60_000,
    );
    await machines.reboot(on);
    this.#isLost(verb, await running);
    return this.#untilDone(others, verb, parameters);
  }

  /** The script alone dies, and the call that it has begun goes on for seconds: the next one waits until it has ended. */
  async orphan(on: string, verb: Verb, parameters: Parameters, words: string): Promise<void> {
    const { machines } = this.#bench;
    await machines.shell(on, 'rm -f /run/lab/ended');
    await this.#arm(on, `1 script ${words}`);
    this.#isLost(verb, await this.#bench.run(on, verb, await given(parameters)));
    await this.#untilDone([on], verb, parameters);
    expect(await machines.shell(on, 'ls /run/lab/ended')).not.toBe('');
  }

  /** Sent again, as the machines do it, for as long as the error is none of the final ones. */
  async #untilDone(
    on: readonly string[],
    verb: Verb,
    parameters: Parameters,
    first?: DocumentOutcome,
  ): Promise<Record<string, unknown>> {
    const deadline = Date.now() + PATIENCE_MS;
    let outcome = first;
    for (let turn = 0; ; turn += 1) {
      const target = on[turn % on.length] ?? '';
      outcome ??= await this.#bench.run(target, verb, await given(parameters));
      const read = reported(verb, outcome, outcome.exitCode);
      if (read.ok) {
        await this.#isTidy(target);
        return read.output;
      }
      if (!read.retryable || Date.now() > deadline) {
        throw new Error(`${verb} on ${target}: ${JSON.stringify(outcome)}`);
      }
      outcome = undefined;
    }
  }

  /** Nothing was said, and what the agent tells then is a reason to send it again. */
  #isLost(verb: Verb, outcome: DocumentOutcome): void {
    expect(outcome).toMatchObject({ exitCode: -1, stdout: '', timedOut: false });
    const code = LOST[this.killed % LOST.length] ?? 1;
    expect(reported(verb, outcome, code)).toMatchObject({ ok: false, error: 'ScriptLost', retryable: true });
    this.killed += 1;
  }

  /** No work folder, no lock, and no process of a script that was killed. */
  async #isTidy(on: string): Promise<void> {
    const line = `ls -d /run/skep/work.* 2>/dev/null; flock -n /run/skep/lock true || echo locked; pgrep -f '[_]script.sh' || :`;
    expect(await this.#bench.machines.shell(on, line)).toBe('');
  }

  async #arm(on: string, what: string): Promise<void> {
    await this.#bench.machines.shell(on, `echo '${what}' >/run/lab/mishap`);
  }

  async #isArmed(on: string): Promise<boolean> {
    return (await this.#bench.machines.shell(on, 'ls /run/lab/mishap 2>/dev/null || :')) !== '';
  }

  async #disarm(on: string): Promise<void> {
    await this.#bench.machines.shell(on, 'rm -f /run/lab/mishap');
  }
}

const given = async (parameters: Parameters): Promise<Record<string, string>> =>
  typeof parameters === 'function' ? parameters() : parameters;

/** As skep reads what SSM tells of it. */
function reported(verb: Verb, { stdout, stderr }: DocumentOutcome, responseCode: number): Outcome {
  const status = responseCode === 0 && stdout !== '' ? 'Success' : 'Failed';
  const read = outcomeOf(verb, { status, statusDetails: status, responseCode, stdout, stderr });
  if (read === undefined) {
    throw new Error(`${verb} is under way still`);
  }
  return read;
}
