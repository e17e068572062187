import type { Browser } from 'playwright-core';
import { ensureProgram } from './debian-program.js';

/** A real Chromium of one test file. Give `skip` to `itUnless`: false, or why it is missing. */
export interface TestBrowser {
  readonly browser: Browser;
  readonly skip: false | string;
  close(): Promise<void>;
}

/** A page here lives for seconds: no renderer waits in reserve, one thread collects garbage. Saves a seventh of the CPU. */
const FOR_SHORT_LIVES = [
  '--js-flags=--max-lazy,--single-threaded-gc',
  '--disable-features=SpareRendererForSitePerProcess',
];

/** Opens a Chromium without a window; where none is installed, root installs Debian's package. */
export async function openTestBrowser(): Promise<TestBrowser> {
  const found = await ensureChromium();
  if ('reason' in found) return { browser: undefined as never, skip: found.reason, close: async () => {} };
  // Here and not above: few tests need a browser, and all would wait for its package.
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: found.path,
    args: ['--disable-dev-shm-usage', '--disable-gpu', ...FOR_SHORT_LIVES],
  });
  return { browser, skip: false, close: () => browser.close() };
}

/** Where the browser's program is, after installing it if need be and possible. */
export function ensureChromium(): Promise<{ path: string } | { reason: string }> {
  return ensureProgram(['chromium', 'chromium-browser']);
}
