// Runs the chapters of the contract as tests. A chapter has a swarm of its own, and its stories follow one another.
import { describe, it } from '@jest/globals';

import { Scene } from './scene.ts';
import type { OpenWorld } from './scene.ts';

interface Story {
  readonly name: string;
  readonly tell: (scene: Scene) => Promise<void>;
}

export interface Chapter {
  readonly title: string;
  /** Launches and founds what the stories need. */
  readonly begin: (scene: Scene) => Promise<void>;
  readonly stories: readonly Story[];
}

interface Options {
  /** Where time is the wall's most of it goes by in waits: some chapters then go side by side. */
  readonly together: boolean;
}

/** A chapter has up to seven engines: all at once would be more than a small host can keep in time. */
const SIDE_BY_SIDE = 4;

export function machinesContract(open: OpenWorld, chapters: readonly Chapter[], { together }: Options): void {
  const tellers = chapters.map((chapter) => new Teller(chapter, open));
  for (const [index, teller] of tellers.entries()) {
    const begin = (): void => {
      for (const next of tellers.slice(index, index + (together ? SIDE_BY_SIDE : 1))) {
        next.begin();
      }
    };
    describe(teller.chapter.title, () => {
      it.each(teller.chapter.stories)(
        '$name',
        async ({ name }) => {
          begin();
          await teller.outcome(name);
        },
        240_000,
      );
      it('leaves nothing behind', () => teller.over(), 240_000);
    });
  }
}

class Teller {
  readonly chapter: Chapter;
  readonly #open: OpenWorld;
  readonly #outcomes = new Map<string, Promise<void>>();
  readonly #asked = new Set<string>();
  #over: Promise<void> | undefined;

  constructor(chapter: Chapter, open: OpenWorld) {
    this.chapter = chapter;
    this.#open = open;
  }

  begin(): void {
    if (this.#over !== undefined) {
      return;
    }
    const scene = new Scene(this.#open);
    let last = scene.machines.open().then(() => this.chapter.begin(scene));
    const begun = last;
    for (const { name, tell } of this.chapter.stories) {
      // One that fails does not keep the next from being told, but without a beginning there is nothing to tell.
      const told = last.then(
        () => tell(scene),
        () => begun.then(() => tell(scene)),
      );
      // Its test awaits it; until then a failure must not count as one that nobody sees.
      told.catch(() => undefined);
      this.#outcomes.set(name, told);
      last = told;
    }
    this.#over = last.catch(() => undefined).then(() => scene.machines.close());
  }

  /** Asked a second time for the same story (Jest's retry, with real engines), the whole chapter is told anew. */
  async outcome(name: string): Promise<void> {
    if (this.#asked.has(name)) {
      await this.over();
      this.#over = undefined;
      this.#asked.clear();
      await this.over();
    }
    this.#asked.add(name);
    this.begin();
    await this.#outcomes.get(name);
  }

  async over(): Promise<void> {
    this.begin();
    await this.#over;
  }
}
