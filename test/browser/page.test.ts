// The page in a real browser: Debian's chromium, without a window. What a person does there by mouse and keyboard, and what it then shows.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { labPage } from '../../cli/page/lab-page.ts';
import { servePage } from '../../cli/page/server.ts';
import type { ServedPage } from '../../cli/page/server.ts';
import { Watch } from '../../cli/page/watch.ts';
import { play } from '../../lab/scenario/play.ts';
import { parseScenario } from '../../lab/scenario/read.ts';
import { ScenarioRun } from '../../lab/scenario/run.ts';
import { healthy, nodeId, seen, worker } from '../cli/page/facts.ts';
import { launchBrowser } from '../support/browser.ts';
import { tasksWhile } from '../support/page-tasks.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SCENARIO = `
name: for a browser
groups:
  managers: { role: manager, desired: 1 }
  workers: { role: worker, desired: 1 }
steps:
  - settle: 5m
  - service: { name: web, mode: replicated, replicas: 3 }
  - advance: 30s
`;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser.close();
});

/** Serious and critical ones only, as axe-core judges them. */
async function serious(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  }>('axe.run(document)');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

/** What a browser complains of, as a policy that was broken or a script that failed. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(message.text());
    }
  });
  return complaints;
}

describe('the page of a lab', () => {
  let run: ScenarioRun;
  let served: Awaited<ReturnType<typeof labPage>>;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    run = await ScenarioRun.open(parseScenario(SCENARIO, 'browser'), { nodes: 'simulated' });
    await play(run);
    served = await labPage({ cluster: 'demo', stage: 'dev', url: run.lab.url, port: 0 });
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(120_000);
    complaints = complaintsOf(page);
    await page.goto(/http:\S+/.exec(served.text)?.[0] ?? '');
    await page.locator('.cell.ready').nth(1).waitFor();
  }, 280_000);
  afterAll(async () => {
    await served.close();
    await run.close();
  });

  /** The lab's time is virtual: minutes of it cost no waiting. */
  const pass = (seconds: number): Promise<void> => run.lab.clock.advance(seconds * 1000);

  it('keeps its key out of the address', () => {
    expect(page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it('scales from a button: the node appears, and turns Ready', async () => {
    await page.getByRole('button', { name: 'one more in workers' }).click();
    await page.getByText('workers is to have 2').waitFor();
    await page.locator('.group', { hasText: 'workers' }).getByText('2 wanted').waitFor();
    await pass(8);
    await page.locator('.cell.joining').waitFor();
    await run.lab.runUntilIdle(300_000);
    await page.locator('.group', { hasText: 'workers' }).getByText('2 wanted · 2 in service · 2 ready').waitFor();
    expect(await page.locator('.cell.ready').count()).toBe(3);
  });

  it('opens an execution, and shows its way through the machine', async () => {
    await page.locator('.cell[title*="worker of workers"]').first().click();
    await page.getByRole('button', { name: 'Open its execution' }).click();
    await page.locator('.state.passed').first().waitFor();
    await page.locator('.execution-status', { hasText: 'SUCCEEDED' }).waitFor();
    expect(await page.locator('.path tbody tr').count()).toBeGreaterThan(3);
    expect(await page.locator('.edge.taken').count()).toBeGreaterThan(2);
    await page.keyboard.press('Escape');
    await page.locator('.panel').waitFor({ state: 'detached' });
  });

  it('kills a machine by keyboard alone, and shows that another takes its place', async () => {
    const cell = page.locator('.cell[title*="worker of workers"]').first();
    const victim = (await cell.getAttribute('data-instance')) ?? '';
    await cell.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Kill', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('killed, without a word to anybody').waitFor();
    // Whether a frame of the page falls into the moment between its death and its replacement is a matter of chance.
    await pass(25);
    await page.locator('.log', { hasText: victim }).waitFor();
    await pass(120);
    await run.lab.runUntilIdle(600_000);
    await page.locator(`.cell[data-instance="${victim}"]`).waitFor({ state: 'detached' });
    await page.locator('.group', { hasText: 'workers' }).getByText('2 wanted · 2 in service · 2 ready').waitFor();
    expect(await page.locator('.log').innerText()).toContain(victim);
  });

  it('says what a tidy would do', async () => {
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    const answer = page.locator('.next-tidy .said', { hasText: 'a tidy would do' });
    for (let turn = 0; turn < 100 && !(await answer.isVisible()); turn += 1) {
      await pass(2);
      await page.waitForTimeout(100);
    }
    await page.locator('.next-tidy .said', { hasText: 'a tidy would do' }).waitFor();
  });

  it('has nothing serious for axe-core, as a map and as a table, in light and in dark; and no complaint of the browser', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const shape of ['Table', 'Map']) {
        await page.getByRole('button', { name: shape, exact: true }).click();
        expect([colorScheme, shape, await serious(page)]).toEqual([colorScheme, shape, []]);
      }
    }
    expect(complaints).toEqual([]);
  });
});

describe('the page of a thousand nodes', () => {
  let served: ServedPage;
  let page: Page;
  let turn = 0;

  beforeAll(async () => {
    const facts = healthy(1000);
    const odd = [seen(undefined), seen('i-0999999999999999f', { status: 'down' })];
    const watch = new Watch(() => {
      turn += 1;
      // Ten of them differ with each look, and what fits nowhere is there all the time.
      const nodes = (facts.swarm?.nodes ?? []).map((node, index) =>
        index % 100 === turn % 100 ? { ...node, availability: 'drain' } : node,
      );
      const orphan = {
        taskId: 'o',
        service: 'orphan',
        nodeId: '',
        desiredState: 'running',
        state: 'pending',
        error: '',
      };
      const lost = { ...orphan, taskId: 'l', nodeId: nodeId('gone') };
      const swarm = {
        nodes: [...nodes.filter(({ instance }) => instance !== worker(5)), ...odd],
        tasks: [...(facts.swarm?.tasks ?? []), orphan, lost],
      };
      return Promise.resolve({ ...facts, now: facts.now + turn, swarm });
    }, 0);
    served = await servePage(0, watch, {
      settings: { changes: false, lab: false },
      table: () => Promise.resolve(''),
      why: () => Promise.resolve({ cause: 'as it should be', next: 'nothing', story: [] }),
      execution: () => Promise.resolve({}),
      act: () => Promise.resolve({ told: '' }),
    });
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(120_000);
    await page.goto(served.url);
    await page.locator('.cell').nth(1000).waitFor();
  }, 200_000);
  afterAll(() => served.close());

  it('shows all of them, and what fits nowhere', async () => {
    expect(await page.locator('.cell').count()).toBe(1005);
    expect(await page.locator('.cell.stray').count()).toBe(1);
    expect(await page.locator('.cell.alone').count()).toBe(1);
    // The orphan, the lost one, and the one on the node that is missing.
    expect(await page.locator('.services .tasks li').count()).toBe(3);
    expect(await page.locator('.group', { hasText: 'in no group' }).count()).toBe(1);
  });

  it('has no button that changes something where it only shows', async () => {
    expect(await page.getByRole('button', { name: 'one more in workers' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Tidy', exact: true }).count()).toBe(0);
  });

  it('has no task over 100 ms at four updates a second', async () => {
    const before = turn;
    const tasks = await tasksWhile(browser, page, 8000);
    const updates = turn - before;
    const longest = tasks.slice(0, 5).map(({ busy, took }) => `${busy.toFixed(0)} (${took.toFixed(0)} by the wall)`);
    process.stderr.write(`${updates} updates in 8 s, ${tasks.length} tasks, the longest, ms: ${longest.join(', ')}\n`);
    // The changes of each update were drawn, and the thread was traced.
    expect(updates).toBeGreaterThan(15);
    expect(await page.locator('.log tr').count()).toBeGreaterThan(20);
    expect(tasks.length).toBeGreaterThan(updates);
    // The processor's time: by the wall a task takes as long as other processes let it wait.
    expect(tasks[0]?.busy).toBeGreaterThan(1);
    expect(tasks[0]?.busy).toBeLessThan(100);
  });

  it('finds one of them by a part of its name', async () => {
    await page.getByLabel('Find').fill('999999f');
    await page.locator('.cell').nth(1).waitFor({ state: 'detached' });
    expect(await page.locator('.cell').count()).toBe(1);
  });
});
