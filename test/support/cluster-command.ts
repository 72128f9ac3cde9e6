// `skep cluster`, started as a person's terminal would, against a lab in this process with the service and nothing else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseScenario } from '../../lab/scenario/read.ts';
import type { Group } from '../../lab/aws/services/group.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { onLab, startSkep } from './skep-command.ts';
import type { Ended } from './skep-command.ts';

export const EXAMPLE = 'examples/cluster/skep.yaml';

interface Stop {
  /** What is printed when the signal comes. */
  readonly at: RegExp;
  readonly by: 'SIGINT' | 'SIGKILL';
}

export class EmptyLab {
  readonly run: ScenarioRun;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'skep-cluster-'));
  #files = 0;

  private constructor(run: ScenarioRun) {
    this.run = run;
  }

  static async open(): Promise<EmptyLab> {
    const nothing = '{ name: nothing, cluster: blue, declared: false, groups: {}, steps: [] }';
    return new EmptyLab(await ScenarioRun.open(parseScenario(nothing, 'nothing'), { nodes: 'simulated' }));
  }

  /** The clock of the lab goes on while the command waits. */
  async cluster(args: readonly string[], stop?: Stop): Promise<Ended> {
    const every = ['plan', 'up', 'down'].includes(args[0] ?? '') ? ['--every', '0.1'] : [];
    const { child, ended, stdout } = startSkep(['cluster', ...args, ...every], onLab(this.run.lab.url));
    const state = { over: false, stopped: false };
    const end = ended.finally(() => (state.over = true));
    while (!state.over) {
      if (!state.stopped && stop?.at.test(stdout()) === true) {
        // What has begun stays as it is until the process has ended: on a slow machine a signal takes its time.
        state.stopped = child.kill(stop.by);
        await Promise.race([end, sleep(10_000, undefined, { ref: false })]);
      }
      await this.run.lab.clock.advance(2000);
      await sleep(20);
    }
    return end;
  }

  /** A file of its own. */
  file(text: string): string {
    this.#files += 1;
    const file = path.join(this.#folder, `skep-${this.#files}.yaml`);
    writeFileSync(file, text);
    return file;
  }

  /** The example, with some texts in the place of others. */
  changed(...changes: readonly (readonly [old: string, planted: string])[]): string {
    const text = readFileSync(EXAMPLE, 'utf8');
    for (const [old] of changes) {
      if (!text.includes(old)) {
        throw new Error(`${EXAMPLE} has no ${old}`);
      }
    }
    return this.file(changes.reduce((all, [old, planted]) => all.replace(old, planted), text));
  }

  /** The made group of this name in the file, of that cluster. */
  group(name: string, cluster = 'blue'): Group {
    const found = [...this.run.lab.autoScaling.groups.values()].find((one) =>
      one.name.startsWith(`skep-dev-Swarm-${cluster}-Group-${name}-Group-`),
    );
    if (found === undefined) {
      throw new Error(`there is no group ${name} of ${cluster}`);
    }
    return found;
  }

  instancesOf(name: string, cluster = 'blue'): string[] {
    return [...this.group(name, cluster).members.keys()].toSorted();
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    await this.run.close();
  }
}
