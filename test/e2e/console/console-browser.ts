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

/**
 * Opens a page of the console as a link of it does, so that it is not loaded anew.
 * It goes by way of a page that is not there: what is waited for next is the new page's.
 */
export async function visit(page: Page, path: string): Promise<void> {
  const go = (to: string) => page.evaluate(`history.pushState(null, '', ${JSON.stringify(to)}); ${MOVED}`);
  await go(NOWHERE);
  await page.getByText(/There is no such page|没有这个页面/).waitFor();
  await go(path);
}
/** A path that the console has no page for. */
const NOWHERE = '/not-there';
/** The page that asks the API for least: whoever signs in there does not load the overview with its charts. */
export const PLAIN = '/settings';
const MOVED = `dispatchEvent(new PopStateEvent('popstate'));`;

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

/** The edges that a graph draws, once there are so many, and those of them that run behind a node. */
export async function edgesOn(page: Page, count: number): Promise<{ drawn: number; behind: string[] }> {
  await page
    .locator('.react-flow__edge')
    .nth(count - 1)
    .waitFor({ state: 'attached' });
  return page.evaluate(`(() => {
    const boxes = [...document.querySelectorAll('.node')].map((node) => node.getBoundingClientRect());
    const edges = [...document.querySelectorAll('.react-flow__edge')];
    const isBehind = (path) => {
      const onScreen = path.getScreenCTM();
      for (let at = 0; at < path.getTotalLength(); at += 20) {
        const { x, y } = path.getPointAtLength(at).matrixTransform(onScreen);
        const isIn = ({ left, right, top, bottom }) => x > left + 1 && x < right - 1 && y > top + 1 && y < bottom - 1;
        if (boxes.some(isIn)) return true;
      }
      return false;
    };
    const behind = edges.filter((edge) => isBehind(edge.querySelector('path'))).map((edge) => edge.dataset.id);
    return { drawn: edges.length, behind };
  })()`);
}

/** Rules whose answer the theme decides. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/**
 * Looks for what keeps people out, in both themes: axe finds no violation, and nothing is cut off at the side.
 * The page stays in the theme that it did not begin in, as each change draws all of it anew. Keeps pictures.
 */
export async function expectAccessible({ page, faults }: Window, name: string): Promise<void> {
  await page.waitForTimeout(350);
  if (!(await page.evaluate(`'axe' in globalThis`))) await page.evaluate(axe.source);
  const theme = await page.evaluate<'dark' | 'light'>('document.documentElement.dataset.theme');
  await keepPicture(page, `${name}-${theme}`);
  expect([name, await violations(page)]).toEqual([name, []]);
  const isWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  expect([name, isWide]).toEqual([name, false]);
  const other = theme === 'dark' ? 'light' : 'dark';
  await page.emulateMedia({ colorScheme: other });
  await page.locator(`html[data-theme=${other}]`).waitFor();
  await page.waitForTimeout(100);
  await keepPicture(page, `${name}-${other}`);
  expect([`${name}-${other}`, await violations(page, OF_COLOURS)]).toEqual([`${name}-${other}`, []]);
  expect([name, faults]).toEqual([name, []]);
}

async function keepPicture(page: Page, name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
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
