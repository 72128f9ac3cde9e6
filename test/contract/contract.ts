// Runs the chapters of the contract as tests. A chapter has a swarm of its own, and its stories follow one another.
import { beforeAll, describe, it } from '@jest/globals';

import { Scene } from './scene.ts';
import type { OpenWorld } from './scene.ts';

export interface Story {
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
  /** Where time is the wall's most of it goes by in waits: chapters then begin together. */
  readonly together: boolean;
}

export function machinesContract(open: OpenWorld, chapters: readonly Chapter[], { together }: Options): void {
  const tellers = chapters.map((chapter) => new Teller(chapter, open));
  beforeAll(() => {
    if (together) {
      tellers.forEach((teller) => {
        teller.begin();
      });
    }
  });
  for (const teller of tellers) {
    describe(teller.chapter.title, () => {
      it.each(teller.chapter.stories)(
        '$name',
        async ({ name }) => {
          await teller.outcome(name);
        },
        120_000,
      );
      it('leaves nothing behind', () => teller.over(), 120_000);
    });
  }
}

class Teller {
  readonly chapter: Chapter;
  readonly #open: OpenWorld;
  readonly #outcomes = new Map<string, Promise<void>>();
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

  async outcome(name: string): Promise<void> {
    this.begin();
    await this.#outcomes.get(name);
  }

  async over(): Promise<void> {
    this.begin();
    await this.#over;
  }
}
