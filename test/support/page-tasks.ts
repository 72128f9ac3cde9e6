// How long a page keeps its thread busy, by Chromium's own trace: the processor's time of each task, which other processes of this machine do not stretch.
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';

interface PageTask {
  /** Of the processor, ms. */
  readonly busy: number;
  /** By the wall, ms: with all that it had to wait for others. */
  readonly took: number;
}

const event = z.object({
  name: z.string(),
  ph: z.string(),
  pid: z.number(),
  tid: z.number(),
  dur: z.number().optional(),
  /** Of the thread. */
  tdur: z.number().optional(),
  args: z.looseObject({ name: z.string().optional() }).optional(),
});
type TraceEvent = z.infer<typeof event>;
const trace = z.object({ traceEvents: z.array(z.unknown()) });

const TASK = 'RunTask';
const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'];

/** @returns the tasks of the page's own thread, the longest first */
export async function tasksWhile(browser: Browser, page: Page, milliseconds: number): Promise<PageTask[]> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await page.waitForTimeout(milliseconds);
  const { traceEvents } = trace.parse(JSON.parse((await browser.stopTracing()).toString()));
  const events = traceEvents.flatMap((one) => event.safeParse(one).data ?? []);
  const threads = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const ofThreads = threads.map((thread) => tasksOf(events, thread));
  // Chromium keeps a renderer in reserve, which does nothing.
  const [tasks = []] = ofThreads.toSorted((a, b) => total(b) - total(a));
  return tasks.toSorted((a, b) => b.busy - a.busy);
}

function tasksOf(events: readonly TraceEvent[], thread: TraceEvent): PageTask[] {
  return events
    .filter((one) => one.name === TASK && one.ph === 'X' && one.pid === thread.pid && one.tid === thread.tid)
    .flatMap(({ dur, tdur }) =>
      dur === undefined || tdur === undefined ? [] : [{ busy: tdur / 1000, took: dur / 1000 }],
    );
}

const total = (tasks: readonly PageTask[]): number => tasks.reduce((sum, { busy }) => sum + busy, 0);
