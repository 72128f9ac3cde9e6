// Works that wait for each other: each begins as soon as those before it are done, as CloudFormation takes a template.

export interface Work {
  readonly id: string;
  /** Those that must be done first, of the works of the same graph. */
  readonly after: ReadonlySet<string>;
  /** Begins it, and returns how to call it off. `end` may be called at once. */
  readonly start: (end: (ok: boolean) => void) => () => void;
}

interface Course {
  /** Whether the first failure calls off what is under way. Without it all is done that does not wait for what failed. */
  readonly stopsAtFailure: boolean;
  readonly calledOff?: (id: string) => void;
  /** With the ids of what failed, or was called off. */
  readonly ended: (failed: readonly string[]) => void;
}

export class Graph {
  readonly #course: Course;
  #waiting: readonly Work[];
  readonly #running = new Map<string, () => void>();
  readonly #ids: ReadonlySet<string>;
  readonly #done = new Set<string>();
  readonly #failed: string[] = [];
  #over = false;

  constructor(works: readonly Work[], course: Course) {
    this.#waiting = works;
    this.#course = course;
    this.#ids = new Set(works.map(({ id }) => id));
    this.#next();
  }

  /** Nothing more is told. */
  abort(): void {
    this.#over = true;
    for (const cancel of this.#running.values()) {
      cancel();
    }
  }

  #next(): void {
    for (const work of this.#waiting.filter((one) => this.#isReady(one))) {
      // One that ended at once has begun others of these already.
      if (this.#over || !this.#waiting.includes(work)) {
        continue;
      }
      this.#waiting = this.#waiting.filter((one) => one !== work);
      this.#begin(work);
    }
    if (!this.#over && this.#running.size === 0 && !this.#waiting.some((one) => this.#isReady(one))) {
      this.#over = true;
      this.#course.ended(this.#failed);
    }
  }

  #isReady({ after }: Work): boolean {
    return [...after].every((id) => !this.#ids.has(id) || this.#done.has(id));
  }

  #begin({ id, start }: Work): void {
    this.#running.set(id, () => undefined);
    const cancel = start((ok) => {
      this.#end(id, ok);
    });
    if (this.#running.has(id)) {
      this.#running.set(id, cancel);
    }
  }

  #end(id: string, ok: boolean): void {
    if (this.#over || !this.#running.delete(id)) {
      return;
    }
    if (ok) {
      this.#done.add(id);
      this.#next();
      return;
    }
    this.#failed.push(id);
    if (!this.#course.stopsAtFailure) {
      this.#next();
      return;
    }
    this.#over = true;
    for (const [other, cancel] of this.#running) {
      cancel();
      this.#failed.push(other);
      this.#course.calledOff?.(other);
    }
    this.#course.ended(this.#failed);
  }
}
