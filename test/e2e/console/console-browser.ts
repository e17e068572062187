import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from '@jest/globals';
import { TEST_API_KEY } from '../../integration/system/index.js';

/** Where pictures are kept, for somebody to look at. */
const PICTURES = process.env['CONSOLE_PICTURES'];
const PATIENCE_MS = 60_000;

/** A browser's window on the console, and what went wrong in it. */
export interface Window {
  readonly page: Page;
  /** Errors of scripts, violations of the Content-Security-Policy, requests to other hosts. */
  readonly faults: readonly string[];
}

/** Opens a window at a path of the console. */
export async function openWindow(
  browser: Browser,
  base: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // A refused request is one of the console's answers, which it shows.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) faults.push(request.url());
  });
  await page.goto(base + path);
  return { page, faults };
}

/** Signs in by the form. */
export async function signIn(page: Page): Promise<void> {
  await offerKey(page, TEST_API_KEY);
  await page.locator('nav').waitFor();
}

/** Sends a key by the form. */
export async function offerKey(page: Page, key: string): Promise<void> {
  await page.locator('input[type=password]').fill(key);
  await page.locator('button[type=submit]').click();
}

/** Rules whose answer the theme decides. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** Looks for what keeps people out, in both themes: axe finds no violation, and nothing is cut off at the side. Keeps pictures. */
export async function expectAccessible({ page, faults }: Window, name: string): Promise<void> {
  await page.waitForTimeout(350);
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  await page.evaluate(axe.source);
  expect([name, await violations(page)]).toEqual([name, []]);
  const isWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  expect([name, isWide]).toEqual([name, false]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html[data-theme=dark]').waitFor();
  await page.waitForTimeout(100);
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}-dark.png`) });
  expect([`${name}-dark`, await violations(page, OF_COLOURS)]).toEqual([`${name}-dark`, []]);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator('html[data-theme=light]').waitFor();
  expect([name, faults]).toEqual([name, []]);
}

/** What axe finds, by these rules alone if there are any. */
async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  const found = await page.evaluate(async (runOnly) => {
    const { axe: inPage } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: Violation[] }> };
    };
    const { violations: all } = await inPage.run(runOnly === undefined ? {} : { runOnly });
    return all.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, rules);
  return found.map((each) => each.slice(0, 800));
}
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
