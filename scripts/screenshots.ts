// Makes the pictures of the page: `node scripts/screenshots.ts`, with a chromium. It starts a lab, plays with it by the page's own buttons, and
// writes docs/page.png (wide, light) and docs/page-narrow.png (narrow, dark).
import type { Page } from 'playwright-core';

import { labPage } from '../cli/page/lab-page.ts';
import { play } from '../lab/scenario/play.ts';
import { parseScenario } from '../lab/scenario/read.ts';
import { ScenarioRun } from '../lab/scenario/run.ts';
import { launchBrowser } from '../test/support/browser.ts';

const SCENARIO = `
name: for pictures
cluster: blue
groups:
  blue-managers: { role: manager, desired: 3 }
  blue-web: { role: worker, desired: 4 }
  blue-batch: { role: worker, desired: 3 }
steps:
  - settle: 10m
  - service: { name: web, mode: replicated, replicas: 6 }
  - service: { name: queue, mode: replicated, replicas: 3 }
  - service: { name: metrics, mode: global }
  - advance: 1m
  - tidy: {}
  - advance: 30s
`;
const SIZES = [
  { file: 'docs/page.png', viewport: { width: 1440, height: 980 }, colorScheme: 'light' },
  { file: 'docs/page-narrow.png', viewport: { width: 760, height: 1300 }, colorScheme: 'dark' },
] as const;

const run = await ScenarioRun.open(parseScenario(SCENARIO, 'screenshots'), { nodes: 'simulated' });
const browser = await launchBrowser();
try {
  await play(run);
  const served = await labPage({ cluster: 'blue', stage: 'dev', url: run.lab.url, port: 0 });
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(/http:\S+/.exec(served.text)?.[0] ?? '');
  await somethingHappens(page);
  for (const { file, viewport, colorScheme } of SIZES) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate('scrollTo(0, 0)');
    await page.waitForTimeout(500);
    await page.screenshot({ path: file });
  }
  await page.setViewportSize(SIZES[0].viewport);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator('.cell.ready[title*="worker of blue-web"]').first().click();
  await page.getByRole('button', { name: 'Open its execution' }).click();
  await page.locator('.state.passed').first().waitFor();
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: 'docs/page-execution.png' });
  await served.close();
} finally {
  await browser.close();
  await run.close();
}

/** A node that somebody has drained, one whose machine has just died, and two that are on their way. */
async function somethingHappens(page: Page): Promise<void> {
  const pass = (seconds: number): Promise<void> => run.lab.clock.advance(seconds * 1000);
  await page.locator('.cell.ready').nth(9).waitFor();
  const manager = await run.lab.managerInstance('blue');
  const nodes = (await run.lab.view('blue'))?.nodes ?? [];
  const drained = nodes.findLast(({ role }) => role === 'worker')?.nodeId ?? '';
  await run.lab.machines.docker(manager ?? '', ['node', 'update', '--availability', 'drain', drained]);
  for (const desired of [5, 6]) {
    await page.getByRole('button', { name: 'one more in blue-web' }).click();
    await page.getByText(`blue-web is to have ${desired}`).waitFor();
    await page.locator('.group', { hasText: 'blue-web' }).getByText(`${desired} wanted`).waitFor();
  }
  await page.locator('.cell.ready[title*="worker of blue-batch"]').first().click();
  await page.getByRole('button', { name: 'Kill', exact: true }).click();
  await page.getByText('killed, without a word to anybody').waitFor();
  for (let second = 0; second < 14; second += 2) {
    await pass(2);
    await page.waitForTimeout(1000);
  }
  await page.locator('.cell.joining').first().click();
  await page.locator('.story li').nth(3).waitFor();
}
