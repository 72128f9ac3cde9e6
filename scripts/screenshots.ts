// Makes the pictures of the page: `node scripts/screenshots.ts`, with a chromium. It starts a lab, plays with it by the page's own buttons, and
// writes docs/page.png (wide) and docs/page-narrow.png.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Page } from 'playwright-core';

import { launchBrowser } from '../test/support/browser.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SIZES = [
  { file: 'docs/page.png', viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  { file: 'docs/page-narrow.png', viewport: { width: 760, height: 1000 }, colorScheme: 'dark' },
] as const;

const lab = spawn(process.execPath, ['cli/skep.js', 'lab', 'demo', '--port', '0', '--page', '0'], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await addressOf(lab.stdout);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(240_000);
    await page.goto(url);
    await somethingHappens(page);
    for (const { file, viewport, colorScheme } of SIZES) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: file });
    }
  } finally {
    await browser.close();
  }
} finally {
  lab.kill('SIGTERM');
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of output) {
    said += String(chunk);
    const found = /http:\/\/127\.0\.0\.1:\d+\/\?key=\S+/.exec(said)?.[0];
    if (found !== undefined) {
      return found;
    }
  }
  throw new Error(`the lab has no page:\n${said}`);
}

/** More workers, one that was killed, and another that is looked at while it is on its way. */
async function somethingHappens(page: Page): Promise<void> {
  await page.locator('.cell.ready').nth(4).waitFor();
  for (const desired of [3, 4, 5, 6]) {
    await page.getByRole('button', { name: 'one more in workers' }).click();
    await page.getByText(`workers is to have ${desired}`).waitFor();
    await page.locator('.group', { hasText: 'workers' }).getByText(`${desired} wanted`).waitFor();
  }
  await page.locator('.cell.ready').nth(8).waitFor();
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.locator('.next-tidy .said', { hasText: 'a tidy would do' }).waitFor();
  await page.locator('.cell[aria-label*="worker of workers"]').first().click();
  await page.getByRole('button', { name: 'Kill', exact: true }).click();
  await page.getByRole('button', { name: 'one more in workers' }).click();
  await page.locator('.cell.joining').first().click();
  await page.locator('.story li').nth(3).waitFor();
}
