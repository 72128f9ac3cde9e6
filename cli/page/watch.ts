// Looks again and again while somebody looks at the page, and sends what has changed: at most four frames a second, however many look.
import type { ServerResponse } from 'node:http';

import { changesOf } from './changes.ts';
import type { PageFacts } from './facts.ts';
import { NO_STORY, frameOf, goOn } from './frames.ts';
import type { Frame, Planned, Story } from './frames.ts';
import { viewOf } from './view.ts';
import type { PageView } from './view.ts';

/** Between two frames, ms. */
const SHORTEST = 250;
/** So much may lie unread at a browser that is too slow: it then gets the whole view anew. */
const UNREAD = 4_000_000;

interface Viewer {
  readonly response: ServerResponse;
  /** Whether it has all up to the last frame. */
  current: boolean;
}

export class Watch {
  readonly #look: () => Promise<PageFacts>;
  readonly #pause: number;
  readonly #viewers = new Set<Viewer>();
  #view: PageView | undefined;
  #story: Story = NO_STORY;
  #number = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #closed = false;

  /** @param every how long from one look to the next, ms */
  constructor(look: () => Promise<PageFacts>, every: number) {
    this.#look = look;
    this.#pause = Math.max(SHORTEST, every);
  }

  get view(): PageView | undefined {
    return this.#view;
  }

  /** The view as it is now, whether or not somebody looks. */
  async fresh(): Promise<PageView> {
    this.#view ??= viewOf(await this.#look());
    return this.#view;
  }

  /** What a tidy would do: the next frame has it. */
  plan(planned: Planned): void {
    this.#story = { ...this.#story, planned };
  }

  join(response: ServerResponse): void {
    const viewer = { response, current: false };
    this.#viewers.add(viewer);
    response.on('close', () => {
      this.#viewers.delete(viewer);
    });
    response.write('retry: 1000\n\n');
    if (this.#view !== undefined) {
      this.#send(viewer, frameOf(undefined, this.#view, this.#story));
    }
    if (!this.#looking && this.#timer === undefined) {
      void this.#turn();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { response } of this.#viewers) {
      response.end();
    }
  }

  /** Nobody who looks: nothing is asked of AWS. */
  async #turn(): Promise<void> {
    this.#timer = undefined;
    if (this.#closed || this.#viewers.size === 0) {
      return;
    }
    this.#looking = true;
    const began = performance.now();
    try {
      this.#show(viewOf(await this.#look()));
    } finally {
      this.#looking = false;
      const left = Math.max(SHORTEST, this.#pause - (performance.now() - began));
      this.#timer = setTimeout(() => void this.#turn(), left);
    }
  }

  #show(view: PageView): void {
    const before = this.#view;
    this.#story = goOn(this.#story, view, before === undefined ? [] : changesOf(before, view));
    this.#view = view;
    this.#number += 1;
    const change = frameOf(before, view, this.#story);
    for (const viewer of this.#viewers) {
      this.#send(viewer, viewer.current ? change : frameOf(undefined, view, this.#story));
    }
  }

  #send(viewer: Viewer, frame: Frame): void {
    viewer.current = viewer.response.writableLength < UNREAD;
    if (viewer.current) {
      viewer.response.write(`id: ${this.#number}\ndata: ${JSON.stringify(frame)}\n\n`);
    }
  }
}
