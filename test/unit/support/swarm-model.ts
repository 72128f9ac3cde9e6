// One service on a few nodes, moved as SwarmKit and the shift document move it; where SwarmKit does not say which, `pick` says.
import { MARK_LABEL } from '../../../src/core/labels.ts';
import { readMark } from '../../../src/core/services/facts.ts';
import type { Change, ServiceFacts, UpdateState } from '../../../src/core/services/facts.ts';
import { aService } from './services.ts';

interface Task {
  readonly node: string | undefined;
  /** Ticks until it runs. */
  starts: number;
}

export interface Habits {
  /** Of the n-th new task: how many ticks until it runs; undefined for never. */
  readonly startsIn: (number: number) => number | undefined;
  /** Any number below. */
  readonly pick: (below: number) => number;
  /** A task that never runs has no node. */
  readonly homeless?: boolean;
}

export class SwarmModel {
  version = 10;
  replicas: number;
  update: UpdateState = '';
  labels: Record<string, string> = {};
  previousMark = '';
  readonly #nodes: readonly string[];
  readonly #habits: Habits;
  #tasks: Task[];
  #made = 0;

  constructor(counts: Readonly<Record<string, number>>, habits: Habits) {
    this.#nodes = Object.keys(counts);
    this.#habits = habits;
    this.#tasks = Object.entries(counts).flatMap(([node, count]) =>
      Array.from({ length: count }, () => ({ node, starts: 0 })),
    );
    this.replicas = this.#tasks.length;
  }

  get running(): number {
    return this.#tasks.filter(({ starts }) => starts === 0).length;
  }

  get counts(): number[] {
    return this.#nodes.map((id) => this.#tasks.filter(({ node }) => node === id).length);
  }

  get facts(): ServiceFacts {
    const tasks = this.#nodes.map((id): [string, { running: number; others: number }] => {
      const own = this.#tasks.filter(({ node }) => node === id);
      const running = own.filter(({ starts }) => starts === 0).length;
      return [id, { running, others: own.length - running }];
    });
    const { version, replicas, update, labels, previousMark } = this;
    const unassigned = this.#tasks.filter(({ node }) => node === undefined).length;
    const has = new Map(tasks.filter(([, { running, others }]) => running + others > 0));
    return aService(
      'web',
      {},
      { ...{ version, replicas, update, labels: { ...labels }, previousMark, unassigned }, tasks: has },
    );
  }

  /** @returns why not */
  make(change: Change): string | undefined {
    if (change.version !== this.version) {
      return 'changed';
    }
    const mark = readMark(this.labels[MARK_LABEL]);
    switch (change.kind) {
      case 'more':
        if (mark !== undefined || !['', 'completed'].includes(this.update)) {
          return mark === undefined ? 'busy' : 'marked';
        }
        this.write({ replicas: this.replicas + 1, mark: `more@${change.until}@${this.replicas}` });
        return undefined;
      case 'fewer':
        if (mark?.kind !== 'more') {
          return 'unmarked';
        }
        this.write({ replicas: this.replicas === mark.replicas + 1 ? mark.replicas : this.replicas, mark: undefined });
        return undefined;
      default:
        this.version += 2;
        this.previousMark = '';
        return undefined;
    }
  }

  /** An update of the service: whoever makes it. What a stack deploy does not name is gone, labels too. */
  write({ replicas, mark }: { replicas: number; mark: string | undefined }): void {
    this.previousMark = this.labels[MARK_LABEL] ?? '';
    this.labels = mark === undefined ? {} : { [MARK_LABEL]: mark };
    this.replicas = replicas;
    this.version += 1;
    this.#reconcile();
  }

  tick(): void {
    this.#tasks = this.#tasks.map((task) => ({ ...task, starts: Math.max(0, task.starts - 1) }));
  }

  #reconcile(): void {
    while (this.#tasks.length < this.replicas) {
      const starts = this.#habits.startsIn(this.#made);
      this.#made += 1;
      const node = starts === undefined && this.#habits.homeless === true ? undefined : this.#emptiest();
      this.#tasks.push({ node, starts: starts ?? Number.POSITIVE_INFINITY });
    }
    while (this.#tasks.length > this.replicas) {
      this.#tasks.splice(this.#victim(), 1);
    }
  }

  #emptiest(): string {
    const counts = this.counts;
    const least = Math.min(...counts);
    return this.#any(this.#nodes.filter((_node, index) => counts[index] === least));
  }

  /** One without a node; else of the fullest nodes any, and on that one first what does not run. */
  #victim(): number {
    const homeless = this.#tasks.findIndex(({ node }) => node === undefined);
    if (homeless >= 0) {
      return homeless;
    }
    const counts = this.counts;
    const node = this.#any(this.#nodes.filter((_node, index) => counts[index] === Math.max(...counts)));
    const waiting = this.#tasks.findIndex((task) => task.node === node && task.starts > 0);
    return waiting >= 0 ? waiting : this.#tasks.findIndex((task) => task.node === node);
  }

  #any(among: readonly string[]): string {
    return among[this.#habits.pick(among.length)] ?? '';
  }
}
